internal import Tensors

/// Which attention weights a multi-head layer gives.
public enum HeadWeights: String, Sendable, Hashable, CaseIterable {
  /// None: no path needs to keep a score matrix.
  case none
  /// The mean over heads [B, L, S] (PyTorch's default).
  case averaged
  /// Those of every head [B, H, L, S].
  case perHead
}

/// A multi-head layer's output, and the weights and details that were asked for.
public struct MultiHeadAttentionResult<Scalar: BLASScalar>: Sendable {
  /// [B, L, E], or [L, E] for inputs of rank 2.
  public internal(set) var output: Tensor<Scalar>
  /// [B, L, S] averaged or [B, H, L, S] per head, without B for inputs of rank 2; nil: not asked for.
  public internal(set) var weights: Tensor<Scalar>?
  /// What `options.details` asked for; always with B and H.
  public internal(set) var details: AttentionDetails<Scalar>
}

extension Tensor where Element: BLASScalar {
  /// [B, H, L, S], contiguous → the mean over H [B, L, S].
  ///
  /// - Complexity: reads B·H·L·S elements once.
  func averagedOverHeads() throws(AttentionError) -> Tensor {
    let (batch, heads, rows) = (layout.shape[0], layout.shape[1], layout.shape[2] * layout.shape[3])
    let mean = try rethrowing { () throws(TensorError) in
      try Tensor(zeros: [batch, layout.shape[2], layout.shape[3]])
    }
    guard rows > 0 else { return mean }
    let kernels = Element.arithmetic.kernels
    let divisor = Element(heads)
    for element in 0..<batch {
      let sum = mean.storage.base + element * rows
      for head in 0..<heads {
        kernels.axpy(1, storage.base + layout.offset + (element * heads + head) * rows, sum, rows)
      }
      // One row of the sum's elements: divided, so that weights of 1 average to exactly 1.
      withUnsafePointer(to: divisor) { kernels.divideRows(sum, 1, rows, rows, $0, sum, rows) }
    }
    withExtendedLifetime(self) {}
    return mean
  }
}
