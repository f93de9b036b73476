internal import Attention
internal import Reporting

extension ModuleExample {
  /// Section 4 of the walkthrough.
  ///
  /// - Parameters:
  ///   - origin: where the parameters and the inputs come from.
  func write(to page: inout WalkthroughPage, origin: String) throws {
    let sizes = "batch \(batch), length \(query.shape[1]), d_model \(layer.embeddingSize), \(layer.headCount) heads"
    page.heading("4. The module (article, sections 5.2 to 5.4): \(sizes)")
    page.paragraph(
      """
      Four linear layers y = x·Wᵀ + b: for query, key and value before the heads, and one after them. \(origin)
      """)
    if batch > elements.count || layer.headCount > heads.count {
      page.paragraph(
        "Shown are the first \(elements.count) of \(batch) batch elements and the first \(heads.count) of "
          + "\(layer.headCount) heads.")
    }
    try writeParameters(to: &page)

    page.paragraph("The inputs, [batch, length, d_model]:")
    for (name, tensor) in zip(Self.inputNames, [query, key, value]) {
      page.matrices(try byElement(name, tensor))
    }
    page.paragraph(
      """
      Projected, then split into heads of d = \(steps.headSize) features; [batch, head, length, d] = \
      \(steps.queries.shape). Q[0, 1] is head 1 of batch element 0, both counted from 0.
      """)
    page.matrices(try byHead("Q", steps.queries))
    page.matrices(try byHead("K", steps.keys))
    page.matrices(try byHead("V", steps.values))
    page.paragraph("Scores S = Q·Kᵀ / √\(steps.headSize) and weights A = softmax(S); both \(steps.scores.shape).")
    page.matrices(try byHead("S", steps.scores))
    page.matrices(try byHead("A", steps.weights))
    page.paragraph("Each head's weighted mean of its values, A·V \(steps.output.shape):")
    page.matrices(try byHead("A·V", steps.output))
    page.paragraph(
      """
      The heads side by side again, \(steps.joined.shape), and through the last layer: output = joined·W_outᵀ + b_out, \
      of shape \(output.shape).
      """)
    page.matrices(try byElement("joined", steps.joined))
    page.matrices(try byElement("output", output))
    page.correction(.moduleOutput)
  }

  private func writeParameters(to page: inout WalkthroughPage) throws {
    let input = layer.inputProjection
    let layers = [
      ("query", try input.query), ("key", try input.key), ("value", try input.value), ("out", layer.outputProjection),
    ]
    page.matrices(try layers.map { .init("W_\($0.0)", try $0.1.weight.matrix()) })
    page.matrices(layers.compactMap { name, layer in layer.bias.map { .init("b_\(name)", $0.elements) } })
  }

  private var batch: Int { query.shape[0] }
  /// Batch elements and heads that are shown.
  private var elements: Range<Int> { 0..<min(batch, 2) }
  private var heads: Range<Int> { 0..<min(layer.headCount, 4) }

  private func byElement(_ name: String, _ tensor: Tensor<Double>) throws -> [WalkthroughPage.Matrix] {
    try elements.map { .init("\(name)[\($0)]", try tensor.matrix($0)) }
  }

  private func byHead(_ name: String, _ tensor: Tensor<Double>) throws -> [WalkthroughPage.Matrix] {
    try elements.flatMap { element in
      try heads.map { .init("\(name)[\(element), \($0)]", try tensor.matrix(element, $0)) }
    }
  }
}
