internal import Tensors

extension AttentionPlan {
  /// Computes the attention of caller-owned queries over a cache into caller-owned memory, read and written where they lie.
  ///
  /// - Parameters:
  ///   - queryCount: L of this run; nil: the plan's.
  ///   - queries: memory that holds [B, H, L, D].
  ///   - queryStrides: where its rows are.
  ///   - cache: keys [B, G, S, D] and values [B, G, S, Dv], S being the longest length.
  ///   - mask: replaces the plan's; nil: the plan's.
  ///   - alignment: where query 0 stands; nil: as the plan's options say, or else such that the last query stands at the last position.
  ///   - output: memory that receives [B, H, L, Dv]; what lies between its rows is not touched.
  ///   - outputStrides: where its rows go.
  ///   - workspace: from ``makeWorkspace()``.
  /// - Returns: the details that the options ask for.
  /// - Throws: ``AttentionError/spanTooShort(name:expected:actual:)``, ``AttentionError/argument(name:expected:actual:)`` for strides
  ///   that make rows overlap, and what a run on tensors over the cache throws.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  @discardableResult
  public func run(
    queryCount: Int? = nil, queries: Span<Scalar>, queryStrides: HeadStrides, cache: KeyValueCache<Scalar>,
    mask: AttentionMask<Scalar>? = nil, alignment: QueryAlignment? = nil, into output: inout MutableSpan<Scalar>,
    outputStrides: HeadStrides, workspace: inout AttentionWorkspace<Scalar>
  ) throws(AttentionError) -> AttentionDetails<Scalar> {
    let actual = try AttentionShape(
      batch: cache.batch, heads: shape.heads, keyValueHeads: cache.keyValueHeads, queries: queryCount ?? shape.queries,
      keys: cache.length, headSize: cache.headSize, valueHeadSize: cache.valueHeadSize)
    try checkCapacity(actual)
    let (b, h, l, d, dv) = (actual.batch, actual.heads, actual.queries, actual.headSize, actual.valueHeadSize)
    let queryStrides = try queryStrides.checked("queries", b, h, l, d, count: queries.count)
    let outputStrides = try outputStrides.checked("output", b, h, l, dv, count: output.count)
    try outputStrides.checkDistinct("output", b, h, l, dv)
    let mask = mask ?? self.mask
    let place = alignment ?? options.alignment ?? cache.alignment(queries: l, mask: mask)
    try checkHeld(actual, cache, mask, place)
    var details = try AttentionDetails<Scalar>(options.details, shape: actual)
    // Typed errors can't leave the closures of spans: carried out by hand.
    var failure: AttentionError?
    queries.withUnsafeBufferPointer { queries in
      output.withUnsafeMutableBufferPointer { output in
        withUnsafeTemporaryAllocation(of: Scalar.self, capacity: 1) { nothing in
          // An empty operand is never read: any address stands for it.
          guard let unused = nothing.baseAddress else { return }
          do throws(AttentionError) {
            try execute(
              AttentionOperands(
                shape: actual,
                queries: HeadMatrices(base: queries.baseAddress ?? UnsafePointer(unused), strides: queryStrides),
                keys: cache.rows(of: .keys), values: cache.rows(of: .values),
                output: MutableHeadMatrices(base: output.baseAddress ?? unused, strides: outputStrides),
                alignment: place), mask: cache.restricting(mask), &details, &workspace)
          } catch {
            failure = error
          }
        }
      }
    }
    withExtendedLifetime(cache.table) {}
    if let failure { throw failure }
    return details
  }
}
