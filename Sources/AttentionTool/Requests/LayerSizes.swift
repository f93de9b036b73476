internal import Attention

/// B, L and S of a layer's inputs.
struct LayerSizes: Equatable, Sendable {
  /// B, 1 for a single sequence.
  let batch: Int
  /// L
  let queries: Int
  /// S
  let keys: Int
  /// Whether the inputs have a batch axis.
  let isBatched: Bool

  /// nil for shapes of other or unequal ranks, which the layer refuses.
  ///
  /// - Parameters:
  ///   - query: [B, L, E], or [L, B, E], or [L, E].
  ///   - key: [B, S, E], or [S, B, E], or [S, E].
  ///   - axisOrder: which of the first two.
  init?(query: [Int], key: [Int], axisOrder: AxisOrder) {
    guard query.count == 2 || query.count == 3, key.count == query.count else { return nil }
    isBatched = query.count == 3
    let (batchAxis, rowAxis) = axisOrder == .batchFirst ? (0, 1) : (1, 0)
    batch = isBatched ? query[batchAxis] : 1
    (queries, keys) = isBatched ? (query[rowAxis], key[rowAxis]) : (query[0], key[0])
  }
}
