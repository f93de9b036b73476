internal import Tensors

/// A copy of a matrix for LAPACK to overwrite, checked on the way: rank 2, not empty, within 32-bit integers, finite.
///
/// NaN and infinities are an error here rather than LAPACK's to find: LAPACKE's own check looks for NaN alone and can be
/// turned off from outside, and what iterates may not end on an infinity.
struct MatrixCopy<Scalar: BLASScalar> {
  enum Order {
    case rowMajor
    case columnMajor
  }

  /// What the copy is made for, beyond holding the matrix: its largest count of elements.
  typealias Need = (_ rows: Int, _ columns: Int) -> Int

  let rows: Int
  let columns: Int
  /// Row-major [rows, columns], or [columns, rows] for column-major order.
  let tensor: Tensor<Scalar>

  var base: UnsafeMutablePointer<Scalar> { tensor.storage.base }

  /// - Parameters:
  ///   - matrix: [M, N], of any strides.
  ///   - order: of the copy.
  ///   - need: the largest count that the factorization will use. Called for sizes whose product fits 32 bits.
  init(_ matrix: Tensor<Scalar>, order: Order, need: Need) throws(FactorizationError) {
    let shape = matrix.shape
    guard shape.count == 2 else { throw .rank(expected: "2: [M, N]", shape: shape) }
    let (rows, columns) = (shape[0], shape[1])
    guard rows > 0, columns > 0 else { throw .empty(shape: shape) }
    (self.rows, self.columns) = (rows, columns)
    // LAPACK computes places within a matrix in the same 32 bits as sizes.
    try Self.checkLimit(max(rows, columns), shape: shape)
    try Self.checkLimit(rows * columns, shape: shape)
    try Self.checkLimit(need(rows, columns), shape: shape)

    let isRowMajor = order == .rowMajor
    tensor = try rethrowing { () throws(TensorError) in
      try Tensor<Scalar>(uninitialized: isRowMajor ? [rows, columns] : [columns, rows])
    }
    let place = copyFinite(
      matrix.storage.base + matrix.layout.offset, (matrix.layout.strides[0], matrix.layout.strides[1]),
      to: tensor.storage.base, isRowMajor ? (columns, 1) : (1, rows), rows: rows, columns: columns)
    withExtendedLifetime(matrix) {}
    if let place { throw .notFinite(index: [place.row, place.column], value: "\(place.value)") }
  }

  private static func checkLimit(_ needed: Int, shape: [Int]) throws(FactorizationError) {
    guard needed <= Int(Int32.max) else {
      throw .tooLarge(shape: shape, needed: needed, limit: Int(Int32.max))
    }
  }
}

/// Copies a matrix from one pair of strides (row to row, column to column) to another, and tells the first element, in
/// row-major order, that is not finite.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
@discardableResult
func copyFinite<Scalar: BLASScalar>(
  _ source: UnsafePointer<Scalar>, _ from: (row: Int, column: Int), to target: UnsafeMutablePointer<Scalar>,
  _ to: (row: Int, column: Int), rows: Int, columns: Int
) -> (row: Int, column: Int, value: Scalar)? {
  var first: (row: Int, column: Int, value: Scalar)?
  for row in 0..<rows {
    for column in 0..<columns {
      let value = source[row * from.row + column * from.column]
      target[row * to.row + column * to.column] = value
      if !value.isFinite, first == nil { first = (row, column, value) }
    }
  }
  return first
}
