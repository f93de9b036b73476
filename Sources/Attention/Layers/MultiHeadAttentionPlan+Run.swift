internal import Tensors

extension MultiHeadAttentionPlan {
  /// Computes the layer into a tensor of the caller's.
  ///
  /// - Parameters:
  ///   - query: [B, L, E], or [L, E]; B and L up to the plan's.
  ///   - key: [B, S, keySize], or [S, keySize]; S up to the plan's.
  ///   - value: [B, S, valueSize], or [S, valueSize].
  ///   - mask: replaces the plan's; nil: the plan's.
  ///   - output: [B, L, E], or [L, E]; written whole. Its memory is made its own first if it is shared, so it never
  ///     aliases an input.
  ///   - workspace: from ``makeWorkspace()``.
  /// - Returns: the weights [B, L, S] or [B, H, L, S] (without B for inputs of rank 2), if asked for, and other
  ///   details.
  /// - Throws: ``AttentionError`` before anything is computed, but for memory that is not given.
  @discardableResult
  public func run(
    query: Tensor<Scalar>, key: Tensor<Scalar>, value: Tensor<Scalar>, mask: AttentionMask<Scalar>? = nil,
    into output: inout Tensor<Scalar>, workspace: inout MultiHeadAttentionWorkspace<Scalar>
  ) throws(AttentionError) -> (weights: Tensor<Scalar>?, details: AttentionDetails<Scalar>) {
    let sizes = try InputSizes(layer, query: query, key: key, value: value)
    let givenMask = mask
    let mask = try checkedMask(sizes, mask)
    guard output.shape == query.shape else {
      throw .shape(name: "output", expected: "\(query.shape), as query", actual: output.shape)
    }
    try fit(&workspace)
    let inputs = try project(query: query, key: key, value: value, workspace: &workspace)
    try layer.rotate(
      inputs, alignment: attention.options.alignment, keyLengths: (givenMask ?? self.mask).keyLengths,
      workers: workers)
    try attend(inputs.appending(layer.appendedKeys), mask, &workspace)
    try project(&workspace, into: &output)
    return try details(sizes, &workspace)
  }

  /// Computes the layer into a fresh result.
  public func callAsFunction(
    query: Tensor<Scalar>, key: Tensor<Scalar>, value: Tensor<Scalar>, mask: AttentionMask<Scalar>? = nil,
    workspace: inout MultiHeadAttentionWorkspace<Scalar>
  ) throws(AttentionError) -> MultiHeadAttentionResult<Scalar> {
    var output = try rethrowing { () throws(TensorError) in try Tensor<Scalar>(uninitialized: query.shape) }
    let (weights, details) = try run(
      query: query, key: key, value: value, mask: mask, into: &output, workspace: &workspace)
    return MultiHeadAttentionResult(output: output, weights: weights, details: details)
  }

  // MARK: Steps

  /// The mask of a run over appended keys too; nil: that of ``attention``. Throws for sizes and a mask that don't fit.
  func checkedMask(
    _ sizes: InputSizes, _ mask: AttentionMask<Scalar>?
  ) throws(AttentionError) -> AttentionMask<Scalar>? {
    let (planned, appended) = (attention.shape, layer.appendedKeys.count)
    guard sizes.keys <= projectedKeys else {
      throw .capacity(name: "keys", capacity: projectedKeys, actual: sizes.keys)
    }
    try layer.checkRotaryPositions(
      queries: sizes.queries, keys: sizes.keys, alignment: attention.options.alignment)
    var mask = mask
    let isPlanned =
      sizes.batch == planned.batch && sizes.queries == planned.queries && sizes.keys == planned.keys - appended
    if appended > 0, mask != nil || !isPlanned {
      let shape = try AttentionShape(
        batch: sizes.batch, heads: planned.heads, queries: sizes.queries, keys: sizes.keys, headSize: planned.headSize)
      mask = try (mask ?? self.mask).appending(appended, to: shape, alignment: attention.options.alignment)
    }
    try attention.check(batch: sizes.batch, queries: sizes.queries, keys: sizes.keys + appended, mask: mask)
    return mask
  }

  /// The input projection, with room for the appended keys; also for a look at how queries, keys and values lie.
  ///
  /// - Parameters:
  ///   - key: nil: queries alone, for keys that are there.
  ///   - value: nil: the projected keys stand in for values, as nobody reads them.
  package func project(
    query: Tensor<Scalar>, key: Tensor<Scalar>?, value: Tensor<Scalar>?,
    workspace: inout MultiHeadAttentionWorkspace<Scalar>
  ) throws(AttentionError) -> ProjectedInputs<Scalar> {
    let arrangement = ProjectionArrangement(layer, query: query, key: key, value: value)
    if workspace.inputs.arrangement != arrangement {
      workspace.inputs = ProjectedInputs(arrangement, in: workspace.projections)
    }
    try workspace.inputs.project(
      query: query, key: key, value: value, by: layer.inputProjection, packs: packsWeights, workers: workers)
    return workspace.inputs
  }

  /// Whether attention reads an operand [B, L, E] where it lies, as it does all that
  /// ``project(query:key:value:workspace:)`` gives.
  package func readsInPlace(_ operand: Tensor<Scalar>) throws(AttentionError) -> Bool {
    let (matrices, kept) = try HeadMatrices.of(operand, heads: layer.headCount)
    return kept.isSameView(as: operand) && matrices.base == UnsafePointer(operand.storage.base) + operand.layout.offset
  }

  /// Leaves the joined heads [B, L, E] in the workspace's context, in the memory order of the layer's output.
  private func attend(
    _ inputs: ProjectedInputs<Scalar>, _ mask: AttentionMask<Scalar>?,
    _ workspace: inout MultiHeadAttentionWorkspace<Scalar>
  ) throws(AttentionError) {
    shapeContext(for: inputs.queries, &workspace)
    try attention.run(
      queries: inputs.queries, keys: inputs.keys, values: inputs.values, mask: mask, into: &workspace.context,
      workspace: &workspace.scratch)
  }

  /// Gives the context the shape of these queries, in the memory order of the layer's output.
  func shapeContext(for queries: Tensor<Scalar>, _ workspace: inout MultiHeadAttentionWorkspace<Scalar>) {
    let (batch, rows, size) = (queries.layout.shape[0], queries.layout.shape[1], layer.embeddingSize)
    // Made only when it changes, since it is of arrays.
    let order = layer.axisOrder
    if order.isLayout(workspace.context.output.layout, batch: batch, rows: rows, size: size) { return }
    workspace.context.output.layout = order.layout(batch: batch, rows: rows, size: size, rowSize: size)
  }

  /// Makes a workspace of a smaller plan large enough.
  func fit(_ workspace: inout MultiHeadAttentionWorkspace<Scalar>) throws(AttentionError) {
    let (shape, size) = (attention.shape, layer.embeddingSize)
    let isLargeEnough =
      workspace.projections.count >= projectionCount
      && workspace.context.output.storage.count >= shape.batch * shape.queries * size
    if !isLargeEnough { workspace = try makeWorkspace() }
  }

  /// The output projection of the workspace's context.
  func project(
    _ workspace: inout MultiHeadAttentionWorkspace<Scalar>, into output: inout Tensor<Scalar>
  ) throws(AttentionError) {
    output.makeUnique()
    if try RowMatrix(output).tensor.storage !== output.storage {
      output = try rethrowing { () throws(TensorError) in try output.copy() }
    }
    let rows = try RowMatrix(output)
    // The context's rows follow each other in the output's order.
    let context = workspace.context.output
    let joined = RowMatrix(
      context, rows: context.layout.shape[0] * context.layout.shape[1], leadingDimension: layer.embeddingSize)
    try layer.outputProjection.run(
      joined, into: UnsafeMutablePointer(mutating: rows.base), leadingDimension: rows.leadingDimension,
      packs: packsWeights, workers: workers)
  }

  /// Takes the details out of the workspace, so that the next run does not write into what the caller holds.
  func details(
    _ sizes: InputSizes, _ workspace: inout MultiHeadAttentionWorkspace<Scalar>
  ) throws(AttentionError) -> (weights: Tensor<Scalar>?, details: AttentionDetails<Scalar>) {
    var details = workspace.context.details
    workspace.context.details = try AttentionDetails([], shape: attention.shape)
    var weights: Tensor<Scalar>?
    switch needsWeights {
    case .none: break
    case .averaged: weights = try details.weights?.averagedOverHeads()
    case .perHead: weights = details.weights
    }
    if !self.details.contains(.weights) { details.weights = nil }
    if !sizes.isBatched, let batch = weights {
      weights = try rethrowing { () throws(TensorError) in try batch.selecting(axis: 0, 0) }
    }
    return (weights, details)
  }
}
