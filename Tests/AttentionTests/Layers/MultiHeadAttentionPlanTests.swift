import Attention
import Support
import Testing

@Suite struct MultiHeadAttentionPlanTests {
  private let layer: MultiHeadAttention<Float>

  init() throws {
    layer = try MultiHeadAttention(embeddingSize: 15, headCount: 3, seed: 1)
  }

  /// Runs of any size up to the plan's, in one workspace, give what fresh calls give.
  @Test(arguments: [AttentionPath.reference, .blas, .tiled])
  func runsUpToCapacity(path: AttentionPath) throws {
    var random = SeededGenerator(seed: 2)
    let plan = try layer.plan(
      batch: 3, queries: 7, keys: 13, needsWeights: .averaged, options: AttentionOptions(alignment: .end, path: path))
    var workspace = try plan.makeWorkspace()
    let bytes = workspace.byteCount
    for (batch, queries, keys) in [(3, 7, 13), (1, 2, 5), (3, 7, 7), (2, 1, 13), (3, 7, 13)] {
      let x: Tensor<Float> = try random.normal([batch, queries, 15])
      let memory: Tensor<Float> = try random.normal([batch, keys, 15])
      for mask in [AttentionMask<Float>.none, .causal] {
        var output = try Tensor<Float>(repeating: .nan, shape: [batch, queries, 15])
        let (weights, _) = try plan.run(
          query: x, key: memory, value: memory, mask: mask, into: &output, workspace: &workspace)
        let fresh = try layer(
          query: x, key: memory, value: memory, mask: mask, needsWeights: .averaged,
          options: AttentionOptions(alignment: .end, path: path))
        #expect(output == fresh.output && weights == fresh.weights)
      }
    }
    #expect(workspace.byteCount == bytes)
  }

  @Test func givenWeightsStayWhatTheyWere() throws {
    var random = SeededGenerator(seed: 3)
    let plan = try layer.plan(batch: 2, queries: 7, needsWeights: .perHead)
    var workspace = try plan.makeWorkspace()
    let (x, y): (Tensor<Float>, Tensor<Float>) = (try random.normal([2, 7, 15]), try random.normal([2, 7, 15]))
    let first = try plan(query: x, key: x, value: x, workspace: &workspace)
    let (output, weights) = (first.output.elements, try #require(first.weights).elements)
    _ = try plan(query: y, key: y, value: y, workspace: &workspace)
    #expect(first.output.elements == output && first.weights?.elements == weights)
  }

  /// An output that is the input's memory, or part of a larger tensor, or shared, is written without touching anything
  /// else.
  @Test func outputsThatAreViews() throws {
    var random = SeededGenerator(seed: 4)
    let plan = try layer.plan(batch: 2, queries: 7)
    var workspace = try plan.makeWorkspace()
    let x: Tensor<Float> = try random.normal([2, 7, 15])
    let expected = try layer(x)
    var inPlace = x
    let before = x.elements
    try plan.run(query: x, key: x, value: x, into: &inPlace, workspace: &workspace)
    #expect(inPlace == expected && x.elements == before)

    let large = try Tensor<Float>(repeating: 5, shape: [2, 9, 22])
    var part = try large.sliced(axis: 1, 1..<8).sliced(axis: 2, 4..<19)
    try plan.run(query: x, key: x, value: x, into: &part, workspace: &workspace)
    #expect(part == expected && large.elements.allSatisfy { $0 == 5 })
  }

  @Test func workspaceOfASmallerPlanGrows() throws {
    let small = try layer.plan(queries: 2)
    let large = try layer.plan(batch: 2, queries: 7)
    var workspace = try small.makeWorkspace()
    let x = try Tensor<Float>(repeating: 1, shape: [2, 7, 15])
    #expect(try large(query: x, key: x, value: x, workspace: &workspace).output == layer(x))
  }

  @Test func beyondCapacity() throws {
    let plan = try layer.plan(batch: 2, queries: 7, keys: 13)
    var workspace = try plan.makeWorkspace()
    func run(_ batch: Int, _ queries: Int, _ keys: Int) throws {
      var output = try Tensor<Float>(zeros: [batch, queries, 15])
      let memory = try Tensor<Float>(zeros: [batch, keys, 15])
      try plan.run(query: output, key: memory, value: memory, into: &output, workspace: &workspace)
    }
    try run(2, 7, 13)
    #expect(throws: AttentionError.capacity(name: "batch", capacity: 2, actual: 3)) { try run(3, 7, 13) }
    #expect(throws: AttentionError.capacity(name: "queries", capacity: 7, actual: 8)) { try run(2, 8, 13) }
    #expect(throws: AttentionError.capacity(name: "keys", capacity: 13, actual: 14)) { try run(2, 7, 14) }
    var wrong = try Tensor<Float>(zeros: [2, 7, 14])
    let x = try Tensor<Float>(zeros: [2, 7, 15])
    #expect(throws: AttentionError.shape(name: "output", expected: "[2, 7, 15], as query", actual: [2, 7, 14])) {
      try plan.run(query: x, key: x, value: x, into: &wrong, workspace: &workspace)
    }
  }

  /// A mask that does not fit throws before the output is written.
  @Test func nothingIsWrittenWhenARunThrows() throws {
    let plan = try layer.plan(batch: 2, queries: 7)
    var workspace = try plan.makeWorkspace()
    let x = try Tensor<Float>(zeros: [2, 7, 15])
    var output = try Tensor<Float>(repeating: 3, shape: [2, 7, 15])
    #expect(throws: AttentionError.self) {
      try plan.run(query: x, key: x, value: x, mask: .keyLengths([7]), into: &output, workspace: &workspace)
    }
    #expect(output.elements.allSatisfy { $0 == 3 })
  }

  /// What a run projects would be in the workspace: it still holds what was projected before.
  @Test func nothingIsProjectedWhenARunThrows() throws {
    let plan = try layer.plan(batch: 2, queries: 7)
    var workspace = try plan.makeWorkspace()
    let ones = try Tensor<Float>(repeating: 1, shape: [2, 7, 15])
    let zeros = try Tensor<Float>(zeros: [2, 7, 15])
    let projected = try plan.project(query: ones, key: ones, value: ones, workspace: &workspace)
    let before = projected.queries.elements
    #expect(before.contains { $0 != 0 })
    var output = ones
    for mask in [
      AttentionMask<Float>.keyLengths([7]), .keep(try Tensor(zeros: [6, 7])), .window(left: -3, right: nil),
    ] {
      #expect(throws: AttentionError.self) {
        try plan.run(query: zeros, key: zeros, value: zeros, mask: mask, into: &output, workspace: &workspace)
      }
      #expect(projected.queries.elements == before, "\(mask)")
    }
    // The plan's own mask, in a run for whose sizes it was not made.
    let causal = try layer.plan(batch: 2, queries: 7, mask: .causal)
    let short = try zeros.sliced(axis: 1, 0..<5)
    #expect(throws: AttentionError.alignmentNeeded(queries: 7, keys: 5)) {
      try causal.run(query: zeros, key: short, value: short, into: &output, workspace: &workspace)
    }
    #expect(projected.queries.elements == before && output == ones)
  }

  @Test func explanationSaysHowInputsAreProjected() throws {
    let packed = try layer.plan(batch: 2, queries: 7, options: AttentionOptions(path: .tiled)).explain()
    #expect(packed.contains("[45, 15]: one matrix product of [14, 15]"))
    #expect(packed.contains("path       tiled: asked for"))
    #expect(packed.contains("weights    as they lie\n"))
    let separate = try MultiHeadAttention<Float>(embeddingSize: 15, headCount: 3, keySize: 11, seed: 1)
    #expect(try separate.plan(queries: 7).explain().contains("[15, 15], [15, 11], [15, 15]: three matrix products"))
  }
}
