public import Tensors

extension AttentionPlan {
  /// Appends keys and values to a cache, then computes the attention of queries over all of it: a step of decoding, or a piece of a
  /// prefill.
  ///
  /// Query 0 of each batch element stands at its first new position, so that query i is that of new row i, also where batch elements
  /// append different numbers of rows; queries beyond an element's rows give what may be disregarded.
  ///
  /// - Parameters:
  ///   - queries: [B, H, L, D] or [B, L, H·D].
  ///   - keys: [B, G, N, D] or [B, N, G·D].
  ///   - values: [B, G, N, Dv] or [B, N, G·Dv].
  ///   - cache: what they are appended to.
  ///   - lengths: how many of the N rows each batch element appends, from the first [B]; nil: all.
  ///   - mask: replaces the plan's; nil: the plan's. With N > 1, ``AttentionMask/causal`` keeps a query from the rows after its own.
  ///   - alignment: where query 0 stands; nil: as the plan's options say, or else at the first new position.
  ///   - output: [B, H, L, Dv], or [B, L, H·Dv] for queries of rank 3; written whole.
  ///   - workspace: from ``makeWorkspace()``.
  /// - Throws: ``AttentionError`` before anything is appended or written: what ``KeyValueCache/append(keys:values:lengths:)`` and a run
  ///   over the cache throw.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func run(
    queries: Tensor<Scalar>, keys: Tensor<Scalar>, values: Tensor<Scalar>,
    appendingTo cache: inout KeyValueCache<Scalar>, lengths: [Int]? = nil, mask: AttentionMask<Scalar>? = nil,
    alignment: QueryAlignment? = nil, into output: inout Tensor<Scalar>, workspace: inout AttentionWorkspace<Scalar>
  ) throws(AttentionError) {
    try checkNoDetails()
    let rows = try cache.checkAppend(keys: keys, values: values, lengths: lengths)
    let actual = try actualShape(queries, cache, appending: rows, lengths)
    try checkAppending(actual, queries, cache, rows, lengths, mask, alignment, output)
    var details = try AttentionDetails<Scalar>([], shape: actual)
    try cache.append(keys: keys, values: values, lengths: lengths)
    try run(
      actual, queries, cache, mask, alignment ?? options.alignment ?? .offsets(cache.table.pastLengths), &output,
      &details, &workspace)
  }

  /// Appends keys and values to a cache, then computes the attention over all of it into a result of the caller's, with the details
  /// that the plan's options ask for. Details of another shape than this run's are made anew.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func run(
    queries: Tensor<Scalar>, keys: Tensor<Scalar>, values: Tensor<Scalar>,
    appendingTo cache: inout KeyValueCache<Scalar>, lengths: [Int]? = nil, mask: AttentionMask<Scalar>? = nil,
    alignment: QueryAlignment? = nil, into result: inout AttentionResult<Scalar>,
    workspace: inout AttentionWorkspace<Scalar>
  ) throws(AttentionError) {
    let rows = try cache.checkAppend(keys: keys, values: values, lengths: lengths)
    let actual = try actualShape(queries, cache, appending: rows, lengths)
    try checkAppending(actual, queries, cache, rows, lengths, mask, alignment, result.output)
    if !result.details.fits(options.details, shape: actual) {
      result.details = try AttentionDetails(options.details, shape: actual)
    }
    try cache.append(keys: keys, values: values, lengths: lengths)
    try run(
      actual, queries, cache, mask, alignment ?? options.alignment ?? .offsets(cache.table.pastLengths),
      &result.output, &result.details, &workspace)
  }

  /// Appends keys and values to a cache and gives the attention over all of it as a fresh result, with fresh scratch.
  public func callAsFunction(
    queries: Tensor<Scalar>, keys: Tensor<Scalar>, values: Tensor<Scalar>,
    appendingTo cache: inout KeyValueCache<Scalar>, lengths: [Int]? = nil, mask: AttentionMask<Scalar>? = nil,
    alignment: QueryAlignment? = nil
  ) throws(AttentionError) -> AttentionResult<Scalar> {
    let rows = try cache.checkAppend(keys: keys, values: values, lengths: lengths)
    let actual = try actualShape(queries, cache, appending: rows, lengths)
    var result = try makeResult(actual, rank: queries.rank)
    try checkAppending(actual, queries, cache, rows, lengths, mask, alignment, result.output)
    var workspace = try makeWorkspace()
    try cache.append(keys: keys, values: values, lengths: lengths)
    try run(
      actual, queries, cache, mask, alignment ?? options.alignment ?? .offsets(cache.table.pastLengths),
      &result.output, &result.details, &workspace)
    return result
  }

  // MARK: Checks

  /// The sizes of the run that comes after an append.
  private func actualShape(
    _ queries: Tensor<Scalar>, _ cache: KeyValueCache<Scalar>, appending rows: Int, _ lengths: [Int]?
  ) throws(AttentionError) -> AttentionShape {
    try actualShape(queries: queries, cache: cache, keys: cache.length(appending: rows, lengths: lengths))
  }

  /// That the run after the append would not throw, but for memory that is not given.
  private func checkAppending(
    _ actual: AttentionShape, _ queries: Tensor<Scalar>, _ cache: KeyValueCache<Scalar>, _ rows: Int,
    _ lengths: [Int]?, _ mask: AttentionMask<Scalar>?, _ alignment: QueryAlignment?, _ output: Tensor<Scalar>
  ) throws(AttentionError) {
    try checkOutput(output, actual, rank: queries.rank)
    try modifiers.validate(for: actual)
    // Before the append, the lengths are where the new rows will begin.
    try checkHeld(
      actual, cache, mask ?? self.mask, alignment ?? options.alignment ?? .offsets(cache.table.lengths),
      appending: rows, lengths: lengths)
  }
}
