internal import Tensors

extension AttentionPlan {
  /// Finds out about the weights of queries over the keys of a cache, read where they lie.
  ///
  /// - Parameters:
  ///   - inspection: what to find out.
  ///   - queries: [B, H, L, D] or [B, L, H·D].
  ///   - cache: keys [B, G, S, D], S being the longest length.
  ///   - mask: replaces the plan's; nil: the plan's. Masks and biases span S positions.
  ///   - alignment: where query 0 stands; nil: as the plan's options say, or else such that the last query stands at the last position.
  /// - Returns: the figures asked for.
  /// - Throws: ``AttentionError`` before anything is computed: what ``inspect(_:queries:keys:mask:)`` throws, and
  ///   ``AttentionError/argument(name:expected:actual:)`` for a query before the window that is held.
  /// - Complexity: that of ``inspect(_:queries:keys:mask:)``.
  public func inspect(
    _ inspection: AttentionInspection, queries: Tensor<Scalar>, cache: KeyValueCache<Scalar>,
    mask: AttentionMask<Scalar>? = nil, alignment: QueryAlignment? = nil
  ) throws(AttentionError) -> AttentionInsight<Scalar> {
    let held = try actualShape(queries: queries, cache: cache, keys: cache.length)
    let mask = mask ?? self.mask
    let place = alignment ?? options.alignment ?? cache.alignment(queries: held.queries, mask: mask)
    _ = try ResolvedMask(mask, alignment: place, shape: held)
    // Scores of masked places are not among the figures.
    try cache.checkHeld(held, mask, place, [])
    let actual = try held.with(valueHeadSize: 0)
    let (q, keptQueries) = try HeadMatrices.of(queries, heads: actual.heads)
    let nothing = try rethrowing { () throws(TensorError) in try Tensor<Scalar>(zeros: [0]) }
    let output = MutableHeadMatrices(base: nothing.storage.base, strides: HeadStrides(batch: 0, head: 0, row: 0))
    let keys = cache.rows(of: .keys)
    let insight = try inspect(
      inspection,
      AttentionOperands(shape: actual, queries: q, keys: keys, values: keys, output: output, alignment: place),
      mask: cache.restricting(mask))
    withExtendedLifetime((keptQueries, nothing, cache.table)) {}
    return insight
  }
}
