/// Where query i stands among the keys: at position p = offset + i. Causal and window masks and position biases are relative to p.
///
/// With L queries and S keys, L ≠ S has no natural answer, so that these then need an alignment. For L = 2, S = 5,
/// causal rows are 10000/11000 with ``start`` and 11110/11111 with ``end``.
public enum QueryAlignment: Sendable, Hashable {
  /// Query 0 stands at key 0 (offset 0): PyTorch's `is_causal`, "top-left".
  case start
  /// The last query stands at the last key (offset S − L, or length − L with key lengths): "bottom-right". The offset may be
  /// negative; queries before the first key then attend nothing under a causal mask.
  case end
  /// Query 0 stands at key `offset`: the length of the past, when keys come from a cache. May be negative.
  case offset(Int)
  /// One offset per batch element [B].
  case offsets([Int])

  /// The offset of a batch element.
  func offset(batch: Int, queries: Int, keys: Int, keyLengths: [Int]?) -> Int {
    switch self {
    case .start: 0
    case .end: (keyLengths?[batch] ?? keys) - queries
    case .offset(let offset): offset
    case .offsets(let offsets): offsets[batch]
    }
  }

  /// Beyond this an offset changes nothing any more (sizes are below 2³¹), and sums stay far from overflow.
  static var limit: Int { 1 << 40 }

  func validate(batch: Int) throws(AttentionError) {
    switch self {
    case .start, .end: return
    case .offset(let offset): try Self.check(offset)
    case .offsets(let offsets):
      guard offsets.count == batch else {
        throw .argument(
          name: "alignment offsets", expected: "\(batch), one per batch element", actual: "\(offsets.count)")
      }
      for offset in offsets { try Self.check(offset) }
    }
  }

  private static func check(_ offset: Int) throws(AttentionError) {
    guard abs(offset.clamped) < limit else {
      throw .argument(name: "alignment offset", expected: "below 2⁴⁰ in magnitude", actual: "\(offset)")
    }
  }
}

extension Int {
  /// Int.min has no magnitude in Int.
  fileprivate var clamped: Int { self == .min ? .min + 1 : self }
}
