/// What a call gave besides its output; what was not asked for is nil.
public struct AttentionDetails<Scalar: BLASScalar>: Sendable {
  /// Scaled QKᵀ [B, H, L, S].
  public internal(set) var rawScores: Tensor<Scalar>?
  /// After softcap [B, H, L, S].
  public internal(set) var cappedScores: Tensor<Scalar>?
  /// After bias and mask [B, H, L, S].
  public internal(set) var maskedScores: Tensor<Scalar>?
  /// Probabilities [B, H, L, S].
  public internal(set) var weights: Tensor<Scalar>?
  /// log Σⱼ e^score [B, H, L].
  public internal(set) var logSumExp: Tensor<Scalar>?

  /// Fresh memory for what is asked for.
  init(_ set: AttentionDetailSet, shape: AttentionShape) throws(AttentionError) {
    if !set.isDisjoint(with: .matrices) {
      try AttentionShape.checkCount(shape.batch, shape.heads, shape.queries, shape.keys, "scores")
    }
    func matrix(_ detail: AttentionDetailSet) throws(AttentionError) -> Tensor<Scalar>? {
      guard set.contains(detail) else { return nil }
      return try rethrowing { () throws(TensorError) in try Tensor<Scalar>(uninitialized: shape.scoresShape) }
    }
    rawScores = try matrix(.rawScores)
    cappedScores = try matrix(.cappedScores)
    maskedScores = try matrix(.maskedScores)
    weights = try matrix(.weights)
    if set.contains(.logSumExp) {
      logSumExp = try rethrowing { () throws(TensorError) in
        try Tensor<Scalar>(uninitialized: [shape.batch, shape.heads, shape.queries])
      }
    }
  }
}

/// An attention call's output, and the details that were asked for.
public struct AttentionResult<Scalar: BLASScalar>: Sendable {
  /// [B, H, L, Dv], or [B, L, H·Dv] for queries of rank 3.
  public internal(set) var output: Tensor<Scalar>
  public internal(set) var details: AttentionDetails<Scalar>

  /// Probabilities [B, H, L, S], if asked for.
  public var weights: Tensor<Scalar>? { details.weights }
  /// log Σⱼ e^score [B, H, L], if asked for.
  public var logSumExp: Tensor<Scalar>? { details.logSumExp }
}

extension AttentionDetails {
  /// Whether what a set asks for, and nothing else, is here in a problem's shape.
  func fits(_ set: AttentionDetailSet, shape: AttentionShape) -> Bool {
    // As most runs ask; shapes are arrays.
    if set.isEmpty {
      return rawScores == nil && cappedScores == nil && maskedScores == nil && weights == nil && logSumExp == nil
    }
    func matches(_ tensor: Tensor<Scalar>?, _ detail: AttentionDetailSet, _ expected: [Int]) -> Bool {
      set.contains(detail) ? tensor?.shape == expected && tensor?.isContiguous == true : tensor == nil
    }
    let scores = shape.scoresShape
    return matches(rawScores, .rawScores, scores) && matches(cappedScores, .cappedScores, scores)
      && matches(maskedScores, .maskedScores, scores) && matches(weights, .weights, scores)
      && matches(logSumExp, .logSumExp, [shape.batch, shape.heads, shape.queries])
  }
}
