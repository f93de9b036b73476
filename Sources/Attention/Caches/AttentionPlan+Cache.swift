public import Tensors

extension AttentionPlan {
  /// A plan for runs over a cache, up to its capacity; its workspace then has room for rows to be converted, too.
  ///
  /// - Parameters:
  ///   - cache: B, G, D, Dv and, as S, the capacity.
  ///   - heads: H, a multiple of G.
  ///   - queries: the most queries of a run.
  ///   - mask: the mask of runs that bring none of their own; it fits the capacity.
  ///   - modifiers: sinks, dropout, programs.
  ///   - options: scale, softcap, details, path, workers. Without an alignment each run places its queries by the cache's lengths.
  /// - Throws: what ``init(shape:mask:modifiers:options:)`` throws.
  public init(
    cache: KeyValueCache<Scalar>, heads: Int, queries: Int, mask: AttentionMask<Scalar> = .none,
    modifiers: AttentionModifiers<Scalar> = .none, options: AttentionOptions = AttentionOptions()
  ) throws(AttentionError) {
    var fitting = options
    fitting.alignment = options.alignment ?? .end
    try self.init(
      shape: cache.attentionShape(heads: heads, queries: queries), mask: mask, modifiers: modifiers, options: fitting)
    self.options = options
    conversionCount = max(
      cache.rows(of: .keys).scratchCount(rows: shape.keys), cache.rows(of: .values).scratchCount(rows: shape.keys))
  }

  /// Computes the attention of queries over a cache into a tensor of the caller's.
  ///
  /// S is the longest batch element's length. Rows that a batch element does not have, or no longer, are masked and never read, and
  /// the cache's window is part of the mask. Causal is said as elsewhere.
  ///
  /// - Parameters:
  ///   - queries: [B, H, L, D] or [B, L, H·D].
  ///   - cache: keys [B, G, S, D] and values [B, G, S, Dv], read where they lie.
  ///   - mask: replaces the plan's; nil: the plan's. Masks and biases span S positions.
  ///   - alignment: where query 0 stands, each element's for itself; nil: as the plan's options say, or else such that the last query
  ///     stands at the last position: offsets `lengths` − L. After an append of different lengths, `.offsets(cache.pastLengths)`.
  ///   - output: [B, H, L, Dv], or [B, L, H·Dv] for queries of rank 3; written whole.
  ///   - workspace: from ``makeWorkspace()``.
  /// - Throws: ``AttentionError`` before anything is written: what a run on tensors throws, and
  ///   ``AttentionError/argument(name:expected:actual:)`` for a query before the window that is held, or when scores of masked places
  ///   are asked for of a cache that does not have all their keys.
  /// - Complexity: 2·B·H·L·S·(D + Dv) operations, less what mask, window and lengths empty. A run allocates nothing, unless its mask
  ///   must be laid out anew.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func run(
    queries: Tensor<Scalar>, cache: KeyValueCache<Scalar>, mask: AttentionMask<Scalar>? = nil,
    alignment: QueryAlignment? = nil, into output: inout Tensor<Scalar>, workspace: inout AttentionWorkspace<Scalar>
  ) throws(AttentionError) {
    try checkNoDetails()
    let actual = try actualShape(queries: queries, cache: cache, keys: cache.length)
    var details = try AttentionDetails<Scalar>([], shape: actual)
    try run(actual, queries, cache, mask, alignment, &output, &details, &workspace)
  }

  /// Computes the attention of queries over a cache into a result of the caller's, with the details that the plan's options ask
  /// for. Details of another shape than this run's are made anew.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func run(
    queries: Tensor<Scalar>, cache: KeyValueCache<Scalar>, mask: AttentionMask<Scalar>? = nil,
    alignment: QueryAlignment? = nil, into result: inout AttentionResult<Scalar>,
    workspace: inout AttentionWorkspace<Scalar>
  ) throws(AttentionError) {
    let actual = try actualShape(queries: queries, cache: cache, keys: cache.length)
    if result.details.fits(options.details, shape: actual) {
      return try run(actual, queries, cache, mask, alignment, &result.output, &result.details, &workspace)
    }
    // The old ones stay until the run has succeeded.
    var details = try AttentionDetails<Scalar>(options.details, shape: actual)
    try run(actual, queries, cache, mask, alignment, &result.output, &details, &workspace)
    result.details = details
  }

  /// Computes the attention of queries over a cache into a fresh result, with fresh scratch.
  public func callAsFunction(
    queries: Tensor<Scalar>, cache: KeyValueCache<Scalar>, mask: AttentionMask<Scalar>? = nil,
    alignment: QueryAlignment? = nil
  ) throws(AttentionError) -> AttentionResult<Scalar> {
    let actual = try actualShape(queries: queries, cache: cache, keys: cache.length)
    var result = try makeResult(actual, rank: queries.rank)
    var workspace = try makeWorkspace()
    try run(actual, queries, cache, mask, alignment, &result.output, &result.details, &workspace)
    return result
  }

  func checkNoDetails() throws(AttentionError) {
    guard options.details.isEmpty else {
      throw .argument(name: "details", expected: "none for a run into a tensor", actual: "\(options.details)")
    }
  }

  func makeResult(_ actual: AttentionShape, rank: Int) throws(AttentionError) -> AttentionResult<Scalar> {
    let output = try rethrowing { () throws(TensorError) in
      try Tensor<Scalar>(uninitialized: outputShape(actual, rank: rank))
    }
    return AttentionResult(output: output, details: try AttentionDetails(options.details, shape: actual))
  }

  func run(
    _ actual: AttentionShape, _ queries: Tensor<Scalar>, _ cache: KeyValueCache<Scalar>,
    _ mask: AttentionMask<Scalar>?, _ alignment: QueryAlignment?, _ output: inout Tensor<Scalar>,
    _ details: inout AttentionDetails<Scalar>, _ workspace: inout AttentionWorkspace<Scalar>
  ) throws(AttentionError) {
    try checkOutput(output, actual, rank: queries.rank)
    let mask = mask ?? self.mask
    let place = alignment ?? options.alignment ?? cache.alignment(queries: actual.queries, mask: mask)
    try checkHeld(actual, cache, mask, place)
    try run(
      actual, queries, cache.rows(of: .keys), cache.rows(of: .values), cache.restricting(mask), alignment: place,
      &output, &details, &workspace)
    withExtendedLifetime(cache.table) {}
  }

  /// That mask and alignment fit, and that the run reads only what is held, now or after an append.
  func checkHeld(
    _ actual: AttentionShape, _ cache: KeyValueCache<Scalar>, _ mask: AttentionMask<Scalar>,
    _ alignment: QueryAlignment, appending rows: Int = 0, lengths: [Int]? = nil
  ) throws(AttentionError) {
    // Without a window nothing is dropped, and the mask is fitted by the run itself; it is fitted once only where it can be.
    if rows > 0 || cache.window != nil { _ = try ResolvedMask(mask, alignment: alignment, shape: actual) }
    try cache.checkHeld(actual, mask, alignment, options.details, appending: rows, lengths: lengths)
  }

  func actualShape(
    queries: Tensor<Scalar>, cache: KeyValueCache<Scalar>, keys: Int
  ) throws(AttentionError) -> AttentionShape {
    let actual = try AttentionShape(queries: queries, cache: cache, keys: keys, heads: shape.heads)
    try checkCapacity(actual)
    return actual
  }
}

extension AttentionShape {
  /// The sizes of a problem from its queries and a cache.
  ///
  /// - Parameters:
  ///   - queries: [B, H, L, D] or [B, L, H·D].
  ///   - cache: B, G, D and Dv.
  ///   - keys: S.
  ///   - heads: H, needed for queries of rank 3; checked where the tensor has it too.
  init<Scalar: BLASScalar>(
    queries: Tensor<Scalar>, cache: KeyValueCache<Scalar>, keys: Int, heads: Int?
  ) throws(AttentionError) {
    let query = try HeadSizes(queries, "query", heads)
    guard query.batch == cache.batch, query.size == cache.headSize else {
      throw .shape(
        name: "query", expected: "batch \(cache.batch) and head size \(cache.headSize) to go with the cache",
        actual: queries.shape)
    }
    try self.init(
      batch: query.batch, heads: query.heads, keyValueHeads: cache.keyValueHeads, queries: query.rows, keys: keys,
      headSize: query.size, valueHeadSize: cache.valueHeadSize)
  }
}

extension KeyValueCache {
  /// The sizes of attention over the whole cache: S is the capacity.
  ///
  /// - Parameters:
  ///   - heads: H, a multiple of G.
  ///   - queries: L.
  /// - Throws: what the initialiser of ``AttentionShape`` throws.
  public func attentionShape(heads: Int, queries: Int) throws(AttentionError) -> AttentionShape {
    try AttentionShape(
      batch: batch, heads: heads, keyValueHeads: keyValueHeads, queries: queries, keys: capacity, headSize: headSize,
      valueHeadSize: valueHeadSize)
  }
}
