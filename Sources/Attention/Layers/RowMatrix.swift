internal import Tensors

/// All rows of a tensor, its leading axes joined, as one matrix that BLAS can read: rows at equal distances, columns
/// neighbours.
struct RowMatrix<Scalar: BLASScalar> {
  /// What keeps the memory alive: the given tensor, or a copy where its strides are not of that kind.
  let tensor: Tensor<Scalar>
  let rows: Int
  let leadingDimension: Int

  var base: UnsafePointer<Scalar> { UnsafePointer(tensor.storage.base) + tensor.layout.offset }

  /// - Parameter tensor: […, columns], of rank 1 or more.
  init(_ tensor: Tensor<Scalar>) throws(AttentionError) {
    let columns = tensor.layout.shape[tensor.rank - 1]
    (self.tensor, rows, leadingDimension) = try rethrowing { () throws(TensorError) in
      let rows = try TensorLayout.count(of: Array(tensor.layout.shape.dropLast()))
      // Joining axes that don't follow each other evenly copies.
      var matrix = try tensor.reshaped(to: [rows, columns])
      let (rowStride, columnStride) = (matrix.layout.strides[0], matrix.layout.strides[1])
      if (columns > 1 && columnStride != 1) || (rows > 1 && rowStride < max(columns, 1)) {
        matrix = try matrix.copy()
      }
      return (matrix, rows, rows > 1 ? max(matrix.layout.strides[0], 1) : max(columns, 1))
    }
  }
}
