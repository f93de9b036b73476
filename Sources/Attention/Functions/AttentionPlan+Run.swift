internal import Tensors

extension AttentionPlan {
  /// Computes the attention of tensors into a tensor of the caller's.
  ///
  /// - Parameters:
  ///   - queries: [B, H, L, D] or [B, L, H·D].
  ///   - keys: [B, G, S, D] or [B, S, G·D].
  ///   - values: [B, G, S, Dv] or [B, S, G·Dv].
  ///   - mask: replaces the plan's; nil: the plan's.
  ///   - output: [B, H, L, Dv], or [B, L, H·Dv] for queries of rank 3; written whole. Its memory is made its own first if it is shared,
  ///     so it never aliases an input.
  ///   - workspace: from ``makeWorkspace()``.
  /// - Throws: ``AttentionError`` before anything is written: shapes beyond the capacities or not fitting each other, a mask that
  ///   does not fit, or a plan whose options ask for details (use ``run(queries:keys:values:mask:into:workspace:)-(_,_,_,_,AttentionResult<Scalar>,_)``).
  /// - Complexity: 2·B·H·L·S·(D + Dv) operations, less what the mask empties.
  // To other modules this is generic code, whose sizes and strides are looked up as it runs: much of a small call's time.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func run(
    queries: Tensor<Scalar>, keys: Tensor<Scalar>, values: Tensor<Scalar>, mask: AttentionMask<Scalar>? = nil,
    into output: inout Tensor<Scalar>, workspace: inout AttentionWorkspace<Scalar>
  ) throws(AttentionError) {
    guard options.details.isEmpty else {
      throw .argument(name: "details", expected: "none for a run into a tensor", actual: "\(options.details)")
    }
    let actual = try actualShape(queries: queries, keys: keys, values: values)
    var details = try AttentionDetails<Scalar>([], shape: actual)
    try run(actual, queries, keys, values, mask, &output, &details, &workspace)
  }

  /// Computes the attention of tensors into a result of the caller's: its output and the details that the plan's options ask
  /// for. Details of another shape than this run's are made anew.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func run(
    queries: Tensor<Scalar>, keys: Tensor<Scalar>, values: Tensor<Scalar>, mask: AttentionMask<Scalar>? = nil,
    into result: inout AttentionResult<Scalar>, workspace: inout AttentionWorkspace<Scalar>
  ) throws(AttentionError) {
    let actual = try actualShape(queries: queries, keys: keys, values: values)
    if result.details.fits(options.details, shape: actual) {
      return try run(actual, queries, keys, values, mask, &result.output, &result.details, &workspace)
    }
    // The old ones stay until the run has succeeded.
    var details = try AttentionDetails<Scalar>(options.details, shape: actual)
    try run(actual, queries, keys, values, mask, &result.output, &details, &workspace)
    result.details = details
  }

  /// Computes the attention of tensors into a fresh result, with fresh scratch.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func callAsFunction(
    queries: Tensor<Scalar>, keys: Tensor<Scalar>, values: Tensor<Scalar>, mask: AttentionMask<Scalar>? = nil
  ) throws(AttentionError) -> AttentionResult<Scalar> {
    let actual = try actualShape(queries: queries, keys: keys, values: values)
    var output = try rethrowing { () throws(TensorError) in
      try Tensor<Scalar>(uninitialized: outputShape(actual, rank: queries.rank))
    }
    var details = try AttentionDetails<Scalar>(options.details, shape: actual)
    var workspace = try makeWorkspace()
    try run(actual, queries, keys, values, mask, &output, &details, &workspace)
    return AttentionResult(output: output, details: details)
  }

  // MARK: From tensors to memory

  private func run(
    _ actual: AttentionShape, _ queries: Tensor<Scalar>, _ keys: Tensor<Scalar>, _ values: Tensor<Scalar>,
    _ mask: AttentionMask<Scalar>?, _ output: inout Tensor<Scalar>, _ details: inout AttentionDetails<Scalar>,
    _ workspace: inout AttentionWorkspace<Scalar>
  ) throws(AttentionError) {
    try checkOutput(output, actual, rank: queries.rank)
    let (k, keptKeys) = try HeadMatrices.of(keys, heads: actual.keyValueHeads)
    let (v, keptValues) = try HeadMatrices.of(values, heads: actual.keyValueHeads)
    try run(
      actual, queries, KeyValueRows(k, columns: actual.headSize), KeyValueRows(v, columns: actual.valueHeadSize), mask,
      alignment: nil, &output, &details, &workspace)
    withExtendedLifetime((keptKeys, keptValues)) {}
  }

  /// With keys and values wherever they are, and an output that has been checked.
  func run(
    _ actual: AttentionShape, _ queries: Tensor<Scalar>, _ keys: KeyValueRows<Scalar>, _ values: KeyValueRows<Scalar>,
    _ mask: AttentionMask<Scalar>?, alignment: QueryAlignment?, _ output: inout Tensor<Scalar>,
    _ details: inout AttentionDetails<Scalar>, _ workspace: inout AttentionWorkspace<Scalar>
  ) throws(AttentionError) {
    let (q, keptQueries) = try HeadMatrices.of(queries, heads: actual.heads)
    output.makeUnique()
    if HeadStrides(output, heads: actual.heads) == nil {
      output = try rethrowing { () throws(TensorError) in try output.copy() }
    }
    guard let strides = HeadStrides(output, heads: actual.heads) else {
      throw .tooLarge(name: "output", shape: output.shape)
    }
    let target = MutableHeadMatrices(base: output.storage.base + output.layout.offset, strides: strides)
    let operands = AttentionOperands(
      shape: actual, queries: q, keys: keys, values: values, output: target, alignment: alignment)
    try execute(operands, mask: mask, &details, &workspace)
    withExtendedLifetime(keptQueries) {}
  }

  /// Every run ends here: the mask is fitted, scratch cut, the path taken.
  ///
  /// - Parameter mask: replaces the plan's; nil: the plan's.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func execute(
    _ operands: AttentionOperands<Scalar>, mask: AttentionMask<Scalar>?, _ details: inout AttentionDetails<Scalar>,
    _ workspace: inout AttentionWorkspace<Scalar>
  ) throws(AttentionError) {
    let actual = operands.shape
    try modifiers.validate(for: actual)
    if path == .fused, let obstacle = FusedAttention.obstacle(details: options.details, modifiers: modifiers) {
      // Modifiers that came after the choice: made again, unless the path was asked for.
      guard options.path == .automatic else { throw Self.fusedError(obstacle) }
      let other = AttentionPlan(taking: options.isReproducible ? .reference : .tiled, instead: self)
      return try other.execute(operands, mask: mask, &details, &workspace)
    }
    let resolved = try ResolvedMask(
      mask ?? self.mask, alignment: operands.alignment ?? options.alignment, shape: actual)
    guard !actual.isEmpty || (actual.hasRows && !options.details.isEmpty) else { return }
    let decidesByPlace = resolved.hasRule || modifiers.hasScoreProgram
    let problem = AttentionProblem(
      operands, scale: scale, softcap: Scalar(options.softcap ?? 0), mask: resolved, modifiers: modifiers,
      details: DetailPointers(&details), isReproducible: options.isReproducible)
    var parts = scratchParts(decidesByPlace: decidesByPlace)
    // For the capacity, so that scratch does not grow with keys that do.
    let conversion = max(problem.keys.scratchCount(rows: shape.keys), problem.values.scratchCount(rows: shape.keys))
    parts.conversion = max(parts.conversion, conversion)
    if path == .fused {
      parts.conversion = TileOperands.scratchCount(problem.keys, problem.values, tileKeys: FusedAttention.tileKeys)
    }
    try workspace.withSlices(of: parts, slices: usefulWorkers) { scratch in
      withUnsafePointer(to: problem) { problem in
        switch path {
        case .reference: ReferenceAttention.run(problem, scratch: scratch, workers: usefulWorkers)
        case .blas: BLASAttention.run(problem, scratch: scratch, workers: usefulWorkers)
        case .fused: FusedAttention.run(problem, scratch: scratch, workers: usefulWorkers)
        case .tiled, .automatic: TiledAttention.run(problem, scratch: scratch, workers: usefulWorkers)
        }
      }
    }
  }

  // MARK: Checks

  func actualShape(
    queries: Tensor<Scalar>, keys: Tensor<Scalar>, values: Tensor<Scalar>
  ) throws(AttentionError) -> AttentionShape {
    let actual = try AttentionShape(
      queries: queries, keys: keys, values: values, heads: shape.heads, keyValueHeads: shape.keyValueHeads)
    try checkCapacity(actual)
    return actual
  }

  // Each size by itself, and below each axis: an array of them would be allocated in every run.

  func checkCapacity(_ actual: AttentionShape) throws(AttentionError) {
    try Self.check("heads", actual.heads, planned: shape.heads)
    try Self.check("keyValueHeads", actual.keyValueHeads, planned: shape.keyValueHeads)
    try Self.check("headSize", actual.headSize, planned: shape.headSize)
    try Self.check("valueHeadSize", actual.valueHeadSize, planned: shape.valueHeadSize)
    try Self.check("batch", actual.batch, capacity: shape.batch)
    try Self.check("queries", actual.queries, capacity: shape.queries)
    try Self.check("keys", actual.keys, capacity: shape.keys)
  }

  private static func check(_ name: String, _ size: Int, planned: Int) throws(AttentionError) {
    guard size == planned else {
      throw .argument(name: name, expected: "\(planned), as planned", actual: "\(size)")
    }
  }

  private static func check(_ name: String, _ size: Int, capacity: Int) throws(AttentionError) {
    guard size <= capacity else { throw .capacity(name: name, capacity: capacity, actual: size) }
  }

  func outputShape(_ actual: AttentionShape, rank: Int) -> [Int] {
    rank == 3
      ? [actual.batch, actual.queries, actual.heads * actual.valueHeadSize]
      : [actual.batch, actual.heads, actual.queries, actual.valueHeadSize]
  }

  func checkOutput(_ output: Tensor<Scalar>, _ actual: AttentionShape, rank: Int) throws(AttentionError) {
    let (given, last) = (output.layout.shape, actual.valueHeadSize)
    let fits =
      rank == 3
      ? given.count == 3 && given[0] == actual.batch && given[1] == actual.queries && given[2] == actual.heads * last
      : given.count == 4 && given[0] == actual.batch && given[1] == actual.heads && given[2] == actual.queries
        && given[3] == last
    guard fits else {
      throw .shape(name: "output", expected: "\(outputShape(actual, rank: rank))", actual: output.shape)
    }
  }
}
