package import Tensors

extension Tensor {
  /// Rows after those of a past, head by head, as ONNX's `present_key` and `present_value` have them.
  ///
  /// - Parameters:
  ///   - past: [B, G, P, D]
  ///   - new: [B, G, S, D]
  /// - Returns: [B, G, P + S, D]
  /// - Precondition: the shapes agree but in P and S.
  package static func keyRows(past: Tensor, new: Tensor) throws -> Tensor {
    let (before, after) = (past.elements, new.elements)
    let (pastSize, newSize) = (past.shape[2] * past.shape[3], new.shape[2] * new.shape[3])
    var all: [Element] = []
    all.reserveCapacity(before.count + after.count)
    // Without elements there is nothing to join, in however many heads.
    let matrixCount = before.isEmpty && after.isEmpty ? 0 : new.shape[0] * new.shape[1]
    for matrix in 0..<matrixCount {
      all += before[(matrix * pastSize)..<((matrix + 1) * pastSize)]
      all += after[(matrix * newSize)..<((matrix + 1) * newSize)]
    }
    return try Tensor(all, shape: [new.shape[0], new.shape[1], past.shape[2] + new.shape[2], new.shape[3]])
  }
}
