import Attention
import Testing

@Suite("Sizes and strides at the ends of their ranges")
struct ExtremeSizesTests {
  @Test("A problem with nothing to write ends at once", arguments: AttentionPath.allCases)
  func nothingToWrite(path: AttentionPath) throws {
    // 2⁵⁸ heads of no values: a piece each would run for years.
    let shape = try AttentionShape(
      batch: 1 << 29, heads: 1 << 29, queries: 1, keys: 1, headSize: 0, valueHeadSize: 0)
    let plan = try AttentionPlan<Float>(shape: shape, options: AttentionOptions(path: path, workers: 1))
    var workspace = try plan.makeWorkspace()
    var output = try Tensor<Float>(zeros: [1 << 29, 1 << 29, 1, 0])
    let empty = try Tensor<Float>(zeros: [1 << 29, 1 << 29, 1, 0])
    try plan.run(queries: empty, keys: empty, values: empty, into: &output, workspace: &workspace)
    #expect(output.count == 0)
  }

  @Test(
    "Strides of an empty operand are never multiplied",
    arguments: [
      HeadStrides(batch: .max, head: 0, row: 4), HeadStrides(batch: 0, head: .max, row: 4),
      HeadStrides(batch: .max, head: .max, row: .max),
    ], AttentionPath.allCases)
  func stridesOfNothing(strides: HeadStrides, path: AttentionPath) throws {
    // S = 0: keys and values are empty, the output is 0.
    let shape = try AttentionShape(batch: 3, heads: 2, queries: 2, keys: 0, headSize: 4)
    let queries = [Float](repeating: 1, count: 48)
    var output = [Float](repeating: 9, count: 48)
    let packed = HeadStrides.headsFirst(heads: 2, rows: 2, headSize: 4)
    let nothing: [Float] = []
    var target = output.mutableSpan
    try scaledDotProductAttention(
      shape: shape, queries: queries.span, queryStrides: packed, keys: nothing.span, keyStrides: strides,
      values: nothing.span, valueStrides: strides, options: AttentionOptions(path: path), into: &target,
      outputStrides: packed)
    #expect(output == [Float](repeating: 0, count: 48))
  }

  @Test("Heads of size 0 at any stride attend all keys alike", arguments: AttentionPath.allCases)
  func headsOfNothing(path: AttentionPath) throws {
    let shape = try AttentionShape(batch: 1, heads: 1, queries: 2, keys: 3, headSize: 0, valueHeadSize: 1)
    let values: [Float] = [1, 2, 6]
    var output: [Float] = [9, 9]
    let nothing: [Float] = []
    let strides = HeadStrides(batch: .max, head: .max, row: .max)
    var target = output.mutableSpan
    try scaledDotProductAttention(
      shape: shape, queries: nothing.span, queryStrides: strides, keys: nothing.span, keyStrides: strides,
      values: values.span, valueStrides: .headsFirst(heads: 1, rows: 3, headSize: 1),
      options: AttentionOptions(path: path), into: &target,
      outputStrides: .headsFirst(heads: 1, rows: 2, headSize: 1))
    #expect(output.allSatisfy { abs($0 - 3) < 1e-6 })
  }

  @Test("Workers beyond what OpenBLAS bears do not ask for scratch")
  func manyWorkers() throws {
    let shape = try AttentionShape(batch: 1 << 28, queries: 1, keys: 1, headSize: Int(Int32.max))
    let plan = try AttentionPlan<Double>(shape: shape, options: AttentionOptions(path: .tiled, workers: .max))
    let one = try AttentionPlan<Double>(shape: shape, options: AttentionOptions(path: .tiled, workers: 1))
    #expect(plan.scratchBytes == 64 * one.scratchBytes)
  }

  @Test("The default scale is rounded once", arguments: [(8, Float(0.35355339)), (3, 0.57735027), (64, 0.125)])
  func defaultScale(headSize: Int, scale: Float) throws {
    let plan = try AttentionPlan<Float>(shape: AttentionShape(queries: 1, keys: 1, headSize: headSize))
    #expect(plan.explain().contains("scale \(scale)"))
  }
}
