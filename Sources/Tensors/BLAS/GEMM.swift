/// A matrix product C ← α·op(A)·op(B) + β·C of row-major matrices, validated once and run as often as wanted.
///
/// op(A) is m × k, op(B) is k × n and C is m × n; op transposes where asked. A leading dimension is the distance from
/// one stored row to the next, so that a part of a larger matrix (a head of a packed projection) is a matrix too. β = 0 ignores
/// what C holds, NaN included; k = 0 gives β·C.
///
/// - Complexity: 2·m·n·k floating-point operations.
/// - SeeAlso: Dongarra et al. (1990), "A set of level 3 basic linear algebra subprograms", `xGEMM`.
public struct GEMM<Scalar: BLASScalar>: Sendable {
  public let m: Int
  public let n: Int
  public let k: Int
  public let transposesA: Bool
  public let transposesB: Bool
  public let lda: Int
  public let ldb: Int
  public let ldc: Int
  public let alpha: Scalar
  public let beta: Scalar

  /// - Parameters:
  ///   - m: rows of op(A) and C.
  ///   - n: columns of op(B) and C.
  ///   - k: columns of op(A), rows of op(B).
  ///   - transposesA: A is stored as k × m.
  ///   - transposesB: B is stored as n × k.
  ///   - lda: leading dimension of A as stored; nil: no gap.
  ///   - ldb: leading dimension of B as stored; nil: no gap.
  ///   - ldc: leading dimension of C; nil: no gap.
  ///   - alpha: the product's factor.
  ///   - beta: the factor of what C held.
  /// - Throws: ``TensorError/argument(name:expected:actual:)`` for a dimension below 0 or above 2³¹ − 1, or a leading
  ///   dimension below the row length.
  public init(
    m: Int, n: Int, k: Int, transposesA: Bool = false, transposesB: Bool = false, lda: Int? = nil, ldb: Int? = nil,
    ldc: Int? = nil, alpha: Scalar = 1, beta: Scalar = 0
  ) throws(TensorError) {
    for (name, value) in [("m", m), ("n", n), ("k", k)] {
      guard value >= 0, value <= Int(Int32.max) else {
        throw .argument(name: name, expected: "0...\(Int32.max)", actual: value)
      }
    }
    let rowA = transposesA ? m : k
    let rowB = transposesB ? k : n
    self.lda = try Self.leadingDimension(lda, row: rowA, name: "lda")
    self.ldb = try Self.leadingDimension(ldb, row: rowB, name: "ldb")
    self.ldc = try Self.leadingDimension(ldc, row: n, name: "ldc")
    (self.m, self.n, self.k) = (m, n, k)
    (self.transposesA, self.transposesB) = (transposesA, transposesB)
    (self.alpha, self.beta) = (alpha, beta)
  }

  private static func leadingDimension(_ given: Int?, row: Int, name: String) throws(TensorError) -> Int {
    let least = max(1, row)
    let value = given ?? least
    guard value >= least, value <= Int(Int32.max) else {
      throw .argument(name: name, expected: "\(least)...\(Int32.max)", actual: value)
    }
    return value
  }

  /// The elements that A, B and C span in memory: the last row needs no gap after it.
  ///
  /// - Throws: ``TensorError/tooManyElements(shape:)``.
  package func extents() throws(TensorError) -> (a: Int, b: Int, c: Int) {
    (
      try Self.extent(rows: transposesA ? k : m, columns: transposesA ? m : k, ld: lda),
      try Self.extent(rows: transposesB ? n : k, columns: transposesB ? k : n, ld: ldb),
      try Self.extent(rows: m, columns: n, ld: ldc)
    )
  }

  private static func extent(rows: Int, columns: Int, ld: Int) throws(TensorError) -> Int {
    guard rows > 0, columns > 0 else { return 0 }
    let (gaps, overflows) = (rows - 1).multipliedReportingOverflow(by: ld)
    let (extent, overflowsToo) = gaps.addingReportingOverflow(columns)
    guard !overflows, !overflowsToo else { throw .tooManyElements(shape: [rows, ld]) }
    return extent
  }

  /// Computes the product in caller-owned memory.
  ///
  /// - Parameters:
  ///   - a: m × k, or k × m as stored when transposed.
  ///   - b: k × n, or n × k as stored when transposed.
  ///   - c: m × n.
  ///   - workers: how many threads may share it; nil: ``Workers/count``.
  /// - Throws: ``TensorError/spanTooShort(name:expected:actual:)`` before anything is written.
  public func callAsFunction(
    _ a: Span<Scalar>, _ b: Span<Scalar>, into c: inout MutableSpan<Scalar>, workers: Int? = nil
  ) throws(TensorError) {
    let workers = try Workers.resolved(workers)
    let extents = try extents()
    guard a.count >= extents.a else { throw .spanTooShort(name: "A", expected: extents.a, actual: a.count) }
    guard b.count >= extents.b else { throw .spanTooShort(name: "B", expected: extents.b, actual: b.count) }
    guard c.count >= extents.c else { throw .spanTooShort(name: "C", expected: extents.c, actual: c.count) }
    guard m > 0, n > 0 else { return }
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        c.withUnsafeMutableBufferPointer { c in
          guard let target = c.baseAddress else { return }
          // An empty A or B (k = 0) is never read: any address stands for it.
          run(a.baseAddress ?? UnsafePointer(target), b.baseAddress ?? UnsafePointer(target), target, workers: workers)
        }
      }
    }
  }

  /// Below this many multiplications per worker a fan-out costs more than it gains. It is also above the 10⁶ below which
  /// OpenBLAS's AVX-512 kernels take another path, with other roundings: blocks of at least this size give the whole's bits.
  private static var leastWorkPerWorker: Int { 1 << 20 }

  /// As many of `workers` as `count` products like this one can keep busy; at least 1.
  package func workersWorthwhile(_ workers: Int, count: Int = 1) -> Int {
    let work = Double(m) * Double(n) * Double(k) * Double(count)
    return max(1, min(workers, Int(min(work / Double(Self.leastWorkPerWorker), 4096))))
  }

  /// The rows at which C is cut: whole register tiles of OpenBLAS's kernels (heights of 4, 8, 12 or 16).
  private static var rowTile: Int { 48 }

  /// Where the blocks of rows of C begin, and m: at most `workers` blocks of nearly the same height, each worth its worker.
  package func rowCuts(workers: Int) -> [Int] {
    let tiles = m / Self.rowTile
    var blocks = min(workersWorthwhile(workers), tiles)
    while blocks > 1, Double(tiles / blocks * Self.rowTile) * Double(n) * Double(k) < Double(Self.leastWorkPerWorker) {
      blocks -= 1
    }
    guard blocks > 1 else { return [0, m] }
    return (0..<blocks).map { $0 * tiles / blocks * Self.rowTile } + [m]
  }

  /// The product on memory known to be large enough, cut into blocks of rows of C over the workers.
  ///
  /// Each element of C is the same sum in the same order however C is cut: with the OpenBLAS kernels that were tried (SSE3, AVX2,
  /// AVX-512) the bits do not depend on the number of workers. Few rows times a transposed matrix are our own kernel's.
  package func run(
    _ a: UnsafePointer<Scalar>, _ b: UnsafePointer<Scalar>, _ c: UnsafeMutablePointer<Scalar>, workers: Int
  ) {
    if isOfFewRows {
      return runFewRows(a, b, c, adding: beta == 0 ? nil : UnsafePointer(c), stride: ldc, workers: workers)
    }
    let product = Scalar.arithmetic.product
    let cuts = rowCuts(workers: workers)
    FanOut.run(pieces: cuts.count - 1, workers: workers) { piece, _ in
      let row = cuts[piece]
      product(
        transposesA, transposesB, cuts[piece + 1] - row, n, k, alpha, a + (transposesA ? row : row * lda), lda, b, ldb,
        beta, c + row * ldc, ldc)
    }
  }
}
