import Attention
import Testing

@Suite("One plan, many runs")
struct PlanReuseTests {
  /// What a plan gives must equal what a call of its own gives.
  private func expectRun(
    _ plan: AttentionPlan<Float>, _ way: Way, batch: Int, queries: Int, keys: Int, mask: AttentionMask<Float>? = nil,
    workspace: inout AttentionWorkspace<Float>, seed: UInt64 = 1, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let shape = plan.shape
    let q = try numbers([batch, shape.heads, queries, shape.headSize], seed: seed)
    let k = try numbers([batch, shape.keyValueHeads, keys, shape.headSize], seed: seed + 1)
    let v = try numbers([batch, shape.keyValueHeads, keys, shape.valueHeadSize], seed: seed + 2)
    var output = try Tensor<Float>(repeating: 7, shape: [batch, shape.heads, queries, shape.valueHeadSize])
    try plan.run(
      queries: q.converted(to: Float.self), keys: k.converted(to: Float.self), values: v.converted(to: Float.self),
      mask: mask, into: &output, workspace: &workspace)
    let expected = try Way(path: .reference, element: .double, workers: 1).attend(
      q, k, v, mask: (mask ?? plan.mask).converted(to: Double.self), alignment: plan.options.alignment)
    expectClose(
      try output.converted(to: Double.self), expected.output.elements, way, "output for L \(queries), S \(keys)",
      sourceLocation: sourceLocation)
  }

  static let ways = Way.all.filter { $0.element == .float }

  @Test("Decoding: keys that grow by one, the same plan and workspace", arguments: ways)
  func growingKeys(way: Way) throws {
    let plan = try AttentionPlan<Float>(
      shape: AttentionShape(heads: 4, keyValueHeads: 2, queries: 1, keys: 40, headSize: 3, valueHeadSize: 5),
      mask: .causal, options: way.options(alignment: .end))
    var workspace = try plan.makeWorkspace()
    let byteCount = workspace.byteCount
    for keys in 1...40 {
      try expectRun(plan, way, batch: 1, queries: 1, keys: keys, workspace: &workspace, seed: UInt64(keys))
    }
    // Nothing was allocated for it.
    #expect(workspace.byteCount == byteCount)
  }

  @Test("Smaller runs within the capacities, in any order", arguments: ways)
  func smallerRuns(way: Way) throws {
    let plan = try AttentionPlan<Float>(
      shape: AttentionShape(batch: 3, heads: 6, keyValueHeads: 2, queries: 11, keys: 13, headSize: 5),
      options: way.options())
    var workspace = try plan.makeWorkspace()
    let byteCount = workspace.byteCount
    for (batch, queries, keys) in [
      (3, 11, 13), (1, 1, 1), (2, 11, 1), (3, 1, 13), (1, 7, 5), (0, 2, 2), (3, 0, 4), (2, 3, 0), (3, 11, 13),
    ] {
      try expectRun(plan, way, batch: batch, queries: queries, keys: keys, workspace: &workspace)
    }
    #expect(workspace.byteCount == byteCount)
  }

  @Test("A mask per run replaces the plan's", arguments: ways)
  func maskPerRun(way: Way) throws {
    let plan = try AttentionPlan<Float>(
      shape: AttentionShape(batch: 2, heads: 2, queries: 3, keys: 7, headSize: 5), mask: .causal,
      options: way.options(alignment: .end))
    var workspace = try plan.makeWorkspace()
    let masks: [AttentionMask<Float>?] = [
      nil, AttentionMask.none, .keyLengths([3, 7]), .window(left: 1, right: 0), .keep(try coins([2, 1, 3, 7])),
      .bias(try numbers([2, 3, 7]).converted(to: Float.self)), .causal & .keep(try coins([7])), nil,
    ]
    for mask in masks {
      try expectRun(plan, way, batch: 2, queries: 3, keys: 7, mask: mask, workspace: &workspace)
    }
    // Lengths and offsets are relative to this run's keys.
    try expectRun(plan, way, batch: 2, queries: 2, keys: 5, mask: .causal & .keyLengths([2, 5]), workspace: &workspace)
  }

  @Test("A workspace shared by plans grows once, and serves both", arguments: ways)
  func sharedWorkspace(way: Way) throws {
    let small = try AttentionPlan<Float>(
      shape: AttentionShape(heads: 2, queries: 2, keys: 3, headSize: 2), options: way.options())
    let large = try AttentionPlan<Float>(
      shape: AttentionShape(batch: 2, heads: 3, queries: 5, keys: 70, headSize: 7), options: way.options())
    var workspace = try small.makeWorkspace()
    try expectRun(small, way, batch: 1, queries: 2, keys: 3, workspace: &workspace)
    try expectRun(large, way, batch: 2, queries: 5, keys: 70, workspace: &workspace)
    let grown = workspace.byteCount
    #expect(grown >= large.scratchBytes)
    try expectRun(small, way, batch: 1, queries: 2, keys: 3, workspace: &workspace)
    try expectRun(large, way, batch: 2, queries: 4, keys: 69, workspace: &workspace)
    #expect(workspace.byteCount == grown)
    // A workspace of another path serves as well.
    for path in Way.paths {
      let other = try AttentionPlan<Float>(shape: large.shape, options: AttentionOptions(path: path, workers: 2))
      try expectRun(other, way, batch: 2, queries: 5, keys: 70, workspace: &workspace)
    }
  }

  @Test("Scratch is what the plan says, for every size within the capacities", arguments: ways)
  func scratchBytes(way: Way) throws {
    let plan = try AttentionPlan<Float>(
      shape: AttentionShape(batch: 2, heads: 4, queries: 3, keys: 20, headSize: 5), options: way.options())
    var workspace = try plan.makeWorkspace()
    #expect(workspace.byteCount == plan.scratchBytes && plan.scratchBytes > 0)
    try expectRun(plan, way, batch: 2, queries: 3, keys: 20, workspace: &workspace)
    #expect(workspace.byteCount == plan.scratchBytes)
  }

  @Test("Fewer keys make the BLAS path's blocks taller, within its scratch", arguments: [1600, 2048, 2064, 4096])
  func tallerBlocks(keys: Int) throws {
    // 2049 keys and more leave room for fewer than 256 rows; 2048 for just so many. Values of the head above the last
    // scratch row would be overwritten were it short.
    let queries = 256
    let plan = try AttentionPlan<Float>(
      shape: AttentionShape(heads: 2, queries: queries, keys: 4100, headSize: 1),
      options: AttentionOptions(path: .blas, workers: 2))
    let planned = try AttentionPlan<Float>(
      shape: AttentionShape(heads: 2, queries: queries, keys: keys, headSize: 1),
      options: AttentionOptions(path: .blas, workers: 2))
    #expect(plan.scratchBytes >= planned.scratchBytes)
    var workspace = try plan.makeWorkspace()
    let q = try Tensor<Float>(zeros: [1, 2, queries, 1])
    let v = try Tensor<Float>((0..<keys).map { Float($0 % 2) }, shape: [1, 1, keys, 1]).broadcast(to: [1, 2, keys, 1])
    var output = try Tensor<Float>(zeros: [1, 2, queries, 1])
    try plan.run(queries: q, keys: v, values: v, into: &output, workspace: &workspace)
    let way = Way(path: .blas, element: .float, workers: 2)
    expectClose(try output.converted(to: Double.self), Array(repeating: 0.5, count: 2 * queries), way)
  }

  @Test("Tiled scratch does not grow with keys, BLAS's does not with queries beyond a block")
  func scratchGrowth() throws {
    func bytes(_ path: AttentionPath, queries: Int, keys: Int) throws -> Int {
      try AttentionPlan<Float>(
        shape: AttentionShape(heads: 2, queries: queries, keys: keys, headSize: 64),
        options: AttentionOptions(path: path, workers: 2)
      ).scratchBytes
    }
    #expect(try bytes(.tiled, queries: 512, keys: 1024) == bytes(.tiled, queries: 512, keys: 1 << 20))
    #expect(try bytes(.tiled, queries: 4096, keys: 1024) == bytes(.tiled, queries: 8192, keys: 1024))
    #expect(try bytes(.blas, queries: 512, keys: 16384) > bytes(.blas, queries: 512, keys: 4096))
    #expect(try bytes(.blas, queries: 512, keys: 4096) == bytes(.blas, queries: 8192, keys: 4096))
  }

  @Test("A plan's call equals the function, details and all", arguments: ways.filter { $0.path != .fused })
  func callEqualsFunction(way: Way) throws {
    let (q, k) = (
      try numbers([2, 2, 3, 5]).converted(to: Float.self), try numbers([2, 2, 7, 5], seed: 2).converted(to: Float.self)
    )
    let options = way.options(alignment: .end, details: .all, softcap: 2)
    let expected = try scaledDotProductAttention(queries: q, keys: k, values: k, mask: .causal, options: options)
    let plan = try AttentionPlan<Float>(
      shape: AttentionShape(batch: 2, heads: 2, queries: 4, keys: 9, headSize: 5), mask: .causal, options: options)
    var result = try plan(queries: q, keys: k, values: k)
    var workspace = try plan.makeWorkspace()
    for _ in 0..<2 {
      #expect(isBitwiseEqual(result.output, expected.output))
      #expect(isBitwiseEqual(result.weights, expected.weights))
      #expect(isBitwiseEqual(result.logSumExp, expected.logSumExp))
      #expect(isBitwiseEqual(result.details.rawScores, expected.details.rawScores))
      #expect(isBitwiseEqual(result.details.cappedScores, expected.details.cappedScores))
      #expect(isBitwiseEqual(result.details.maskedScores, expected.details.maskedScores))
      try plan.run(queries: q, keys: k, values: k, into: &result, workspace: &workspace)
    }
  }

  @Test("A plan runs on spans of fewer queries and keys", arguments: ways)
  func spans(way: Way) throws {
    let plan = try AttentionPlan<Float>(
      shape: AttentionShape(batch: 1, heads: 1, queries: 4, keys: 6, headSize: 1), mask: .causal,
      options: way.options(alignment: .end))
    var workspace = try plan.makeWorkspace()
    let (zeros, values): ([Float], [Float]) = ([0, 0, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6])
    for (queries, keys, expected) in [
      (4, 6, [2, 2.5, 3, 3.5]), (1, 3, [2]), (2, 2, [1, 1.5]), (1, 6, [3.5 as Float]),
    ] {
      var output = [Float](repeating: 7, count: 5)
      var span = output.mutableSpan
      try plan.run(
        shape: AttentionShape(queries: queries, keys: keys, headSize: 1), queries: zeros.span,
        queryStrides: .headsFirst(heads: 1, rows: queries, headSize: 1), keys: zeros.span,
        keyStrides: .headsFirst(heads: 1, rows: keys, headSize: 1), values: values.span,
        valueStrides: .headsFirst(heads: 1, rows: keys, headSize: 1), into: &span,
        outputStrides: .headsFirst(heads: 1, rows: queries, headSize: 1), workspace: &workspace)
      let actual = try Tensor(output.map(Double.init), shape: [5])
      expectClose(actual, expected.map(Double.init) + Array(repeating: 7, count: 5 - queries), way)
    }
  }
}
