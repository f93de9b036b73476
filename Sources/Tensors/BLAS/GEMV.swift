/// A matrix–vector product y ← α·op(A)·x + β·y, A row-major of `rows` × `columns`.
///
/// - Complexity: 2·rows·columns floating-point operations; bound by reading A once.
public struct GEMV<Scalar: BLASScalar>: Sendable {
  public let rows: Int
  public let columns: Int
  public let transposes: Bool
  public let lda: Int
  public let alpha: Scalar
  public let beta: Scalar

  /// - Parameters:
  ///   - rows: rows of A as stored.
  ///   - columns: columns of A as stored.
  ///   - transposes: y = Aᵀ·x instead of A·x.
  ///   - lda: leading dimension of A; nil: no gap.
  ///   - alpha: the product's factor.
  ///   - beta: the factor of what y held; 0 ignores it, NaN included.
  /// - Throws: ``TensorError/argument(name:expected:actual:)`` for a dimension below 0 or above 2³¹ − 1, or a leading
  ///   dimension below `columns`.
  public init(
    rows: Int, columns: Int, transposes: Bool = false, lda: Int? = nil, alpha: Scalar = 1, beta: Scalar = 0
  ) throws(TensorError) {
    for (name, value) in [("rows", rows), ("columns", columns)] where value < 0 || value > Int(Int32.max) {
      throw .argument(name: name, expected: "0...\(Int32.max)", actual: value)
    }
    // The same rules as a product with a matrix of one column.
    let product = try GEMM<Scalar>(m: rows, n: 1, k: columns, lda: lda)
    (self.rows, self.columns, self.transposes, self.lda) = (rows, columns, transposes, product.lda)
    (self.alpha, self.beta) = (alpha, beta)
  }

  /// Computes y in caller-owned memory, on the calling thread.
  ///
  /// - Throws: ``TensorError/spanTooShort(name:expected:actual:)`` before anything is written.
  public func callAsFunction(
    _ a: Span<Scalar>, _ x: Span<Scalar>, into y: inout MutableSpan<Scalar>
  ) throws(TensorError) {
    let extent = try GEMM<Scalar>(m: rows, n: 1, k: columns, lda: lda).extents().a
    let (lengthX, lengthY) = transposes ? (rows, columns) : (columns, rows)
    guard a.count >= extent else { throw .spanTooShort(name: "A", expected: extent, actual: a.count) }
    guard x.count >= lengthX else { throw .spanTooShort(name: "x", expected: lengthX, actual: x.count) }
    guard y.count >= lengthY else { throw .spanTooShort(name: "y", expected: lengthY, actual: y.count) }
    guard lengthY > 0 else { return }
    a.withUnsafeBufferPointer { a in
      x.withUnsafeBufferPointer { x in
        y.withUnsafeMutableBufferPointer { y in
          guard let target = y.baseAddress else { return }
          let unread = UnsafePointer(target)
          FanOut.run(pieces: 1, workers: 1) { _, _ in
            Scalar.arithmetic.vectorProduct(
              transposes, rows, columns, alpha, a.baseAddress ?? unread, lda, x.baseAddress ?? unread, 1, beta,
              target, 1)
          }
        }
      }
    }
  }
}
