public import Tensors

/// A = Q·R: Q of orthonormal columns, R upper triangular, by Householder reflections.
///
/// ```swift
/// let qr = try QRFactorization(of: a)  // a [7, 3]: q [7, 3], r [3, 3]
/// let product = try qr.q.matrixProduct(qr.r)
/// ```
///
/// Signs are LAPACK's, as numpy's `linalg.qr` gives them; ``withPositiveDiagonal()`` makes them definite.
///
/// - SeeAlso: Golub and Van Loan (2013), "Matrix Computations", 4th edition, section 5.2; LAPACK `xGEQRF`, `xORGQR`.
public struct QRFactorization<Scalar: BLASScalar>: Sendable {
  /// Q [M, K], K = min(M, N); [M, M] in full mode.
  public let q: Tensor<Scalar>
  /// R [K, N], zero below the diagonal; [M, N] in full mode.
  public let r: Tensor<Scalar>

  /// Factorises a matrix.
  ///
  /// - Parameters:
  ///   - matrix: A [M, N], tall or wide, of any strides.
  ///   - mode: whether Q has the columns that A needs, or all.
  /// - Throws: ``FactorizationError/rank(expected:shape:)``, ``FactorizationError/empty(shape:)``,
  ///   ``FactorizationError/notFinite(index:value:)``, ``FactorizationError/tooLarge(shape:needed:limit:)``,
  ///   ``FactorizationError/overflow(operation:shape:)`` when a column's length exceeds the element type's range.
  /// - Complexity: about 4·M·N·K operations, on the calling thread; two copies of A and Q.
  public init(of matrix: Tensor<Scalar>, mode: FactorizationMode = .reduced) throws(FactorizationError) {
    try self.init(of: matrix, mode: mode, routines: .linked)
  }

  package init(
    of matrix: Tensor<Scalar>, mode: FactorizationMode, routines: LAPACKRoutines<Scalar>
  ) throws(FactorizationError) {
    let isFull = mode == .full
    // Column-major: geqrf and orgqr work column by column, and both read what the former left.
    let a = try MatrixCopy(matrix, order: .columnMajor) { rows, _ in isFull ? rows * rows : 0 }
    let (m, n, k) = (a.rows, a.columns, min(a.rows, a.columns))
    let width = isFull ? m : k
    let (tau, columns, q, r) = try rethrowing { () throws(TensorError) in
      (
        try Tensor<Scalar>(uninitialized: [k]), try Tensor<Scalar>(zeros: [width, m]),
        try Tensor<Scalar>(uninitialized: [m, width]), try Tensor<Scalar>(zeros: [width, n])
      )
    }
    defer { withExtendedLifetime((tau, columns)) {} }

    _ = try LAPACKRoutines<Scalar>.run("geqrf", least: n) { work, workCount in
      routines.factorizeQR(Int32(m), Int32(n), a.base, Int32(m), tau.storage.base, work, workCount)
    }
    var isFinite = true
    for row in 0..<k {
      // Row `row` of R: from the diagonal on.
      let place = copyFinite(
        a.base + row + row * m, (1, m), to: r.storage.base + row * n + row, (n, 1), rows: 1, columns: n - row)
      isFinite = isFinite && place == nil
    }
    guard isFinite else { throw .overflow(operation: "QR factorization", shape: matrix.shape) }

    columns.storage.base.update(from: a.base, count: min(n, width) * m)
    _ = try LAPACKRoutines<Scalar>.run("orgqr", least: width) { work, workCount in
      routines.formQ(
        Int32(m), Int32(width), Int32(k), columns.storage.base, Int32(m), tau.storage.base, work, workCount)
    }
    let place = copyFinite(columns.storage.base, (1, m), to: q.storage.base, (width, 1), rows: m, columns: width)
    guard place == nil else { throw .overflow(operation: "QR factorization", shape: matrix.shape) }
    (self.q, self.r) = (q, r)
  }

  private init(q: Tensor<Scalar>, r: Tensor<Scalar>) {
    (self.q, self.r) = (q, r)
  }

  /// The same factorization with no number below 0 on R's diagonal: rows of R and columns of Q change their signs together.
  ///
  /// For a matrix of full column rank this is the only one of that kind.
  ///
  /// - Throws: ``FactorizationError/tensor(_:)`` when memory runs out.
  /// - SeeAlso: Golub and Van Loan (2013), section 5.2, on the uniqueness of the thin QR factorization.
  public func withPositiveDiagonal() throws(FactorizationError) -> QRFactorization {
    let (q, r) = try rethrowing { () throws(TensorError) in (try self.q.copy(), try self.r.copy()) }
    let (m, width, n) = (q.layout.shape[0], q.layout.shape[1], r.layout.shape[1])
    makeDiagonalPositive(q.storage.base, r.storage.base, m: m, width: width, n: n)
    return QRFactorization(q: q, r: r)
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func makeDiagonalPositive<Scalar: BLASScalar>(
  _ q: UnsafeMutablePointer<Scalar>, _ r: UnsafeMutablePointer<Scalar>, m: Int, width: Int, n: Int
) {
  for index in 0..<min(width, n) where r[index * n + index] < 0 {
    // Zeros below the diagonal stay +0.
    for column in index..<n { r[index * n + column].negate() }
    for row in 0..<m { q[row * width + index].negate() }
  }
}
