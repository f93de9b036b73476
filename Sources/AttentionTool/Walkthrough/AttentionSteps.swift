internal import Attention

/// Scaled-dot-product attention with everything between its inputs and its output, as the library computes it.
struct AttentionSteps: Sendable {
  /// [B, H, L, D]
  let queries: Tensor<Double>
  /// [B, H, S, D]
  let keys: Tensor<Double>
  /// [B, H, S, Dv]
  let values: Tensor<Double>
  /// Q·Kᵀ [B, H, L, S]
  let products: Tensor<Double>
  /// Q·Kᵀ / √D [B, H, L, S]
  let scores: Tensor<Double>
  /// The softmax of each row of scores [B, H, L, S]
  let weights: Tensor<Double>
  /// The logarithm of the sum of a row's exponentials [B, H, L]
  let logSumExp: Tensor<Double>
  /// Weights·V [B, H, L, Dv]
  let output: Tensor<Double>
  /// The heads side by side [B, L, H·Dv]
  let joined: Tensor<Double>

  var headCount: Int { queries.shape[1] }
  /// D
  var headSize: Int { queries.shape[3] }

  /// - Parameters:
  ///   - queries: [B, L, H·D], whose features are divided into heads; so are those of
  ///   - keys: [B, S, H·D] and
  ///   - values: [B, S, H·Dv].
  init(
    queries: Tensor<Double>, keys: Tensor<Double>, values: Tensor<Double>, headCount: Int, workers: Int = 1
  ) throws {
    self.queries = try queries.splittingHeads(headCount)
    self.keys = try keys.splittingHeads(headCount)
    self.values = try values.splittingHeads(headCount)
    products = try self.queries.matrixProduct(self.keys.transposed(2, 3), workers: workers)
    let result = try scaledDotProductAttention(
      queries: self.queries, keys: self.keys, values: self.values,
      options: AttentionOptions(details: [.rawScores, .weights, .logSumExp], workers: workers))
    let details = result.details
    guard let scores = details.rawScores, let weights = details.weights, let logSumExp = details.logSumExp else {
      throw AttentionError.argument(name: "details", expected: "scores, weights, logSumExp", actual: "not all of them")
    }
    (self.scores, self.weights, self.logSumExp, output) = (scores, weights, logSumExp, result.output)
    joined = try output.mergingHeads()
  }
}

extension Tensor where Element == Double {
  /// The matrix of the last two axes at an index of the axes before them.
  func matrix(_ index: Int...) throws -> [[Double]] {
    var view = self
    for position in index { view = try view.selecting(axis: 0, position) }
    let elements = view.elements
    let columns = view.shape[1]
    return (0..<view.shape[0]).map { Array(elements[($0 * columns)..<(($0 + 1) * columns)]) }
  }
}
