internal import Tensors

extension MultiHeadAttention {
  /// Self-attention: query, key and value are one input, projected by one matrix product.
  ///
  /// - Parameters:
  ///   - x: [B, L, E], or [L, E] for a single sequence.
  ///   - mask: what may be attended, and biases; for PyTorch's masks see
  ///     ``AttentionMask/ignoring(torchAttentionMask:headCount:)``.
  ///   - path: the algorithm.
  ///   - workers: threads to share the work; nil: ``/Tensors/Workers/count``.
  /// - Returns: [B, L, E], or [L, E].
  /// - Throws: ``AttentionError`` before anything is computed.
  /// - Complexity: 8·B·L·E² operations for the projections and 4·B·L²·E for the attention, less what the mask empties.
  public func callAsFunction(
    _ x: Tensor<Scalar>, mask: AttentionMask<Scalar> = .none, path: AttentionPath = .automatic, workers: Int? = nil
  ) throws(AttentionError) -> Tensor<Scalar> {
    try self(query: x, key: x, value: x, mask: mask, path: path, workers: workers)
  }

  /// Self-attention with all options, giving weights and details as well.
  public func callAsFunction(
    _ x: Tensor<Scalar>, mask: AttentionMask<Scalar> = .none, modifiers: AttentionModifiers<Scalar> = .none,
    needsWeights: HeadWeights, options: AttentionOptions
  ) throws(AttentionError) -> MultiHeadAttentionResult<Scalar> {
    try self(query: x, key: x, value: x, mask: mask, modifiers: modifiers, needsWeights: needsWeights, options: options)
  }

  /// Attention of a query to keys and values; inputs that are one and the same tensor are projected together.
  ///
  /// - Parameters:
  ///   - query: [B, L, E], or [L, E] for a single sequence.
  ///   - key: [B, S, keySize], or [S, keySize].
  ///   - value: [B, S, valueSize], or [S, valueSize].
  ///   - mask: what may be attended, and biases.
  ///   - alignment: where queries stand among the keys, for causal and window masks; needed when L ≠ S.
  ///   - path: the algorithm.
  ///   - workers: threads to share the work; nil: ``/Tensors/Workers/count``.
  /// - Returns: [B, L, E], or [L, E].
  /// - Throws: ``AttentionError`` before anything is computed.
  /// - Complexity: 4·B·L·E² + 2·B·S·E·(keySize + valueSize) operations for the projections and 4·B·L·S·E for the
  ///   attention, less what the mask empties.
  public func callAsFunction(
    query: Tensor<Scalar>, key: Tensor<Scalar>, value: Tensor<Scalar>, mask: AttentionMask<Scalar> = .none,
    alignment: QueryAlignment? = nil, path: AttentionPath = .automatic, workers: Int? = nil
  ) throws(AttentionError) -> Tensor<Scalar> {
    try self(
      query: query, key: key, value: value, mask: mask, needsWeights: .none,
      options: AttentionOptions(alignment: alignment, path: path, workers: workers)
    ).output
  }

  /// The same with all options in one value, giving weights and details as well.
  ///
  /// - Parameters:
  ///   - query: [B, L, E], or [L, E] for a single sequence.
  ///   - key: [B, S, keySize], or [S, keySize].
  ///   - value: [B, S, valueSize], or [S, valueSize].
  ///   - mask: what may be attended, and biases.
  ///   - modifiers: sinks, dropout, programs for scores and weights.
  ///   - needsWeights: whether weights are given, and which; needs a value for every score.
  ///   - options: scale, softcap, alignment, details, path, workers.
  public func callAsFunction(
    query: Tensor<Scalar>, key: Tensor<Scalar>, value: Tensor<Scalar>, mask: AttentionMask<Scalar> = .none,
    modifiers: AttentionModifiers<Scalar> = .none, needsWeights: HeadWeights, options: AttentionOptions
  ) throws(AttentionError) -> MultiHeadAttentionResult<Scalar> {
    let sizes = try InputSizes(self, query: query, key: key, value: value)
    let plan = try plan(
      batch: sizes.batch, queries: sizes.queries, keys: sizes.keys, mask: mask, modifiers: modifiers,
      needsWeights: needsWeights, options: options)
    var workspace = try plan.makeWorkspace()
    return try plan(query: query, key: key, value: value, workspace: &workspace)
  }
}

/// B, L and S of a call, from its inputs.
struct InputSizes {
  let batch: Int
  let queries: Int
  let keys: Int
  /// Whether the inputs have a batch axis.
  let isBatched: Bool

  init<Scalar: BLASScalar>(
    _ layer: MultiHeadAttention<Scalar>, query: Tensor<Scalar>, key: Tensor<Scalar>, value: Tensor<Scalar>?
  ) throws(AttentionError) {
    let (q, k, v) = (query.layout.shape, key.layout.shape, value?.layout.shape)
    let order = layer.axisOrder
    guard q.count == 2 || q.count == 3 else {
      throw .rank(name: "query", expected: "3: \(order.letters("L", "E")), or 2: [L, E]", shape: q)
    }
    let isBatched = q.count == 3
    func checkRank(_ name: String, _ shape: [Int]) throws(AttentionError) {
      guard shape.count == q.count else {
        throw .rank(name: name, expected: "\(q.count), as query of shape \(q)", shape: shape)
      }
    }
    try checkRank("key", k)
    if let v { try checkRank("value", v) }
    self.isBatched = isBatched
    let rowAxis = isBatched ? order.rowAxis : 0
    batch = isBatched ? q[order.batchAxis] : 1
    let (batch, queries, keys) = (batch, q[rowAxis], k[rowAxis])
    (self.queries, self.keys) = (queries, keys)
    func check(_ name: String, _ actual: [Int], _ rows: Int, _ size: Int, _ reason: String) throws(AttentionError) {
      // Axis by axis: an array of them would be allocated in every run.
      let fits =
        actual[rowAxis] == rows && actual[actual.count - 1] == size
        && (!isBatched || actual[order.batchAxis] == batch)
      guard !fits else { return }
      let expected = isBatched ? order.shape(batch: batch, rows: rows, size: size) : [rows, size]
      throw .shape(name: name, expected: "\(expected), \(reason)", actual: actual)
    }
    try check("query", q, queries, layer.embeddingSize, "the layer's embedding size")
    try check("key", k, keys, layer.keySize, "query's batch and the layer's key size")
    guard let v else { return }
    try check("value", v, keys, layer.valueSize, "query's batch, key's rows and the layer's value size")
  }

  /// For queries alone, against keys that are there.
  init<Scalar: BLASScalar>(
    _ layer: MultiHeadAttention<Scalar>, query: Tensor<Scalar>, keys: Int
  ) throws(AttentionError) {
    let (shape, order) = (query.layout.shape, layer.axisOrder)
    guard shape.count == 2 || shape.count == 3 else {
      throw .rank(name: "query", expected: "3: \(order.letters("L", "E")), or 2: [L, E]", shape: shape)
    }
    isBatched = shape.count == 3
    batch = isBatched ? shape[order.batchAxis] : 1
    queries = shape[isBatched ? order.rowAxis : 0]
    self.keys = keys
    guard shape[shape.count - 1] == layer.embeddingSize else {
      let size = layer.embeddingSize
      let expected = isBatched ? order.shape(batch: batch, rows: queries, size: size) : [queries, size]
      throw .shape(name: "query", expected: "\(expected), the layer's embedding size", actual: shape)
    }
  }
}
