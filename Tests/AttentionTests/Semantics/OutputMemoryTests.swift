import Attention
import Testing

@Suite("Memory of outputs")
struct OutputMemoryTests {
  private static func plan(_ way: Way) throws -> AttentionPlan<Float> {
    try AttentionPlan(
      shape: AttentionShape(batch: 2, heads: 3, queries: 5, keys: 5, headSize: 4), options: way.options())
  }

  static let ways = Way.all.filter { $0.element == .float }

  @Test("24: an output that shares memory with an input leaves the input as it is", arguments: ways)
  func sharedWithInput(way: Way) throws {
    let plan = try Self.plan(way)
    var workspace = try plan.makeWorkspace()
    let input = try numbers([2, 3, 5, 4]).converted(to: Float.self)
    let before = input.elements
    let expected = try plan(queries: input, keys: input, values: input).output.elements
    var output = input
    try plan.run(queries: input, keys: input, values: input, into: &output, workspace: &workspace)
    #expect(input.elements == before)
    #expect(output.elements == expected)
    // One variable as input and output.
    var both = try Tensor(before, shape: [2, 3, 5, 4])
    try plan.run(queries: both, keys: both, values: both, into: &both, workspace: &workspace)
    #expect(both.elements == expected)
  }

  @Test("24: an output that is a view of an input, or of another tensor, writes to neither", arguments: ways)
  func viewAsOutput(way: Way) throws {
    let plan = try Self.plan(way)
    var workspace = try plan.makeWorkspace()
    let large = try numbers([2, 3, 10, 4]).converted(to: Float.self)
    let before = large.elements
    let input = try large.sliced(axis: 2, 0..<5)
    let expected = try plan(queries: input, keys: input, values: input).output.elements
    var views = [
      try large.sliced(axis: 2, 5..<10), try large.sliced(axis: 2, 2..<7),
      try Tensor<Float>(zeros: [2, 3, 4, 5]).transposed(2, 3), try Tensor<Float>(zeros: [2, 5, 3, 4]).transposed(1, 2),
      try Tensor<Float>(zeros: [1]).broadcast(to: [2, 3, 5, 4]),
      try Tensor<Float>(zeros: [5, 4]).broadcast(to: [2, 3, 5, 4]),
    ]
    for index in views.indices {
      try plan.run(queries: input, keys: input, values: input, into: &views[index], workspace: &workspace)
      #expect(views[index].elements == expected, "view \(index)")
      #expect(large.elements == before, "view \(index)")
    }
  }

  @Test("24: a copy of an earlier output is not written", arguments: ways)
  func earlierOutput(way: Way) throws {
    let plan = try Self.plan(way)
    var workspace = try plan.makeWorkspace()
    let (first, second) = (
      try numbers([2, 3, 5, 4]).converted(to: Float.self), try numbers([2, 3, 5, 4], seed: 9).converted(to: Float.self)
    )
    var output = try Tensor<Float>(zeros: [2, 3, 5, 4])
    try plan.run(queries: first, keys: first, values: first, into: &output, workspace: &workspace)
    let kept = output
    let before = kept.elements
    try plan.run(queries: second, keys: second, values: second, into: &output, workspace: &workspace)
    #expect(kept.elements == before && output.elements != before)
  }

  @Test("24: details of an earlier result are not written", arguments: ways.filter { $0.path != .fused })
  func earlierDetails(way: Way) throws {
    let plan = try AttentionPlan<Float>(
      shape: AttentionShape(heads: 2, queries: 3, keys: 5, headSize: 4),
      options: way.options(details: [.weights, .logSumExp]))
    var workspace = try plan.makeWorkspace()
    let (q, k) = (
      try numbers([1, 2, 3, 4]).converted(to: Float.self), try numbers([1, 2, 5, 4], seed: 2).converted(to: Float.self)
    )
    var result = try plan(queries: q, keys: k, values: k)
    let (weights, logSumExp) = (result.weights, result.logSumExp)
    let before = [weights?.elements, logSumExp?.elements]
    let other = try k.map { -$0 }
    try plan.run(queries: q, keys: other, values: other, into: &result, workspace: &workspace)
    #expect([weights?.elements, logSumExp?.elements] == before)
    #expect(result.weights?.elements != before[0])
    #expect(isBitwiseEqual(result.weights, try plan(queries: q, keys: other, values: other).weights))
  }
}
