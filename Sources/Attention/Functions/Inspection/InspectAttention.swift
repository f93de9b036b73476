public import Tensors

/// Finds out about the weights softmax(mask(softcap(scale·Q·Kᵀ) + bias)) for every batch element and head, without a matrix
/// of them: how sharp each query's are, where they are greatest, how much each key is attended.
///
/// ```swift
/// let insight = try inspectAttention(AttentionInspection(.entropy), queries: q, keys: k, mask: .causal)
/// ```
///
/// - Parameters:
///   - inspection: what to find out.
///   - queries: [B, H, L, D], or [B, L, H·D] with `heads`.
///   - keys: [B, G, S, D], or [B, S, G·D]; H a multiple of G.
///   - heads: H, for queries of rank 3.
///   - keyValueHeads: G, for keys of rank 3; nil: H.
///   - mask: what may be attended, and biases.
///   - modifiers: sinks, dropout, programs for scores and weights: the figures are of the weights after all of them.
///   - alignment: where queries stand among the keys, for causal and window masks; needed when L ≠ S.
///   - scale: nil: 1/√D.
///   - softcap: c in c·tanh(score/c), before bias and mask; nil: none.
///   - workers: threads to share the work; nil: ``/Tensors/Workers/count``.
/// - Returns: the figures asked for.
/// - Throws: ``AttentionError`` before anything is computed.
/// - Complexity: 4·B·H·L·S·D operations, less what the mask empties; memory for the figures, a tile for each worker, and nothing
///   that grows with L × S.
public func inspectAttention<Scalar: BLASScalar>(
  _ inspection: AttentionInspection, queries: Tensor<Scalar>, keys: Tensor<Scalar>, heads: Int? = nil,
  keyValueHeads: Int? = nil, mask: AttentionMask<Scalar> = .none, modifiers: AttentionModifiers<Scalar> = .none,
  alignment: QueryAlignment? = nil, scale: Double? = nil, softcap: Double? = nil, workers: Int? = nil
) throws(AttentionError) -> AttentionInsight<Scalar> {
  let shape = try AttentionShape(
    queries: queries, keys: keys, values: keys, heads: heads, keyValueHeads: keyValueHeads)
  let options = AttentionOptions(scale: scale, softcap: softcap, alignment: alignment, workers: workers)
  let plan = try AttentionPlan(shape: shape, mask: mask, modifiers: modifiers, options: options)
  return try plan.inspect(inspection, queries: queries, keys: keys, mask: nil)
}
