internal import Tensors

/// Attention without a softmax, by a state of fixed size: oᵢ = scale·Sᵢᵀ·qᵢ, where Sᵢ [D, Dv] has taken in keys and values 0 … i by the
/// rule. Causal by nature; its cost grows with L, not with L².
///
/// ```swift
/// let first = try linearAttention(queries: q, keys: k, values: v, rule: .gated, decay: g)
/// let next = try linearAttention(queries: q2, keys: k2, values: v2, rule: .gated, decay: g2, state: first.state)
/// ```
///
/// - Parameters:
///   - queries: [B, H, L, D], or [B, L, H·D] with `heads`. Views are read where they lie.
///   - keys: [B, G, L, D], or [B, L, G·D]; H a multiple of G, query head h reading the state of key/value head h / (H / G). The delta
///     rules want keys of length 1: with longer ones the state may grow without bound.
///   - values: [B, G, L, Dv], or [B, L, G·Dv].
///   - heads: H, for queries of rank 3.
///   - keyValueHeads: G, for keys and values of rank 3; nil: H.
///   - rule: how the state takes in a key and its value.
///   - decay: g, logarithms, for the gated rules only. A number a key dimension, laid out as the keys are: [B, G, L, D], or [B, L, G·D];
///     or one a head: [B, G, L] or [B, G, L, 1], or [B, L, G].
///   - beta: β, for the delta rules only: [B, G, L] or [B, G, L, 1], or [B, L, G] for keys of rank 3; 1 in place of G: the same for
///     all heads.
///   - state: what the tokens before these left; nil: zeros.
///   - scale: nil: 1/√D.
///   - chunkSize: tokens that a chunk has at most; of no effect on the result beyond rounding. 32 is what was measured
///     fastest; the operator's default, for other machines, is 64.
///   - path: the algorithm.
///   - workers: threads to share the work; nil: ``/Tensors/Workers/count``.
/// - Returns: the output [B, H, L, Dv], or [B, L, H·Dv] for queries of rank 3, and the state [B, G, D, Dv] after the last token.
/// - Throws: ``AttentionError`` before anything is computed.
/// - Complexity: about 2·B·L·D·Dv·(2·G + H) operations, and in chunks of C tokens 2·B·L·C·(G + H)·(D + Dv) more.
/// - SeeAlso: ONNX `LinearAttention`, opset 27.
public func linearAttention<Scalar: BLASScalar>(
  queries: Tensor<Scalar>, keys: Tensor<Scalar>, values: Tensor<Scalar>, heads: Int? = nil, keyValueHeads: Int? = nil,
  rule: LinearAttentionRule, decay: Tensor<Scalar>? = nil, beta: Tensor<Scalar>? = nil,
  state: LinearAttentionState<Scalar>? = nil, scale: Double? = nil, chunkSize: Int = 32,
  path: LinearAttentionPath = .automatic, workers: Int? = nil
) throws(AttentionError) -> LinearAttentionResult<Scalar> {
  let options = LinearAttentionOptions(scale: scale, chunkSize: chunkSize, path: path, workers: workers)
  let operands = try LinearAttentionOperands(
    queries: queries, keys: keys, values: values, heads: heads, keyValueHeads: keyValueHeads, rule: rule, decay: decay,
    beta: beta, options: options)
  var next: LinearAttentionState<Scalar>
  if let state {
    try state.check(operands.shape)
    next = try LinearAttentionState(rethrowing { () throws(TensorError) in try state.tensor.copy() })
  } else {
    next = try LinearAttentionState(operands.shape)
  }
  let output = try operands.run(updating: &next)
  return LinearAttentionResult(output: output, state: next)
}

/// The same with the state brought up to date in place, as a decoding loop wants it.
///
/// ```swift
/// var state = try LinearAttentionState<Float>(keyValueHeads: 4, headSize: 64, valueHeadSize: 64)
/// let y = try linearAttention(queries: q, keys: k, values: v, rule: .delta, beta: b, updating: &state)
/// ```
///
/// - Parameters:
///   - queries: [B, H, L, D], or [B, L, H·D] with `heads`.
///   - keys: [B, G, L, D], or [B, L, G·D].
///   - values: [B, G, L, Dv], or [B, L, G·Dv].
///   - heads: H, for queries of rank 3.
///   - keyValueHeads: G, for keys and values of rank 3; nil: H.
///   - rule: how the state takes in a key and its value.
///   - decay: g, as above.
///   - beta: β, as above.
///   - state: before the first of these tokens; afterwards that after the last one. Copied first if its memory is shared; as it was when
///     the call throws.
///   - options: scale, chunk size, path, workers.
/// - Returns: [B, H, L, Dv], or [B, L, H·Dv] for queries of rank 3.
/// - Throws: ``AttentionError`` before anything is computed.
public func linearAttention<Scalar: BLASScalar>(
  queries: Tensor<Scalar>, keys: Tensor<Scalar>, values: Tensor<Scalar>, heads: Int? = nil, keyValueHeads: Int? = nil,
  rule: LinearAttentionRule, decay: Tensor<Scalar>? = nil, beta: Tensor<Scalar>? = nil,
  updating state: inout LinearAttentionState<Scalar>, options: LinearAttentionOptions = LinearAttentionOptions()
) throws(AttentionError) -> Tensor<Scalar> {
  let operands = try LinearAttentionOperands(
    queries: queries, keys: keys, values: values, heads: heads, keyValueHeads: keyValueHeads, rule: rule, decay: decay,
    beta: beta, options: options)
  try state.check(operands.shape)
  return try operands.run(updating: &state)
}
