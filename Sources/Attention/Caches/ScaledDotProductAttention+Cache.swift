public import Tensors

/// softmax(mask(softcap(scale·Q·Kᵀ) + bias))·V over the keys and values of a cache.
///
/// S is the longest batch element's length. Rows that a batch element does not have, or no longer, are masked and never read, and
/// the cache's window is part of the mask. The cache may be another layer's.
///
/// - Parameters:
///   - queries: [B, H, L, D], or [B, L, H·D] with `heads`.
///   - cache: keys [B, G, S, D] and values [B, G, S, Dv], read where they lie; H a multiple of G.
///   - heads: H, for queries of rank 3.
///   - mask: what may be attended, and biases; they span S positions. Causal is said as elsewhere.
///   - modifiers: sinks, dropout, programs for scores and weights.
///   - options: scale, softcap, alignment, details, path, workers. Without an alignment the last query stands at the last position:
///     offsets `lengths` − L.
/// - Returns: the output [B, H, L, Dv], or [B, L, H·Dv] for queries of rank 3, and the details that the options ask for.
/// - Throws: ``AttentionError`` before anything is computed.
/// - Complexity: 2·B·H·L·S·(D + Dv) operations, less what mask, window and lengths empty.
public func scaledDotProductAttention<Scalar: BLASScalar>(
  queries: Tensor<Scalar>, cache: KeyValueCache<Scalar>, heads: Int? = nil, mask: AttentionMask<Scalar> = .none,
  modifiers: AttentionModifiers<Scalar> = .none, options: AttentionOptions
) throws(AttentionError) -> AttentionResult<Scalar> {
  let shape = try AttentionShape(queries: queries, cache: cache, keys: cache.length, heads: heads)
  var options = options
  options.alignment = options.alignment ?? cache.alignment(queries: shape.queries, mask: mask)
  return try AttentionPlan(shape: shape, mask: mask, modifiers: modifiers, options: options)(
    queries: queries, cache: cache)
}

/// The same with the options one by one, giving the output alone.
///
/// - Parameters:
///   - queries: [B, H, L, D], or [B, L, H·D] with `heads`.
///   - cache: keys [B, G, S, D] and values [B, G, S, Dv].
///   - heads: H, for queries of rank 3.
///   - mask: what may be attended, and biases.
///   - modifiers: sinks, dropout, programs for scores and weights.
///   - alignment: where query 0 stands; nil: such that the last query stands at the last position.
///   - scale: nil: 1/√D.
///   - softcap: c in c·tanh(score/c), before bias and mask; nil: none.
///   - path: the algorithm.
///   - workers: threads to share the work; nil: ``/Tensors/Workers/count``.
public func scaledDotProductAttention<Scalar: BLASScalar>(
  queries: Tensor<Scalar>, cache: KeyValueCache<Scalar>, heads: Int? = nil, mask: AttentionMask<Scalar> = .none,
  modifiers: AttentionModifiers<Scalar> = .none, alignment: QueryAlignment? = nil, scale: Double? = nil,
  softcap: Double? = nil, path: AttentionPath = .automatic, workers: Int? = nil
) throws(AttentionError) -> Tensor<Scalar> {
  let options = AttentionOptions(scale: scale, softcap: softcap, alignment: alignment, path: path, workers: workers)
  return try scaledDotProductAttention(
    queries: queries, cache: cache, heads: heads, mask: mask, modifiers: modifiers, options: options
  ).output
}

/// Appends keys and values to a cache, then computes the attention of queries over all of it.
///
/// Query 0 of each batch element stands at its first new position, so that with ``AttentionMask/causal`` a sequence given in pieces,
/// or position by position, gives what it gives at once.
///
/// - Parameters:
///   - queries: [B, H, L, D], or [B, L, H·D] with `heads`.
///   - keys: [B, G, N, D] or [B, N, G·D].
///   - values: [B, G, N, Dv] or [B, N, G·Dv].
///   - cache: what they are appended to.
///   - lengths: how many of the N rows each batch element appends, from the first [B]; nil: all.
///   - heads: H, for queries of rank 3.
///   - mask: what may be attended, and biases; they span the positions after the append.
///   - modifiers: sinks, dropout, programs for scores and weights.
///   - options: scale, softcap, alignment, details, path, workers.
/// - Returns: the output [B, H, L, Dv], or [B, L, H·Dv] for queries of rank 3, and the details that the options ask for.
/// - Throws: ``AttentionError`` before anything is appended.
public func scaledDotProductAttention<Scalar: BLASScalar>(
  queries: Tensor<Scalar>, keys: Tensor<Scalar>, values: Tensor<Scalar>,
  appendingTo cache: inout KeyValueCache<Scalar>, lengths: [Int]? = nil, heads: Int? = nil,
  mask: AttentionMask<Scalar> = .none, modifiers: AttentionModifiers<Scalar> = .none, options: AttentionOptions
) throws(AttentionError) -> AttentionResult<Scalar> {
  let rows = try cache.checkAppend(keys: keys, values: values, lengths: lengths)
  let shape = try AttentionShape(
    queries: queries, cache: cache, keys: cache.length(appending: rows, lengths: lengths), heads: heads)
  var options = options
  options.alignment = options.alignment ?? .offsets(cache.lengths)
  return try AttentionPlan(shape: shape, mask: mask, modifiers: modifiers, options: options)(
    queries: queries, keys: keys, values: values, appendingTo: &cache, lengths: lengths)
}

/// The same with the options one by one, giving the output alone.
///
/// - Parameters:
///   - queries: [B, H, L, D], or [B, L, H·D] with `heads`.
///   - keys: [B, G, N, D] or [B, N, G·D].
///   - values: [B, G, N, Dv] or [B, N, G·Dv].
///   - cache: what they are appended to.
///   - lengths: how many of the N rows each batch element appends, from the first [B]; nil: all.
///   - heads: H, for queries of rank 3.
///   - mask: what may be attended, and biases.
///   - modifiers: sinks, dropout, programs for scores and weights.
///   - alignment: where query 0 stands; nil: at the first new position.
///   - scale: nil: 1/√D.
///   - softcap: c in c·tanh(score/c), before bias and mask; nil: none.
///   - path: the algorithm.
///   - workers: threads to share the work; nil: ``/Tensors/Workers/count``.
public func scaledDotProductAttention<Scalar: BLASScalar>(
  queries: Tensor<Scalar>, keys: Tensor<Scalar>, values: Tensor<Scalar>,
  appendingTo cache: inout KeyValueCache<Scalar>, lengths: [Int]? = nil, heads: Int? = nil,
  mask: AttentionMask<Scalar> = .none, modifiers: AttentionModifiers<Scalar> = .none,
  alignment: QueryAlignment? = nil, scale: Double? = nil, softcap: Double? = nil, path: AttentionPath = .automatic,
  workers: Int? = nil
) throws(AttentionError) -> Tensor<Scalar> {
  let options = AttentionOptions(scale: scale, softcap: softcap, alignment: alignment, path: path, workers: workers)
  return try scaledDotProductAttention(
    queries: queries, keys: keys, values: values, appendingTo: &cache, lengths: lengths, heads: heads, mask: mask,
    modifiers: modifiers, options: options
  ).output
}
