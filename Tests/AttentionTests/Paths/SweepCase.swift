import Testing

/// The sizes of an attention problem.
struct SweepSizes: Sendable, Hashable {
  var batch = 1
  var heads = 1
  var keyValueHeads = 1
  var queries: Int
  var keys: Int
  var headSize: Int
  var valueHeadSize: Int
}

/// One problem of the sweep: sizes, mask, options, and the seed of its numbers.
struct SweepCase: Sendable, Hashable, CustomStringConvertible, CustomTestStringConvertible {
  /// How queries, keys and values lie in memory.
  enum Layout: String, CaseIterable, Sendable {
    /// [B, H, L, D] without gaps.
    case headsFirst
    /// [B, L, H·D], rank 3.
    case joined
    /// [B, H, L, D] as a view of [B, L, H, D], as projections leave it.
    case split
  }

  var sizes: SweepSizes
  var mask = SweepMask.none
  var layout = Layout.headsFirst
  var scale: Double?
  var softcap: Double?
  var seed: UInt64

  var description: String {
    let s = sizes
    return "B \(s.batch) H \(s.heads) G \(s.keyValueHeads) L \(s.queries) S \(s.keys) D \(s.headSize) "
      + "Dv \(s.valueHeadSize), \(mask.rawValue), \(layout.rawValue)" + (scale.map { ", scale \($0)" } ?? "")
      + (softcap.map { ", softcap \($0)" } ?? "") + ", seed \(seed)"
  }

  var testDescription: String { description }
}
