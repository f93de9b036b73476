public import Tensors

extension MultiHeadAttention {
  /// Finds out about the weights of self-attention, without a matrix of them.
  ///
  /// ```swift
  /// let insight = try layer.inspect(AttentionInspection(.entropy), x, mask: .causal)
  /// ```
  ///
  /// - Parameters:
  ///   - inspection: what to find out.
  ///   - x: [B, L, E], or [L, E] for a single sequence.
  ///   - mask: what may be attended, and biases.
  ///   - modifiers: sinks, dropout, programs: the figures are of the weights after all of them.
  ///   - options: scale, softcap, alignment, workers.
  /// - Returns: the figures asked for, always with B and H; the layer's appended keys are the last of S.
  /// - Throws: ``AttentionError`` as a call of the layer, and as ``AttentionPlan/inspect(_:queries:keys:mask:)``.
  /// - Complexity: 4·B·L·E² operations for the projections, and 4·B·L²·E for the weights, less what the mask empties.
  public func inspect(
    _ inspection: AttentionInspection, _ x: Tensor<Scalar>, mask: AttentionMask<Scalar> = .none,
    modifiers: AttentionModifiers<Scalar> = .none, options: AttentionOptions = AttentionOptions()
  ) throws(AttentionError) -> AttentionInsight<Scalar> {
    try inspect(inspection, query: x, key: x, mask: mask, modifiers: modifiers, options: options)
  }

  /// Finds out about the weights of queries and keys, without a matrix of them and without values.
  ///
  /// - Parameters:
  ///   - inspection: what to find out.
  ///   - query: [B, L, E], or [L, E] for a single sequence.
  ///   - key: [B, S, keySize], or [S, keySize].
  ///   - mask: what may be attended, and biases.
  ///   - modifiers: sinks, dropout, programs: the figures are of the weights after all of them.
  ///   - options: scale, softcap, alignment, workers.
  /// - Returns: the figures asked for, always with B and H; the layer's appended keys are the last of S.
  /// - Throws: ``AttentionError`` as a call of the layer, and as ``AttentionPlan/inspect(_:queries:keys:mask:)``.
  public func inspect(
    _ inspection: AttentionInspection, query: Tensor<Scalar>, key: Tensor<Scalar>,
    mask: AttentionMask<Scalar> = .none, modifiers: AttentionModifiers<Scalar> = .none,
    options: AttentionOptions = AttentionOptions()
  ) throws(AttentionError) -> AttentionInsight<Scalar> {
    let sizes = try InputSizes(self, query: query, key: key, value: nil)
    let plan = try plan(
      batch: sizes.batch, queries: sizes.queries, keys: sizes.keys, mask: mask, modifiers: modifiers, options: options)
    var workspace = try plan.makeWorkspace()
    let inputs = try plan.project(query: query, key: key, value: nil, workspace: &workspace)
    try rotate(inputs, alignment: options.alignment, keyLengths: mask.keyLengths, workers: plan.workers)
    let extended = inputs.appending(appendedKeys)
    return try plan.attention.inspect(inspection, queries: extended.queries, keys: extended.keys)
  }

  /// Finds out about the weights of queries over the keys of a cache, its own or another layer's. Nothing is appended.
  ///
  /// - Parameters:
  ///   - inspection: what to find out.
  ///   - query: [B, L, E], or [L, E] for a single sequence.
  ///   - cache: of this layer's heads.
  ///   - mask: over the S positions that the cache has.
  ///   - modifiers: sinks, dropout, programs: the figures are of the weights after all of them.
  ///   - options: scale, softcap, alignment (nil: the last query stands at the last position), workers.
  /// - Returns: the figures asked for, always with B and H.
  /// - Throws: ``AttentionError`` as a call of the layer, and as ``AttentionPlan/inspect(_:queries:cache:mask:alignment:)``.
  public func inspect(
    _ inspection: AttentionInspection, _ query: Tensor<Scalar>, borrowing cache: KeyValueCache<Scalar>,
    mask: AttentionMask<Scalar> = .none, modifiers: AttentionModifiers<Scalar> = .none,
    options: AttentionOptions = AttentionOptions()
  ) throws(AttentionError) -> AttentionInsight<Scalar> {
    let plan = try borrowingPlan(
      query, cache, mask: mask, modifiers: modifiers, needsWeights: .none, options: options)
    var workspace = try plan.makeWorkspace()
    let queries = try plan.project(query: query, key: nil, value: nil, workspace: &workspace).queries
    try plan.rotate(queries, keys: nil, cache, lengths: nil, mask)
    return try plan.attention.inspect(inspection, queries: queries, cache: cache)
  }
}
