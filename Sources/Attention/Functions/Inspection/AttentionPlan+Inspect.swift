public import Tensors

extension AttentionPlan {
  /// Finds out about the weights of these queries and keys, without a matrix of them and without values.
  ///
  /// Always by tiles in two passes over the keys, whatever path the plan's runs take; the plan's details are not computed.
  ///
  /// ```swift
  /// let insight = try plan.inspect(AttentionInspection(.entropy), queries: q, keys: k)
  /// ```
  ///
  /// - Parameters:
  ///   - inspection: what to find out.
  ///   - queries: [B, H, L, D] or [B, L, H·D].
  ///   - keys: [B, G, S, D] or [B, S, G·D].
  ///   - mask: replaces the plan's; nil: the plan's.
  /// - Returns: the figures asked for; the same to the last bit for any number of workers.
  /// - Throws: ``AttentionError`` before anything is computed: shapes beyond the plan's or not fitting each other, a mask that does
  ///   not fit, k below 1, or a selected head or query that there is not.
  /// - Complexity: 4·B·H·L·S·D operations, less what the mask empties: 2·B·H·L·S·D for the log-sum-exp alone, and where nothing
  ///   but selected weights is asked for, the blocks of up to 256 queries that they are in. Scratch as
  ///   ``scratchBytes(inspecting:)`` says.
  public func inspect(
    _ inspection: AttentionInspection, queries: Tensor<Scalar>, keys: Tensor<Scalar>,
    mask: AttentionMask<Scalar>? = nil
  ) throws(AttentionError) -> AttentionInsight<Scalar> {
    // Keys in the place of values pass every check that keys pass.
    let sizes = try AttentionShape(
      queries: queries, keys: keys, values: keys, heads: shape.heads, keyValueHeads: shape.keyValueHeads)
    try checkCapacity(try sizes.with(valueHeadSize: shape.valueHeadSize))
    let actual = try sizes.with(valueHeadSize: 0)
    let (q, keptQueries) = try HeadMatrices.of(queries, heads: actual.heads)
    let (k, keptKeys) = try HeadMatrices.of(keys, heads: actual.keyValueHeads)
    let rows = KeyValueRows(k, columns: actual.headSize)
    let nothing = try rethrowing { () throws(TensorError) in try Tensor<Scalar>(zeros: [0]) }
    let output = MutableHeadMatrices(base: nothing.storage.base, strides: HeadStrides(batch: 0, head: 0, row: 0))
    let insight = try inspect(
      inspection, AttentionOperands(shape: actual, queries: q, keys: rows, values: rows, output: output), mask: mask)
    withExtendedLifetime((keptQueries, keptKeys, nothing)) {}
    return insight
  }

  /// Finds out about the weights, and computes the output from the same tiles.
  ///
  /// The output is that of the plan's runs within rounding: here weights are divided by their sum before they meet the values.
  ///
  /// - Parameters:
  ///   - inspection: what to find out.
  ///   - queries: [B, H, L, D] or [B, L, H·D].
  ///   - keys: [B, G, S, D] or [B, S, G·D].
  ///   - values: [B, G, S, Dv] or [B, S, G·Dv].
  ///   - mask: replaces the plan's; nil: the plan's.
  /// - Returns: the output [B, H, L, Dv], or [B, L, H·Dv] for queries of rank 3, and the figures asked for.
  /// - Throws: as ``inspect(_:queries:keys:mask:)``.
  /// - Complexity: 2·B·H·L·S·(2·D + Dv) operations, less what the mask empties.
  public func inspect(
    _ inspection: AttentionInspection, queries: Tensor<Scalar>, keys: Tensor<Scalar>, values: Tensor<Scalar>,
    mask: AttentionMask<Scalar>? = nil
  ) throws(AttentionError) -> (output: Tensor<Scalar>, insight: AttentionInsight<Scalar>) {
    let actual = try actualShape(queries: queries, keys: keys, values: values)
    let output = try rethrowing { () throws(TensorError) in
      try Tensor<Scalar>(uninitialized: outputShape(actual, rank: queries.rank))
    }
    let (q, keptQueries) = try HeadMatrices.of(queries, heads: actual.heads)
    let (k, keptKeys) = try HeadMatrices.of(keys, heads: actual.keyValueHeads)
    let (v, keptValues) = try HeadMatrices.of(values, heads: actual.keyValueHeads)
    let (h, l, dv) = (actual.heads, actual.queries, actual.valueHeadSize)
    let strides =
      queries.rank == 3
      ? HeadStrides.headsJoined(heads: h, rows: l, headSize: dv) : .headsFirst(heads: h, rows: l, headSize: dv)
    let operands = AttentionOperands(
      shape: actual, queries: q, keys: KeyValueRows(k, columns: actual.headSize),
      values: KeyValueRows(v, columns: dv), output: MutableHeadMatrices(base: output.storage.base, strides: strides))
    let insight = try inspect(inspection, operands, mask: mask)
    withExtendedLifetime((keptQueries, keptKeys, keptValues, output)) {}
    return (output, insight)
  }

  /// Bytes of scratch that an inspection with values needs in all, besides inputs and results, for the plan's sizes: tiles for each
  /// worker, and for totals of keys up to 15 rows of S; nothing grows with L × S.
  public func scratchBytes(inspecting inspection: AttentionInspection) -> Int {
    let tiling = inspectionTiling(inspection, shape, hasEdge: mask.hasEdge)
    let parts = inspectionParts(shape, decidesByPlace: decidesByPlace, conversionCount: 0)
    let totals =
      inspection.figures.contains(.keyTotals)
      ? (tiling.runsPerGroup - 1) * shape.batch * shape.heads * shape.keys : 0
    let slices = AttentionWorkspace<Scalar>.stride(parts.count) * inspectionWorkers(tiling)
    return (slices + totals) * MemoryLayout<Scalar>.stride
  }

  /// Finds out about the weights of queries and keys where they lie; computes the output where Dv is above 0.
  ///
  /// - Parameters:
  ///   - inspection: what to find out.
  ///   - operands: with a Dv of 0 values are not read and the output is not written.
  ///   - mask: replaces the plan's; nil: the plan's.
  func inspect(
    _ inspection: AttentionInspection, _ operands: AttentionOperands<Scalar>, mask: AttentionMask<Scalar>?
  ) throws(AttentionError) -> AttentionInsight<Scalar> {
    let actual = operands.shape
    try modifiers.validate(for: actual)
    try inspection.validate(for: actual)
    let resolved = try ResolvedMask(
      mask ?? self.mask, alignment: operands.alignment ?? options.alignment, shape: actual)
    var insight = try AttentionInsight<Scalar>(inspection, shape: actual)
    guard actual.hasRows else { return insight }
    let targets = InsightPointers(&insight, inspection, shape: actual)
    let tiling = inspectionTiling(inspection, actual, hasEdge: resolved.hasEdge)
    let decidesByPlace = resolved.hasRule || modifiers.hasScoreProgram
    let problem = AttentionProblem(
      operands, scale: scale, softcap: Scalar(options.softcap ?? 0), mask: resolved, modifiers: modifiers,
      details: DetailPointers(logSumExp: targets.logSumExp))
    let workers = inspectionWorkers(tiling)
    let parts = inspectionParts(
      actual, decidesByPlace: decidesByPlace,
      conversionCount: max(problem.keys.scratchCount(rows: actual.keys), problem.values.scratchCount(rows: actual.keys))
    )
    var workspace = try AttentionWorkspace<Scalar>(sliceCount: parts.count, slices: workers)
    let totals = try KeyTotals(targets.keyTotals, parts: tiling.runsPerGroup, shape: actual)
    try workspace.withSlices(of: parts, slices: workers) { scratch in
      withUnsafePointer(to: problem) {
        TiledInspection.run($0, tiling, targets, totals, scratch: scratch, workers: workers)
      }
    }
    withExtendedLifetime(totals) {}
    return insight
  }

  private func inspectionTiling(
    _ inspection: AttentionInspection, _ actual: AttentionShape, hasEdge: Bool
  ) -> InspectionTiling {
    InspectionTiling(
      AttentionTiling(shape: actual, followsEdge: hasEdge),
      sumsOverQueries: inspection.figures.contains(.keyTotals))
  }

  private func inspectionWorkers(_ tiling: InspectionTiling) -> Int {
    max(1, min(workers, tiling.runCount, FanOut.concurrentCallers))
  }

  private func inspectionParts(
    _ actual: AttentionShape, decidesByPlace: Bool, conversionCount: Int
  ) -> ScratchParts {
    let bytes = decidesByPlace ? TiledAttention.keptCount(capacity: actual) : 0
    return ScratchParts(
      path: InspectionTiling.scratchCount(actual), conversion: conversionCount,
      kept: decidesByPlace ? bytes / MemoryLayout<Scalar>.stride + 1 : 0)
  }
}
