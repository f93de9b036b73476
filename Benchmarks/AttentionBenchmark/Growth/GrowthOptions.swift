internal import Attention

/// Which problems show how time and scratch grow with S = L.
struct GrowthOptions: Equatable, Sendable {
  /// H and G.
  var heads = 1
  /// D
  var headSize = 64
  /// Keys that a query of the window attends, its own place the last.
  var window = 512
  /// The last S.
  var longest = 65_536

  /// The first S.
  static let shortest = 128

  /// S in powers of two.
  var lengths: [Int] {
    Array(sequence(first: Self.shortest) { [longest] in $0 * 2 <= longest ? $0 * 2 : nil })
  }

  /// A mask whose cost grows in a way of its own.
  enum Mask: String, CaseIterable, Sendable {
    case full, causal, window
  }

  func name(_ mask: Mask) -> String { mask == .window ? "window \(window)" : mask.rawValue }

  func problem(_ mask: Mask, length: Int) -> AttentionCase {
    AttentionCase(
      "\(name(mask)), S \(length)", batch: 1, heads: heads, keyValueHeads: heads, queries: length, keys: length,
      headSize: headSize, isCausal: mask != .full, window: mask == .window ? window : nil)
  }

  /// By what time may grow when S doubles, at most.
  static func doubling(_ mask: Mask) -> Double { mask == .window ? 2 : 4 }
}
