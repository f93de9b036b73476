public import Tensors

/// A = U·diag(σ)·Vᵀ: U and V of orthonormal columns, σ in descending order, none below 0.
///
/// ```swift
/// let svd = try SingularValueDecomposition(of: a)  // a [7, 3]: u [7, 3], singularValues [3], vTransposed [3, 3]
/// ```
///
/// Singular vectors are determined up to a common sign of a column of U and a row of Vᵀ, and up to rotation among equal
/// singular values.
///
/// - SeeAlso: Gu and Eisenstat (1995), "A divide-and-conquer algorithm for the bidiagonal SVD", SIAM Journal on Matrix
///   Analysis and Applications 16(1); LAPACK `xGESDD`.
public struct SingularValueDecomposition<Scalar: BLASScalar>: Sendable {
  /// U [M, K], K = min(M, N); [M, M] in full mode.
  public let u: Tensor<Scalar>
  /// σ [K], descending.
  public let singularValues: Tensor<Scalar>
  /// Vᵀ [K, N]; [N, N] in full mode.
  public let vTransposed: Tensor<Scalar>

  /// Decomposes a matrix.
  ///
  /// - Parameters:
  ///   - matrix: A [M, N], tall or wide, of any strides.
  ///   - mode: whether U and V have the columns that A needs, or all.
  /// - Throws: ``FactorizationError/rank(expected:shape:)``, ``FactorizationError/empty(shape:)``,
  ///   ``FactorizationError/notFinite(index:value:)``, ``FactorizationError/tooLarge(shape:needed:limit:)`` (from K = 23 170
  ///   on, for the workspace of 4·K² + 7·K), ``FactorizationError/notConverged(operation:shape:)``,
  ///   ``FactorizationError/overflow(operation:shape:)`` when a singular value exceeds the element type's range.
  /// - Complexity: O(M·N·K) operations, on the calling thread.
  public init(of matrix: Tensor<Scalar>, mode: FactorizationMode = .reduced) throws(FactorizationError) {
    try self.init(of: matrix, mode: mode, routines: .linked)
  }

  package init(
    of matrix: Tensor<Scalar>, mode: FactorizationMode, routines: LAPACKRoutines<Scalar>
  ) throws(FactorizationError) {
    let isFull = mode == .full
    let a = try MatrixCopy(matrix, order: .rowMajor) { rows, columns in
      let (largest, least) = (max(rows, columns), min(rows, columns))
      return max(Self.leastWork(rows, columns), isFull ? largest * largest : largest * least)
    }
    let (m, n, k) = (a.rows, a.columns, min(a.rows, a.columns))
    let (widthU, heightV) = isFull ? (m, n) : (k, k)
    let (u, values, vTransposed) = try rethrowing { () throws(TensorError) in
      (
        try Tensor<Scalar>(uninitialized: [m, widthU]), try Tensor<Scalar>(uninitialized: [k]),
        try Tensor<Scalar>(uninitialized: [heightV, n])
      )
    }
    // Row-major memory is the transpose in LAPACK's column-major eyes, and Aᵀ = V·diag(σ)·Uᵀ: what it takes for U is our Vᵀ
    // and the other way round, each already in row-major order. Nothing is transposed.
    try Self.decompose(
      a, job: isFull ? "A" : "S", values, u: vTransposed.storage.base, n, vt: u.storage.base, widthU, routines)
    (self.u, singularValues, self.vTransposed) = (u, values, vTransposed)
  }

  /// The singular values alone, [K].
  static func values(
    of matrix: Tensor<Scalar>, routines: LAPACKRoutines<Scalar>
  ) throws(FactorizationError) -> Tensor<Scalar> {
    let a = try MatrixCopy(matrix, order: .rowMajor) { rows, columns in
      Self.leastWorkWithoutVectors(rows, columns)
    }
    let values = try rethrowing { () throws(TensorError) in
      try Tensor<Scalar>(uninitialized: [min(a.rows, a.columns)])
    }
    // Vectors are not written, but their place must be an address, and its leading dimensions 1 or more.
    try decompose(a, job: "N", values, u: a.base, a.columns, vt: a.base, a.columns, routines)
    return values
  }

  /// The least workspace with vectors, of `xGESDD`'s documentation: 4·K² + 7·K with as much as a larger side needs.
  private static func leastWork(_ rows: Int, _ columns: Int) -> Int {
    let k = min(rows, columns)
    return 4 * k * k + 7 * k + max(rows, columns)
  }

  private static func leastWorkWithoutVectors(_ rows: Int, _ columns: Int) -> Int {
    let k = min(rows, columns)
    return 3 * k + max(rows, columns, 7 * k)
  }

  private static func decompose(
    _ a: MatrixCopy<Scalar>, job: Unicode.Scalar, _ values: Tensor<Scalar>, u: UnsafeMutablePointer<Scalar>, _ ldu: Int,
    vt: UnsafeMutablePointer<Scalar>, _ ldvt: Int, _ routines: LAPACKRoutines<Scalar>
  ) throws(FactorizationError) {
    let (m, n, k) = (a.rows, a.columns, min(a.rows, a.columns))
    let integers = try rethrowing { () throws(TensorError) in try Tensor<Int32>(uninitialized: [8 * k]) }
    let least = job == "N" ? leastWorkWithoutVectors(m, n) : leastWork(m, n)
    let status = try LAPACKRoutines<Scalar>.run("gesdd", least: least) { work, workCount in
      routines.decompose(
        CChar(bitPattern: UInt8(ascii: job)), Int32(n), Int32(m), a.base, Int32(n), values.storage.base, u, Int32(ldu),
        vt, Int32(ldvt), work, workCount, integers.storage.base)
    }
    withExtendedLifetime((a.tensor, integers)) {}
    let shape = [m, n]
    guard status == 0 else { throw .notConverged(operation: "singular value decomposition", shape: shape) }
    guard values.elements.allSatisfy(\.isFinite) else {
      throw .overflow(operation: "singular value decomposition", shape: shape)
    }
  }
}
