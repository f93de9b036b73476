internal import Attention
internal import Reporting

extension SentenceExample {
  /// The whole walkthrough of a sentence.
  func write(to page: inout WalkthroughPage, seed: UInt64) throws {
    let shown = words.map(\.harmless)
    try writeEmbedding(to: &page, shown, seed: seed)

    page.heading("2. One head: A = softmax(Q·Kᵀ / √d), Y = A·V")
    page.paragraph("Q, K and V are the embeddings, d = \(oneHead.headSize).")
    page.matrices(.init("S = Q·Kᵀ / √\(oneHead.headSize)", try oneHead.scores.matrix(0, 0), labels: shown))
    page.heatMap("A = softmax(S), by rows", try oneHead.weights.matrix(0, 0), words: shown)
    page.paragraph(
      """
      A row is a word that attends (a query), its columns the words attended (keys); it sums to 1. The embeddings are random \
      numbers, so the weights tell which of them happen to be alike, and nothing of what the words mean: that is what \
      training is for. Most words are most like themselves, hence the diagonal.
      """)
    if vocabulary.count < words.count {
      page.paragraph(
        """
        A word that occurs twice has the same row twice: attention by itself does not know where a word stands. Models add \
        a vector for each position to the embeddings.
        """)
    }
    page.matrices(.init("Y = A·V", try oneHead.output.matrix(0, 0), labels: shown))

    if let several = severalHeads {
      page.heading("3. \(several.headCount) heads of d = \(several.headSize): each has its own features and weights")
      for head in 0..<several.headCount {
        page.heatMap("A of head \(head + 1)", try several.weights.matrix(0, head), words: shown)
      }
      page.matrices(.init("Y = [\(Self.headNames(several.headCount))]", try several.joined.matrix(0), labels: shown))
    }

    let heads = layer.headCount == 1 ? "one head" : "\(layer.headCount) heads"
    page.heading("\(severalHeads == nil ? 3 : 4). A layer: Q, K and V projected, \(heads), output projected")
    page.paragraph(
      """
      MultiHeadAttention(embeddingSize: \(layer.embeddingSize), headCount: \(layer.headCount)) of random parameters: \
      different matrices make queries and keys, so that a word is no longer bound to find itself.
      """)
    if let weights = projected.weights {
      page.heatMap(layer.headCount == 1 ? "A" : "A, the mean over heads", try weights.matrix(), words: shown)
    }
    page.matrices(.init("output", try projected.output.matrix(), labels: shown))
  }

  private func writeEmbedding(to page: inout WalkthroughPage, _ shown: [String], seed: UInt64) throws {
    page.heading("1. Words and embedding")
    page.paragraph(
      """
      \(words.count) \(words.count == 1 ? "word" : "words"), \(vocabulary.count) different (case aside); each with its place \
      among the different ones: \(zip(shown, tokens.elements).map { "\($0)=\($1)" }.joined(separator: " ")).
      """)
    page.paragraph(
      """
      Each different word has a row of \(embedding.embeddingSize) numbers, drawn from seed \(seed) as Embedding draws them: \
      normal, of mean 0 and variance 1.
      """)
    page.matrices(.init("x′ = Embedding(words) = Q = K = V", try embedded.matrix(), labels: shown))
  }

  private static func headNames(_ count: Int) -> String {
    count <= 4 ? (1...count).map { "head \($0)" }.joined(separator: ", ") : "head 1, …, head \(count)"
  }
}
