internal import Tensors

extension MultiHeadAttentionPlan {
  /// Appends the keys and values of new rows to a cache and computes their attention over all that it then holds, into a
  /// tensor of the caller's.
  ///
  /// - Parameters:
  ///   - x: [B, L, E], or [L, E]; L up to the plan's.
  ///   - cache: as large as the one that the plan was made for, or smaller.
  ///   - lengths: how many of the L rows each batch element appends [B]; nil: all.
  ///   - mask: replaces the plan's; nil: the plan's.
  ///   - output: [B, L, E], or [L, E]; written whole.
  ///   - workspace: from ``makeWorkspace()``.
  /// - Returns: the weights [B, L, S] or [B, H, L, S] (without B for inputs of rank 2), if asked for, and other
  ///   details.
  /// - Throws: ``AttentionError`` before anything is appended.
  @discardableResult
  public func run(
    _ x: Tensor<Scalar>, appendingTo cache: inout KeyValueCache<Scalar>, lengths: [Int]? = nil,
    mask: AttentionMask<Scalar>? = nil, into output: inout Tensor<Scalar>,
    workspace: inout MultiHeadAttentionWorkspace<Scalar>
  ) throws(AttentionError) -> (weights: Tensor<Scalar>?, details: AttentionDetails<Scalar>) {
    let sizes = try InputSizes(layer, query: x, key: x, value: x)
    try check(sizes, cache, output, of: x)
    try fit(&workspace)
    let inputs = try project(query: x, key: x, value: x, workspace: &workspace)
    let positions = RowPositions.offsets(cache.lengths)
    try layer.rotate(inputs.queries, at: positions, workers: workers)
    try layer.rotate(inputs.keys, at: positions, workers: workers)
    shapeContext(for: inputs.queries, &workspace)
    try attention.run(
      queries: inputs.queries, keys: inputs.keys, values: inputs.values, appendingTo: &cache, lengths: lengths,
      mask: mask, into: &workspace.context, workspace: &workspace.scratch)
    try project(&workspace, into: &output)
    return try details(sizes, &workspace)
  }

  /// Computes the attention of queries over a cache, which may be another layer's, into a tensor of the caller's. Nothing is
  /// appended.
  ///
  /// - Parameters:
  ///   - query: [B, L, E], or [L, E]; L up to the plan's.
  ///   - cache: as large as the one that the plan was made for, or smaller.
  ///   - mask: replaces the plan's; nil: the plan's.
  ///   - output: [B, L, E], or [L, E]; written whole.
  ///   - workspace: from ``makeWorkspace()``.
  /// - Returns: the weights [B, L, S] or [B, H, L, S] (without B for inputs of rank 2), if asked for, and other
  ///   details.
  /// - Throws: ``AttentionError`` before anything is written.
  @discardableResult
  public func run(
    _ query: Tensor<Scalar>, borrowing cache: KeyValueCache<Scalar>, mask: AttentionMask<Scalar>? = nil,
    into output: inout Tensor<Scalar>, workspace: inout MultiHeadAttentionWorkspace<Scalar>
  ) throws(AttentionError) -> (weights: Tensor<Scalar>?, details: AttentionDetails<Scalar>) {
    let sizes = try InputSizes(layer, query: query, keys: cache.length)
    try check(sizes, cache, output, of: query)
    try fit(&workspace)
    let queries = try projectQueries(query, workspace: &workspace)
    let alignment =
      attention.options.alignment ?? .offsets(cache.lengths.map { $0 - sizes.queries })
    switch alignment {
    case .start: try layer.rotate(queries, at: .offset(0), workers: workers)
    case .end: try layer.rotate(queries, at: .offsets(cache.lengths.map { $0 - sizes.queries }), workers: workers)
    case .offset(let offset): try layer.rotate(queries, at: .offset(offset), workers: workers)
    case .offsets(let offsets): try layer.rotate(queries, at: .offsets(offsets), workers: workers)
    }
    shapeContext(for: queries, &workspace)
    try attention.run(
      queries: queries, cache: cache, mask: mask, into: &workspace.context, workspace: &workspace.scratch)
    try project(&workspace, into: &output)
    return try details(sizes, &workspace)
  }

  private func check(
    _ sizes: InputSizes, _ cache: KeyValueCache<Scalar>, _ output: Tensor<Scalar>, of input: Tensor<Scalar>
  ) throws(AttentionError) {
    try layer.check(cache)
    guard sizes.batch == cache.batch else {
      throw .argument(name: "batch", expected: "\(cache.batch), as of the cache", actual: "\(sizes.batch)")
    }
    guard sizes.queries <= min(attention.shape.queries, projectedKeys) else {
      throw .capacity(name: "queries", capacity: min(attention.shape.queries, projectedKeys), actual: sizes.queries)
    }
    guard sizes.batch <= attention.shape.batch else {
      throw .capacity(name: "batch", capacity: attention.shape.batch, actual: sizes.batch)
    }
    guard output.shape == input.shape else {
      throw .shape(name: "output", expected: "\(input.shape), as the input", actual: output.shape)
    }
  }

  /// The queries alone [B, L, E], in the workspace.
  private func projectQueries(
    _ query: Tensor<Scalar>, workspace: inout MultiHeadAttentionWorkspace<Scalar>
  ) throws(AttentionError) -> Tensor<Scalar> {
    let order = layer.axisOrder
    let input =
      query.rank == 3
      ? query : try rethrowing { () throws(TensorError) in try query.insertingAxis(order.batchAxis) }
    let (linear, outputs) = layer.inputProjection.queries
    try linear.run(
      RowMatrix(input), outputs: outputs, into: workspace.projections.base, leadingDimension: outputs.count,
      workers: workers)
    let (batch, rows) = (input.layout.shape[order.batchAxis], input.layout.shape[order.rowAxis])
    return Tensor(
      storage: workspace.projections,
      layout: order.layout(batch: batch, rows: rows, size: outputs.count, rowSize: outputs.count))
  }
}
