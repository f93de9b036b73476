import Attention
import Support
import Tensors
import Testing

/// Inputs [L, B, E] beside [B, L, E].
@Suite struct AxisOrderTests {
  private func layer(_ order: AxisOrder, learned: Bool = false) throws -> MultiHeadAttention<Double> {
    try MultiHeadAttention(
      embeddingSize: 15, headCount: 3, keySize: 11, valueSize: 17, appendsLearnedKey: learned, axisOrder: order, seed: 3
    )
  }

  /// Either order gives the other's numbers, turned; weights are [B, L, S] in both.
  @Test(arguments: [AttentionPath.reference, .blas, .tiled], [false, true])
  func ordersAgree(path: AttentionPath, learned: Bool) throws {
    var random = SeededGenerator(seed: 51)
    let query: Tensor<Double> = try random.normal([2, 7, 15])
    let (key, value): (Tensor<Double>, Tensor<Double>) = (
      try random.normal([2, 13, 11]), try random.normal([2, 13, 17])
    )
    let options = AttentionOptions(alignment: .end, path: path)
    let mask = AttentionMask<Double>.causal & .keyLengths([13, 9])
    let expected = try layer(.batchFirst, learned: learned)(
      query: query, key: key, value: value, mask: mask, needsWeights: .averaged, options: options)
    func turned(_ tensor: Tensor<Double>) throws -> Tensor<Double> { try tensor.transposed(0, 1) }
    // As views, and with memory of their own.
    for copies in [false, true] {
      let inputs = try [query, key, value].map { copies ? try turned($0).copy() : try turned($0) }
      let result = try layer(.sequenceFirst, learned: learned)(
        query: inputs[0], key: inputs[1], value: inputs[2], mask: mask, needsWeights: .averaged, options: options)
      #expect(result.output.shape == [7, 2, 15])
      for (name, actual, wanted) in [
        ("output", try turned(result.output), expected.output),
        ("weights", try #require(result.weights), try #require(expected.weights)),
      ] {
        let comparison = Comparison(actual, wanted.elements, shape: wanted.shape, absolute: 1e-13)
        #expect(comparison.isWithin, "\(name): \(comparison)")
      }
    }
  }

  @Test func aSingleSequenceHasNoOrder() throws {
    var random = SeededGenerator(seed: 52)
    let query: Tensor<Double> = try random.normal([7, 15])
    let (key, value): (Tensor<Double>, Tensor<Double>) = (try random.normal([13, 11]), try random.normal([13, 17]))
    let first = try layer(.batchFirst)(query: query, key: key, value: value)
    #expect(try first == layer(.sequenceFirst)(query: query, key: key, value: value))
    #expect(first.shape == [7, 15])
  }

  /// Self-attention is one product over rows as they come; attention reads them in place.
  @Test func projectedWhereTheyLie() throws {
    let layer = try MultiHeadAttention<Float>(embeddingSize: 15, headCount: 3, axisOrder: .sequenceFirst, seed: 3)
    let x = try Tensor<Float>(repeating: 1, shape: [7, 2, 15])  // [L, B, E]
    let plan = try layer.plan(batch: 2, queries: 7)
    var workspace = try plan.makeWorkspace()
    let inputs = try plan.project(query: x, key: x, value: x, workspace: &workspace)
    #expect(inputs.productCount == 1)
    for view in [inputs.queries, inputs.keys, inputs.values] {
      #expect(view.shape == [2, 7, 15] && view.strides == [45, 2 * 45, 1])
      #expect(try plan.readsInPlace(view))
    }
  }

  @Test func wrongShapes() throws {
    let layer = try layer(.sequenceFirst)
    func call(_ query: [Int], _ key: [Int], _ value: [Int]) throws {
      _ = try layer(query: Tensor(zeros: query), key: Tensor(zeros: key), value: Tensor(zeros: value))
    }
    try call([7, 2, 15], [13, 2, 11], [13, 2, 17])
    for (shapes, error) in [
      (
        [[7, 2, 14], [13, 2, 11], [13, 2, 17]],
        .shape(name: "query", expected: "[7, 2, 15], the layer's embedding size", actual: [7, 2, 14])
      ),
      (
        [[7, 2, 15], [13, 3, 11], [13, 2, 17]],
        .shape(name: "key", expected: "[13, 2, 11], query's batch and the layer's key size", actual: [13, 3, 11])
      ),
      (
        [[7, 2, 15], [13, 2, 11], [12, 2, 17]],
        .shape(
          name: "value", expected: "[13, 2, 17], query's batch, key's rows and the layer's value size",
          actual: [12, 2, 17])
      ),
      ([[15], [13, 2, 11], [13, 2, 17]], .rank(name: "query", expected: "3: [L, B, E], or 2: [L, E]", shape: [15])),
    ] as [([[Int]], AttentionError)] {
      #expect(throws: error) { try call(shapes[0], shapes[1], shapes[2]) }
    }
  }
}
