internal import Tensors

/// Weights summed over queries, in several parts of their own until they are added up in order, so that no two workers write to
/// one place and the sums do not depend on who is first.
struct KeyTotals<Scalar: BLASScalar> {
  /// [B, H, S], of zeros: part 0, and the sum of all in the end; nil: keys are not summed.
  let result: UnsafeMutablePointer<Scalar>?
  /// [parts − 1, B, H, S], of zeros.
  let others: Tensor<Scalar>
  /// B·H·S
  let count: Int

  /// - Parameters:
  ///   - result: the first part's memory, of zeros; nil: nothing is summed.
  ///   - parts: how many, 1 or more.
  ///   - shape: the problem's.
  init(_ result: UnsafeMutablePointer<Scalar>?, parts: Int, shape: AttentionShape) throws(AttentionError) {
    self.result = result
    count = shape.batch * shape.heads * shape.keys
    let sizes = [result == nil ? 0 : parts - 1, shape.batch, shape.heads, shape.keys]
    others = try rethrowing { () throws(TensorError) in try Tensor(zeros: sizes) }
  }

  func part(_ index: Int) -> UnsafeMutablePointer<Scalar>? {
    index == 0 ? result : result.map { _ in others.storage.base + (index - 1) * count }
  }

  /// Adds the other parts to the first.
  func addUp() {
    guard let result, count > 0 else { return }
    for part in 0..<(others.count / count) {
      Scalar.arithmetic.kernels.axpy(1, others.storage.base + part * count, result, count)
    }
  }
}
