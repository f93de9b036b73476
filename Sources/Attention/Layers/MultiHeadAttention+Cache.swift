internal import Tensors

extension MultiHeadAttention {
  /// An empty cache for this layer's keys and values.
  ///
  /// - Parameters:
  ///   - batch: B.
  ///   - capacity: the most positions of a sequence.
  ///   - window: a query attends so many positions, its own among them; nil: all.
  ///   - element: how keys and values are held.
  /// - Throws: what ``KeyValueCache/init(batch:keyValueHeads:headSize:valueHeadSize:capacity:window:element:rowsPerPage:)`` throws.
  public func makeCache(
    batch: Int = 1, capacity: Int, window: Int? = nil, element: KeyValueElement = .full
  ) throws(AttentionError) -> KeyValueCache<Scalar> {
    try KeyValueCache(
      batch: batch, keyValueHeads: headCount, headSize: headSize, capacity: capacity, window: window, element: element)
  }

  /// Self-attention of new rows: their keys and values are appended to a cache, and they attend all that it then holds.
  ///
  /// ```swift
  /// var cache = try layer.makeCache(capacity: 1024)
  /// let y = try layer(prompt, appendingTo: &cache, mask: .causal)  // [B, L, E]
  /// let z = try layer(token, appendingTo: &cache)                  // [B, 1, E]
  /// ```
  ///
  /// - Parameters:
  ///   - x: [B, L, E], or [L, E] for a single sequence.
  ///   - cache: of this layer's heads; rows are appended when nothing throws.
  ///   - lengths: how many of the L rows each batch element appends [B]; nil: all.
  ///   - mask: over the S positions that the cache then has; `.causal` keeps a row from those after it.
  ///   - modifiers: sinks, dropout, programs for scores and weights.
  ///   - needsWeights: which weights are given.
  ///   - options: scale, softcap, alignment (nil: query 0 stands at the first new position), details, path, workers.
  /// - Returns: [B, L, E], or [L, E], and weights and details. Rows beyond an element's `lengths` may be disregarded.
  /// - Throws: ``AttentionError`` before anything is appended, also for a layer with ``appendedKeys``, which have no place in a
  ///   cache.
  /// - Complexity: 8·B·L·E² operations for the projections and 4·B·L·S·E for the attention, less what the mask empties.
  public func callAsFunction(
    _ x: Tensor<Scalar>, appendingTo cache: inout KeyValueCache<Scalar>, lengths: [Int]? = nil,
    mask: AttentionMask<Scalar> = .none, modifiers: AttentionModifiers<Scalar> = .none,
    needsWeights: HeadWeights = .none, options: AttentionOptions = AttentionOptions()
  ) throws(AttentionError) -> MultiHeadAttentionResult<Scalar> {
    let sizes = try InputSizes(self, query: x, key: x, value: x)
    try check(cache, batch: sizes.batch)
    try cache.checkAppend(rows: sizes.queries, lengths: lengths)
    // The mask is over the keys of this run, not over the capacity.
    let plan = try MultiHeadAttentionPlan(
      layer: self, cache: cache, queries: sizes.queries, mask: mask, modifiers: modifiers, needsWeights: needsWeights,
      options: options,
      run: (cache.length(appending: sizes.queries, lengths: lengths), .offsets(cache.lengths)))
    var workspace = try plan.makeWorkspace()
    var output = try rethrowing { () throws(TensorError) in try Tensor<Scalar>(uninitialized: x.shape) }
    let (weights, details) = try plan.run(
      x, appendingTo: &cache, lengths: lengths, into: &output, workspace: &workspace)
    return MultiHeadAttentionResult(output: output, weights: weights, details: details)
  }

  /// Attention to the keys and values that a cache holds, which may be another layer's: queries alone are projected, and nothing is
  /// appended.
  ///
  /// - Parameters:
  ///   - query: [B, L, E], or [L, E] for a single sequence.
  ///   - cache: of this layer's heads.
  ///   - mask: over the S positions that the cache has.
  ///   - modifiers: sinks, dropout, programs for scores and weights.
  ///   - needsWeights: which weights are given.
  ///   - options: scale, softcap, alignment (nil: the last query stands at the last position), details, path, workers.
  /// - Returns: [B, L, E], or [L, E], and weights and details.
  /// - Throws: ``AttentionError`` before anything is computed, also for a layer with ``appendedKeys``.
  /// - Complexity: 4·B·L·E² operations for the projections and 4·B·L·S·E for the attention, less what the mask empties.
  public func callAsFunction(
    _ query: Tensor<Scalar>, borrowing cache: KeyValueCache<Scalar>, mask: AttentionMask<Scalar> = .none,
    modifiers: AttentionModifiers<Scalar> = .none, needsWeights: HeadWeights = .none,
    options: AttentionOptions = AttentionOptions()
  ) throws(AttentionError) -> MultiHeadAttentionResult<Scalar> {
    let plan = try borrowingPlan(
      query, cache, mask: mask, modifiers: modifiers, needsWeights: needsWeights, options: options)
    var workspace = try plan.makeWorkspace()
    var output = try rethrowing { () throws(TensorError) in try Tensor<Scalar>(uninitialized: query.shape) }
    let (weights, details) = try plan.run(query, borrowing: cache, into: &output, workspace: &workspace)
    return MultiHeadAttentionResult(output: output, weights: weights, details: details)
  }

  /// Makes the layer ready for runs over a cache, up to its capacity.
  ///
  /// - Parameters:
  ///   - cache: B, and S as its capacity.
  ///   - queries: L
  ///   - mask: the mask of runs that bring none of their own; it fits the capacity.
  ///   - modifiers: sinks, dropout, programs for scores and weights.
  ///   - needsWeights: which weights the runs give.
  ///   - options: scale, softcap, details, path, workers. Without an alignment each run places its queries by the cache's lengths.
  /// - Throws: ``AttentionError`` for a cache of other heads, a layer with ``appendedKeys``, and as
  ///   ``AttentionPlan/init(cache:heads:queries:mask:modifiers:options:)``.
  public func plan(
    cache: KeyValueCache<Scalar>, queries: Int, mask: AttentionMask<Scalar> = .none,
    modifiers: AttentionModifiers<Scalar> = .none, needsWeights: HeadWeights = .none,
    options: AttentionOptions = AttentionOptions()
  ) throws(AttentionError) -> MultiHeadAttentionPlan<Scalar> {
    try MultiHeadAttentionPlan(
      layer: self, cache: cache, queries: queries, mask: mask, modifiers: modifiers, needsWeights: needsWeights,
      options: options)
  }

  /// For one run over what a cache holds now: masks are over that, not over the capacity.
  func borrowingPlan(
    _ query: Tensor<Scalar>, _ cache: KeyValueCache<Scalar>, mask: AttentionMask<Scalar>,
    modifiers: AttentionModifiers<Scalar>, needsWeights: HeadWeights, options: AttentionOptions
  ) throws(AttentionError) -> MultiHeadAttentionPlan<Scalar> {
    let sizes = try InputSizes(self, query: query, keys: cache.length)
    try check(cache, batch: sizes.batch)
    return try MultiHeadAttentionPlan(
      layer: self, cache: cache, queries: sizes.queries, mask: mask, modifiers: modifiers, needsWeights: needsWeights,
      options: options, run: (cache.length, cache.alignment(queries: sizes.queries, mask: mask)))
  }

  /// That a cache holds keys and values as this layer makes them.
  func check(_ cache: KeyValueCache<Scalar>) throws(AttentionError) {
    guard appendedKeys.count == 0 else {
      throw .argument(name: "appended keys", expected: "none in a layer with a cache", actual: "\(appendedKeys.count)")
    }
    let size = headSize
    // One by one: an array of them would be allocated in every run.
    guard cache.keyValueHeads == headCount, cache.headSize == size, cache.valueHeadSize == size else {
      throw .shape(
        name: "cache", expected: "[G, D, Dv] = [\(headCount), \(size), \(size)], as the layer's heads",
        actual: [cache.keyValueHeads, cache.headSize, cache.valueHeadSize])
    }
  }

  /// The same, and that it is of as many batch elements as the inputs.
  func check(_ cache: KeyValueCache<Scalar>, batch: Int) throws(AttentionError) {
    try check(cache)
    guard batch == cache.batch else {
      throw .argument(name: "batch", expected: "\(cache.batch), as of the cache", actual: "\(batch)")
    }
  }
}
