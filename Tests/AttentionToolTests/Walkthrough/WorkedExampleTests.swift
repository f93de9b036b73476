import Attention
import Support
import Testing

@testable import AttentionTool

@Suite("Walkthrough: the worked example")
struct WorkedExampleTests {
  private let example: WorkedExample
  private let identity: [[Double]] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
  private let embedded = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]]

  init() throws { example = try WorkedExample() }

  private func expect(
    _ tensor: Tensor<Double>, _ index: Int..., equals expected: [[Double]], within bound: Double = 1e-15,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var matrix = tensor
    for place in index { matrix = try matrix.selecting(axis: 0, place) }
    let comparison = Comparison(
      matrix, expected.flatMap { $0 }, shape: [expected.count, expected[0].count], absolute: bound)
    #expect(comparison.isWithin, "\(comparison)", sourceLocation: sourceLocation)
  }

  @Test func embedsTheOneHotTokens() throws {
    try expect(example.tokens, equals: identity)
    try expect(example.embedded, equals: embedded)
    // The columns of W with b added, looked up.
    let table = try example.embedding.weight.transposed(0, 1)
    let bias = try #require(example.embedding.bias)
    let rows = table.elements.enumerated().map { $1 + bias.elements[$0 % 3] }
    let lookup = try Embedding(weight: Tensor(rows, shape: [3, 3]))(Tensor([0, 1, 2], shape: [3]))
    try expect(lookup, equals: embedded)
  }

  /// To four digits, from the article's embeddings by another program.
  @Test func oneHeadHasTheKnownNumbers() throws {
    let steps = example.oneHead
    #expect(steps.scores.shape == [1, 1, 3, 3] && steps.headSize == 3)
    try expect(steps.products, 0, 0, equals: [[0.14, 0.32, 0.5], [0.32, 0.77, 1.22], [0.5, 1.22, 1.94]])
    let first = try steps.scores.selecting(axis: 2, 0).elements
    for (score, known) in zip(first, [0.0808, 0.1848, 0.2887]) { #expect(abs(score - known) <= 0.5e-4) }
    let known = [[0.2994, 0.3321, 0.3685], [0.2514, 0.3260, 0.4227], [0.2078, 0.3149, 0.4773]]
    try expect(steps.weights, 0, 0, equals: known, within: 0.5001e-4)
    try expect(steps.output, 0, 0, equals: known, within: 0.5001e-4)
    try expect(steps.joined, 0, equals: known, within: 0.5001e-4)
  }

  @Test(arguments: [1, 3])
  func everyStepIsThatOfPlainLoops(heads: Int) throws {
    let steps = heads == 1 ? example.oneHead : example.threeHeads
    let size = 3 / heads
    #expect(steps.headCount == heads && steps.headSize == size)
    var joined = [[Double]](repeating: [], count: 3)
    for head in 0..<heads {
      let features = (head * size)..<((head + 1) * size)
      let (x, v) = (embedded.features(features), identity.features(features))
      let plain = PlainAttention(queries: x, keys: x, values: v)
      try expect(steps.queries, 0, head, equals: x)
      try expect(steps.keys, 0, head, equals: x)
      try expect(steps.values, 0, head, equals: v)
      try expect(steps.scores, 0, head, equals: plain.scores)
      try expect(steps.weights, 0, head, equals: plain.weights)
      try expect(steps.output, 0, head, equals: plain.output)
      for row in 0..<3 { joined[row] += plain.output[row] }
    }
    try expect(steps.joined, 0, equals: joined)
  }

  /// With one feature a head, scale is 1/√1.
  @Test func threeHeadsScoreByOuterProducts() throws {
    for head in 0..<3 {
      let feature = embedded.map { $0[head] }
      try expect(example.threeHeads.scores, 0, head, equals: feature.map { one in feature.map { one * $0 } })
    }
  }
}
