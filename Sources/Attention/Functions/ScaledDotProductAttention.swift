internal import Tensors

/// softmax(mask(softcap(scale·Q·Kᵀ) + bias))·V for every batch element and head.
///
/// ```swift
/// let y = try scaledDotProductAttention(queries: q, keys: k, values: v, mask: .causal)
/// ```
///
/// - Parameters:
///   - queries: [B, H, L, D], or [B, L, H·D] with `heads`. Views are read where they lie.
///   - keys: [B, G, S, D], or [B, S, G·D]; H a multiple of G, query head h using key/value head h / (H / G).
///   - values: [B, G, S, Dv], or [B, S, G·Dv].
///   - heads: H, for queries of rank 3.
///   - keyValueHeads: G, for keys and values of rank 3; nil: H.
///   - mask: what may be attended, and biases.
///   - modifiers: sinks, dropout, programs for scores and weights.
///   - alignment: where queries stand among the keys, for causal and window masks; needed when L ≠ S.
///   - scale: nil: 1/√D.
///   - softcap: c in c·tanh(score/c), before bias and mask; nil: none.
///   - path: the algorithm.
///   - workers: threads to share the work; nil: ``/Tensors/Workers/count``.
/// - Returns: [B, H, L, Dv], or [B, L, H·Dv] for queries of rank 3. A query with nothing to attend gives 0.
/// - Throws: ``AttentionError`` before anything is computed.
/// - Complexity: 2·B·H·L·S·(D + Dv) operations, less what the mask empties.
/// - SeeAlso: Vaswani et al. (2017), "Attention is all you need", section 3.2.1; ONNX `Attention`, opset 24; PyTorch
///   `scaled_dot_product_attention`.
public func scaledDotProductAttention<Scalar: BLASScalar>(
  queries: Tensor<Scalar>, keys: Tensor<Scalar>, values: Tensor<Scalar>, heads: Int? = nil, keyValueHeads: Int? = nil,
  mask: AttentionMask<Scalar> = .none, modifiers: AttentionModifiers<Scalar> = .none,
  alignment: QueryAlignment? = nil, scale: Double? = nil, softcap: Double? = nil, path: AttentionPath = .automatic,
  workers: Int? = nil
) throws(AttentionError) -> Tensor<Scalar> {
  let options = AttentionOptions(scale: scale, softcap: softcap, alignment: alignment, path: path, workers: workers)
  return try scaledDotProductAttention(
    queries: queries, keys: keys, values: values, heads: heads, keyValueHeads: keyValueHeads, mask: mask,
    modifiers: modifiers, options: options
  ).output
}

/// The same with all options in one value, giving the details that they ask for as well.
///
/// - Parameters:
///   - queries: [B, H, L, D], or [B, L, H·D] with `heads`.
///   - keys: [B, G, S, D], or [B, S, G·D].
///   - values: [B, G, S, Dv], or [B, S, G·Dv].
///   - heads: H, for queries of rank 3.
///   - keyValueHeads: G, for keys and values of rank 3; nil: H.
///   - mask: what may be attended, and biases.
///   - modifiers: sinks, dropout, programs for scores and weights.
///   - options: scale, softcap, alignment, details (weights, score stages, log-sum-exp), path, workers.
/// - Returns: the output as above, and the details.
/// - Throws: ``AttentionError`` before anything is computed.
public func scaledDotProductAttention<Scalar: BLASScalar>(
  queries: Tensor<Scalar>, keys: Tensor<Scalar>, values: Tensor<Scalar>, heads: Int? = nil, keyValueHeads: Int? = nil,
  mask: AttentionMask<Scalar> = .none, modifiers: AttentionModifiers<Scalar> = .none, options: AttentionOptions
) throws(AttentionError) -> AttentionResult<Scalar> {
  let shape = try AttentionShape(
    queries: queries, keys: keys, values: values, heads: heads, keyValueHeads: keyValueHeads)
  let plan = try AttentionPlan(shape: shape, mask: mask, modifiers: modifiers, options: options)
  return try plan(queries: queries, keys: keys, values: values)
}

/// The same on caller-owned memory, read and written where it lies; see ``HeadStrides``.
///
/// - Parameters:
///   - shape: the sizes.
///   - queries: memory that holds [B, H, L, D].
///   - queryStrides: where its rows are.
///   - keys: memory that holds [B, G, S, D].
///   - keyStrides: where its rows are.
///   - values: memory that holds [B, G, S, Dv].
///   - valueStrides: where its rows are.
///   - mask: what may be attended, and biases.
///   - modifiers: sinks, dropout, programs for scores and weights.
///   - options: scale, softcap, alignment, details, path, workers.
///   - output: memory that receives [B, H, L, Dv]; what lies between its rows is not touched.
///   - outputStrides: where its rows go.
/// - Returns: the details that the options ask for.
@discardableResult
public func scaledDotProductAttention<Scalar: BLASScalar>(
  shape: AttentionShape, queries: Span<Scalar>, queryStrides: HeadStrides, keys: Span<Scalar>,
  keyStrides: HeadStrides, values: Span<Scalar>, valueStrides: HeadStrides, mask: AttentionMask<Scalar> = .none,
  modifiers: AttentionModifiers<Scalar> = .none, options: AttentionOptions = AttentionOptions(),
  into output: inout MutableSpan<Scalar>, outputStrides: HeadStrides
) throws(AttentionError) -> AttentionDetails<Scalar> {
  let plan = try AttentionPlan(shape: shape, mask: mask, modifiers: modifiers, options: options)
  var workspace = try plan.makeWorkspace()
  return try plan.run(
    queries: queries, queryStrides: queryStrides, keys: keys, keyStrides: keyStrides, values: values,
    valueStrides: valueStrides, into: &output, outputStrides: outputStrides, workspace: &workspace)
}
