internal import Tensors

/// All rows of a tensor, its leading axes joined, as one matrix that BLAS can read: rows at equal distances, columns
/// neighbours.
struct RowMatrix<Scalar: BLASScalar> {
  /// What keeps the memory alive: the given tensor, or a copy where its strides are not of that kind.
  let tensor: Tensor<Scalar>
  let rows: Int
  let leadingDimension: Int

  /// Rows of `tensor` before the first one.
  private let first: Int

  var base: UnsafePointer<Scalar> {
    UnsafePointer(tensor.storage.base) + tensor.layout.offset + first * leadingDimension
  }

  /// Rows that are known to lie so.
  ///
  /// - Parameters:
  ///   - tensor: whose memory it is.
  ///   - rows: how many.
  ///   - leadingDimension: from one row to the next.
  ///   - first: rows before them.
  init(_ tensor: Tensor<Scalar>, rows: Int, leadingDimension: Int, first: Int = 0) {
    (self.tensor, self.rows, self.leadingDimension, self.first) = (tensor, rows, leadingDimension, first)
  }

  /// Some of these rows.
  func rows(_ range: Range<Int>) -> RowMatrix {
    RowMatrix(tensor, rows: range.count, leadingDimension: leadingDimension, first: first + range.lowerBound)
  }

  /// - Parameter tensor: […, columns], of rank 1 or more.
  init(_ tensor: Tensor<Scalar>) throws(AttentionError) {
    let columns = tensor.layout.shape[tensor.rank - 1]
    first = 0
    if let (rows, stride) = Self.evenRows(tensor.layout) {
      (self.tensor, self.rows) = (tensor, rows)
      leadingDimension = rows > 1 ? max(stride, 1) : max(columns, 1)
      return
    }
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

  /// Rows that can be read as they lie, and from one to the next; nil where axes must be joined by a copy, or there is nothing to
  /// read. Without arrays, as every run of a layer asks.
  private static func evenRows(_ layout: TensorLayout) -> (count: Int, stride: Int)? {
    let last = layout.shape.count - 1
    let columns = layout.shape[last]
    guard columns > 0, columns == 1 || layout.strides[last] == 1 else { return nil }
    var (count, stride) = (1, columns)
    var axis = last - 1
    while axis >= 0 {
      let size = layout.shape[axis]
      if size != 1 {
        if count == 1 { stride = layout.strides[axis] } else if layout.strides[axis] != stride * count { return nil }
        count *= size
      }
      axis -= 1
    }
    return count > 0 && (count == 1 || stride >= columns) ? (count, stride) : nil
  }
}
