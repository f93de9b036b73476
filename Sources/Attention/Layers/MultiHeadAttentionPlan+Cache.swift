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
  /// - Complexity: as the layer's call. A run of the same sizes as the last one allocates nothing, where the cache has
  ///   its memory reserved and nothing but the output is asked for.
  @discardableResult
  public func run(
    _ x: Tensor<Scalar>, appendingTo cache: inout KeyValueCache<Scalar>, lengths: [Int]? = nil,
    mask: AttentionMask<Scalar>? = nil, into output: inout Tensor<Scalar>,
    workspace: inout MultiHeadAttentionWorkspace<Scalar>
  ) throws(AttentionError) -> (weights: Tensor<Scalar>?, details: AttentionDetails<Scalar>) {
    let sizes = try InputSizes(layer, query: x, key: x, value: x)
    try check(sizes, cache, output, of: x)
    guard sizes.queries <= projectedKeys else {
      throw .capacity(name: "queries", capacity: projectedKeys, actual: sizes.queries)
    }
    try cache.checkAppend(rows: sizes.queries, lengths: lengths)
    try fit(&workspace)
    let inputs = try project(query: x, key: x, value: x, workspace: &workspace)
    try rotate(inputs.queries, keys: inputs.keys, cache, lengths: lengths, mask)
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
    let queries = try project(query: query, key: nil, value: nil, workspace: &workspace).queries
    try rotate(queries, keys: nil, cache, lengths: nil, mask)
    shapeContext(for: queries, &workspace)
    try attention.run(
      queries: queries, cache: cache, mask: mask, into: &workspace.context, workspace: &workspace.scratch)
    try project(&workspace, into: &output)
    return try details(sizes, &workspace)
  }

  private func check(
    _ sizes: InputSizes, _ cache: KeyValueCache<Scalar>, _ output: Tensor<Scalar>, of input: Tensor<Scalar>
  ) throws(AttentionError) {
    try layer.check(cache, batch: sizes.batch)
    guard sizes.queries <= attention.shape.queries else {
      throw .capacity(name: "queries", capacity: attention.shape.queries, actual: sizes.queries)
    }
    guard sizes.batch <= attention.shape.batch else {
      throw .capacity(name: "batch", capacity: attention.shape.batch, actual: sizes.batch)
    }
    guard output.shape == input.shape else {
      throw .shape(name: "output", expected: "\(input.shape), as the input", actual: output.shape)
    }
  }

  /// Rotates queries, and keys that are going to be appended, to their positions in a cache.
  func rotate(
    _ queries: Tensor<Scalar>, keys: Tensor<Scalar>?, _ cache: KeyValueCache<Scalar>, lengths: [Int]?,
    _ mask: AttentionMask<Scalar>?
  ) throws(AttentionError) {
    guard layer.isRotary, let rotary = layer.rotaryPositions else { return }
    let rows = queries.layout.shape[1]
    if let alignment = attention.options.alignment {
      try alignment.validate(batch: cache.batch)
      let appended = keys?.layout.shape[1] ?? 0
      let positions = alignment.positions(
        queries: rows, keys: cache.length(appending: appended, lengths: lengths),
        keyLengths: cache.keyLengths(appending: appended, lengths: lengths, mask ?? attention.mask))
      try layer.rotate(queries, by: rotary, at: positions, workers: workers)
    } else {
      let positions = cache.positions(before: keys.map { _ in 0 } ?? rows)
      try layer.rotate(queries, by: rotary, at: positions, workers: workers)
    }
    if let keys { try layer.rotate(keys, by: rotary, at: cache.positions(before: 0), workers: workers) }
  }
}

extension KeyValueCache {
  /// Rows that begin so many positions before the end of each batch element; no array where all ends are the same.
  fileprivate func positions(before count: Int) -> RowPositions {
    if isEven { return .offset(length - count) }
    return .offsets(count == 0 ? lengths : lengths.map { $0 - count })
  }

  /// How many keys each batch element has after an append, for attention with a mask; nil: all S.
  fileprivate func keyLengths(appending rows: Int, lengths appended: [Int]?, _ mask: AttentionMask<Scalar>) -> [Int]? {
    var all: [Int] = []
    for element in 0..<batch { all.append(lengths[element] + (appended?[element] ?? rows)) }
    let longest = all.max() ?? 0
    // A mask's lengths of another number are for the run to refuse.
    guard let given = mask.keyLengths, given.count == batch else { return all.allSatisfy { $0 == longest } ? nil : all }
    return zip(all, given).map { min($0, $1) }
  }
}
