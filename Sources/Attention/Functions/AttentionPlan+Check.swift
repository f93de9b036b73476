internal import Tensors

extension AttentionPlan {
  /// That a run of these sizes with this mask would not throw for either, for callers that compute what goes into it.
  ///
  /// - Parameters:
  ///   - batch: B, up to the plan's.
  ///   - queries: L, up to the plan's.
  ///   - keys: S, up to the plan's.
  ///   - mask: replaces the plan's; nil: the plan's.
  /// - Throws: ``AttentionError/capacity(name:capacity:actual:)`` for the first size beyond the plan's, and what a mask that
  ///   does not fit throws.
  /// - Complexity: that of fitting the mask once more, unless the run is one of the plan's own sizes and mask, which its
  ///   initialiser has checked.
  func check(
    batch: Int, queries: Int, keys: Int, mask: AttentionMask<Scalar>?
  ) throws(AttentionError) {
    try Self.check("batch", batch, shape.batch)
    try Self.check("queries", queries, shape.queries)
    try Self.check("keys", keys, shape.keys)
    let isPlanned = batch == shape.batch && queries == shape.queries && keys == shape.keys
    if isPlanned && mask == nil { return }
    let actual = try AttentionShape(
      batch: batch, heads: shape.heads, keyValueHeads: shape.keyValueHeads, queries: queries, keys: keys,
      headSize: shape.headSize, valueHeadSize: shape.valueHeadSize)
    _ = try ResolvedMask(mask ?? self.mask, alignment: options.alignment, shape: actual)
  }

  private static func check(_ name: String, _ size: Int, _ capacity: Int) throws(AttentionError) {
    guard size <= capacity else { throw .capacity(name: name, capacity: capacity, actual: size) }
  }
}
