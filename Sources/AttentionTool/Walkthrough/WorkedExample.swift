internal import Attention

/// The article's example of section 4.3: three one-hot tokens, embedded in three features.
struct WorkedExample: Sendable {
  /// x, one-hot [3, 3]
  let tokens: Tensor<Double>
  /// W [3, 3] and b [3]. The article gives the embeddings alone; these are one choice of many that lead to them.
  let embedding: Linear<Double>
  /// x′ = W·x + b [3, 3]
  let embedded: Tensor<Double>
  /// The features together, and each as a head of its own.
  let oneHead: AttentionSteps
  let threeHeads: AttentionSteps

  init() throws {
    tokens = try Tensor(rows: [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    embedding = try Linear(
      weight: Tensor(rows: [[0, 0.3, 0.6], [0.1, 0.4, 0.7], [0.2, 0.5, 0.8]]),
      bias: Tensor([0.1, 0.1, 0.1], shape: [3]))
    embedded = try embedding(tokens)
    // Queries and keys are the embeddings, values the tokens.
    let (x, v) = (try embedded.insertingAxis(0), try tokens.insertingAxis(0))  // [1, 3, 3]
    oneHead = try AttentionSteps(queries: x, keys: x, values: v, headCount: 1)
    threeHeads = try AttentionSteps(queries: x, keys: x, values: v, headCount: 3)
  }
}
