internal import Attention

/// The steps of the article's example for words of the user's own, with embeddings drawn from a seed.
struct SentenceExample: Sendable {
  /// What stands between blanks.
  let words: [String]
  /// The different words, without regard to case, in the order in which they first occur.
  let vocabulary: [String]
  /// The place in the vocabulary of each word [L].
  let tokens: Tensor<Int>
  /// [vocabulary, E]
  let embedding: Embedding<Double>
  /// x′ [L, E]
  let embedded: Tensor<Double>
  /// Q = K = V = x′
  let oneHead: AttentionSteps
  /// The same in heads; nil where one is all that there is.
  let severalHeads: AttentionSteps?
  /// With projections of Q, K, V and of the output, drawn from the seed.
  let layer: MultiHeadAttention<Double>
  /// Output [L, E], weights averaged over heads [L, L].
  let projected: MultiHeadAttentionResult<Double>

  /// So many rows of so many shades can still be looked at.
  static let wordLimit = 256

  /// The words of a sentence, punctuation left where it stands.
  static func words(of sentence: String) -> [String] {
    sentence.split(whereSeparator: \.isWhitespace).map(String.init)
  }

  /// - Precondition: there are words.
  init(words: [String], embeddingSize: Int, headCount: Int, seed: UInt64) throws {
    self.words = words
    var places: [String: Int] = [:]
    var vocabulary: [String] = []
    let tokens = words.map { word in
      let key = word.lowercased()
      if let place = places[key] { return place }
      places[key] = vocabulary.count
      vocabulary.append(key)
      return vocabulary.count - 1
    }
    self.vocabulary = vocabulary
    self.tokens = try Tensor(tokens, shape: [words.count])
    embedding = try Embedding(vocabularySize: vocabulary.count, embeddingSize: embeddingSize, seed: seed)
    embedded = try embedding(self.tokens)
    let x = try embedded.insertingAxis(0)  // [1, L, E]
    oneHead = try AttentionSteps(queries: x, keys: x, values: x, headCount: 1)
    severalHeads = headCount > 1 ? try AttentionSteps(queries: x, keys: x, values: x, headCount: headCount) : nil
    // Another seed, lest the layer's numbers follow those of the table.
    layer = try MultiHeadAttention(embeddingSize: embeddingSize, headCount: headCount, seed: seed &+ 1)
    projected = try layer(embedded, needsWeights: .averaged, options: AttentionOptions(workers: 1))
  }
}
