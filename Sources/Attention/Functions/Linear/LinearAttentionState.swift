internal import Tensors

/// What linear attention remembers of all tokens so far: a matrix [D, Dv] for every batch element and key/value head.
///
/// Its size does not grow with the tokens. A sequence computed in pieces, each beginning with the state that the piece before left,
/// gives what the whole gives.
public struct LinearAttentionState<Scalar: BLASScalar>: Sendable, Equatable {
  /// [B, G, D, Dv]
  public internal(set) var tensor: Tensor<Scalar>

  /// - Parameter tensor: [B, G, D, Dv], such as a state saved before.
  /// - Throws: ``AttentionError/rank(name:expected:shape:)``.
  public init(_ tensor: Tensor<Scalar>) throws(AttentionError) {
    guard tensor.rank == 4 else { throw .rank(name: "state", expected: "4", shape: tensor.shape) }
    self.tensor = tensor
  }

  /// The state before the first token: zeros.
  ///
  /// - Throws: ``AttentionError/tensor(_:)`` for a size below 0, or memory not given.
  public init(batch: Int = 1, keyValueHeads: Int = 1, headSize: Int, valueHeadSize: Int) throws(AttentionError) {
    tensor = try rethrowing { () throws(TensorError) in
      try Tensor(zeros: [batch, keyValueHeads, headSize, valueHeadSize])
    }
  }

  /// Zeros for a problem.
  init(_ shape: AttentionShape) throws(AttentionError) {
    try AttentionShape.checkCount(shape.batch, shape.keyValueHeads, shape.headSize, shape.valueHeadSize, "state")
    try self.init(
      batch: shape.batch, keyValueHeads: shape.keyValueHeads, headSize: shape.headSize,
      valueHeadSize: shape.valueHeadSize)
  }

  /// That the state is one of a problem's.
  func check(_ shape: AttentionShape) throws(AttentionError) {
    let expected = [shape.batch, shape.keyValueHeads, shape.headSize, shape.valueHeadSize]
    guard tensor.shape == expected else {
      throw .shape(name: "state", expected: "[B, G, D, Dv] = \(expected)", actual: tensor.shape)
    }
  }
}

/// What a call of linear attention gives.
public struct LinearAttentionResult<Scalar: BLASScalar>: Sendable {
  /// [B, H, L, Dv], or [B, L, H·Dv] for queries of rank 3.
  public let output: Tensor<Scalar>
  /// The state after the last token: what the next piece of the sequence begins with.
  public let state: LinearAttentionState<Scalar>
}
