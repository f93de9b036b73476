import Attention

/// A model of three layers: tokens, positions, self-attention.
struct Encoder<Scalar: BLASScalar>: ParameterizedLayer {
  var embedding: Embedding<Scalar>
  var positions: LearnedPositions<Scalar>
  var attention: MultiHeadAttention<Scalar>

  /// Vocabulary 7, 5 positions, E = 4, H = 2.
  init(seed: UInt64) throws {
    embedding = try Embedding(vocabularySize: 7, embeddingSize: 4, paddingIndex: -1, seed: seed)
    positions = try LearnedPositions(capacity: 5, embeddingSize: 4, seed: seed + 1)
    attention = try MultiHeadAttention(embeddingSize: 4, headCount: 2, seed: seed + 2)
  }

  var parameters: [NamedParameter<Scalar>] {
    embedding.parameters(prefix: "embedding.") + positions.parameters(prefix: "positions.")
      + attention.parameters(prefix: "attention.")
  }

  mutating func replaceParameters(
    _ next: () throws(AttentionError) -> Tensor<Scalar>
  ) throws(AttentionError) {
    try embedding.replaceParameters(next)
    try positions.replaceParameters(next)
    try attention.replaceParameters(next)
  }

  func callAsFunction(_ tokens: Tensor<Int>) throws(AttentionError) -> Tensor<Scalar> {
    try attention(positions(embedding(tokens)))
  }
}
