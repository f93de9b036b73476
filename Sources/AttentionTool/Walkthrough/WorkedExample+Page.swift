internal import Attention
internal import Foundation
internal import Reporting

extension WorkedExample {
  /// Sections 1 to 3 of the walkthrough.
  func write(to page: inout WalkthroughPage) throws {
    page.paragraph(
      """
      Attention step by step: the worked example of an introductory article on self-attention and multi-head attention. \
      Every number is computed here; where the article is wrong, a correction says so.
      """)
    try writeEmbedding(to: &page)
    try writeOneHead(to: &page)
    try writeThreeHeads(to: &page)
  }

  private func writeEmbedding(to page: inout WalkthroughPage) throws {
    page.heading("1. Tokens and embedding (article, section 4.3)")
    page.paragraph(
      """
      Three tokens, one-hot: token i is 1 at place i. Each is embedded by x_i′ = W·x_i + b, for all rows at once \
      x′ = x·Wᵀ + b. Of a one-hot token, W·x_i is column i of W, so that this is a lookup. (The article gives x′ only; \
      this W and b are one choice of many.)
      """)
    let names = (1...3).map { "x\(Self.subscripts[$0 - 1])" }
    page.matrices(
      .init("x = tokens", try tokens.matrix(), labels: names), .init("W", try embedding.weight.matrix()),
      .init("b", embedding.bias?.elements ?? []),
      .init("x′ = x·Wᵀ + b", try embedded.matrix(), labels: names.map { $0 + "′" }))
  }

  private func writeOneHead(to page: inout WalkthroughPage) throws {
    page.heading("2. One head: A = softmax(Q·Kᵀ / √d), Y = A·V")
    page.paragraph(
      """
      Queries and keys are the embeddings, values the one-hot tokens. A row has d = \(oneHead.headSize) features.
      """)
    page.matrices(
      .init("Q = x′", try oneHead.queries.matrix(0, 0)), .init("K = x′", try oneHead.keys.matrix(0, 0)),
      .init("V = x", try oneHead.values.matrix(0, 0)))
    page.paragraph(
      "A score for each pair, query i and key j: their product Q_i·K_j, which tells how alike they are, over √d = √3.")
    page.matrices(
      .init("Q·Kᵀ", try oneHead.products.matrix(0, 0)), .init("S = Q·Kᵀ / √3", try oneHead.scores.matrix(0, 0)))
    page.correction(.keys)

    let scores = try oneHead.scores.matrix(0, 0)[0]
    let exponentials = scores.map { exp($0) }
    let sum = exponentials.reduce(0, +)
    page.paragraph(
      """
      The softmax makes weights of each row of scores, positive and of sum 1: e^score over the sum of its row. \
      Row 1: \(zip(scores, exponentials).map { "e^\(Self.text($0)) = \(Self.text($1))" }.joined(separator: ", ")), \
      in all \(Self.text(sum)); \(Self.text(exponentials[0])) / \(Self.text(sum)) = \(Self.text(exponentials[0] / sum)).
      """)
    page.matrices(.init("A = softmax(S), by rows", try oneHead.weights.matrix(0, 0)))
    page.correction(.softmax)
    page.paragraph(
      """
      Row i of the output is the mean of the values with the weights in row i of A. Here V is the identity, so Y = A: \
      the output shows the weights themselves.
      """)
    page.matrices(.init("Y = A·V", try oneHead.output.matrix(0, 0)))
  }

  private func writeThreeHeads(to page: inout WalkthroughPage) throws {
    let steps = threeHeads
    func matrices(_ title: String, _ tensor: Tensor<Double>) throws -> [WalkthroughPage.Matrix] {
      try (0..<steps.headCount).map { .init("head \($0 + 1): \(title)", try tensor.matrix(0, $0)) }
    }
    page.heading("3. Three heads: the same, for each feature by itself")
    page.paragraph(
      """
      Three heads divide the 3 features: d = \(steps.headSize). Head h has feature h, column h of Q, K and V, and does with it \
      what stands above, all three tokens in view.
      """)
    page.correction(.heads)
    page.matrices(try matrices("Q = K", steps.queries) + matrices("V", steps.values))
    page.paragraph("With one feature the scores are the products of every two of its numbers, and √d is √1:")
    page.matrices(try matrices("S = Q·Kᵀ / √1", steps.scores))
    page.matrices(try matrices("A = softmax(S)", steps.weights))
    page.matrices(try matrices("Y = A·V", steps.output))
    page.paragraph("The heads' outputs beside each other are the output, each column from weights of its own:")
    page.matrices(.init("Y = [head 1, head 2, head 3]", try steps.joined.matrix(0)))
  }

  private static let subscripts = ["₁", "₂", "₃"]

  private static func text(_ value: Double) -> String { String(format: "%.4f", value) }
}
