/// Few rows times the transpose of a matrix, as in a linear layer at decoding: bound by reading B once, which our own kernel does
/// for all rows at a time, where BLAS packs it first (for one row `xGEMV` does not; ours reads several parts of B at once).
extension GEMM {
  /// Whether our kernel is faster than BLAS. A factor of 0 is left to BLAS, which then reads neither A nor B.
  package var isOfFewRows: Bool {
    !transposesA && transposesB && m > 0 && m <= Scalar.arithmetic.kernels.mostFewRows && n > 0 && k > 0 && alpha != 0
  }

  /// What a worker should find to read, at least: a few microseconds' worth.
  private static var leastBytesPerWorker: Int { 1 << 18 }
  /// Pieces that a worker should find, so that all end together.
  private static var piecesPerWorker: Int { 4 }
  /// Features at which C is cut: whole cache lines of Float, and a multiple of the kernel's.
  private static var featureTile: Int { 16 }

  /// Features of a piece for so many workers; all of them where the work is for one.
  package func featuresPerPiece(workers: Int) -> Int {
    let bytes = Double(n) * Double(k) * Double(MemoryLayout<Scalar>.stride)
    let byTraffic = Int(min(bytes / Double(Self.leastBytesPerWorker), 4096))
    let parts = max(1, min(workers, max(byTraffic, workersWorthwhile(workers))))
    guard parts > 1 else { return n }
    let pieces = parts * Self.piecesPerWorker
    return ((n + pieces - 1) / pieces + Self.featureTile - 1) / Self.featureTile * Self.featureTile
  }

  /// C ← α·A·Bᵀ + β·addend on memory known to be large enough, cut along B's rows over the workers.
  ///
  /// What a row of C holds depends on its row of A, on B, its addend and the factors alone, bit for bit: not on the other rows or
  /// the number of workers.
  ///
  /// - Parameters:
  ///   - a: m × k, not transposed.
  ///   - b: n × k as stored, transposed.
  ///   - c: m × n.
  ///   - addend: the first row; nil: nothing is added. It may be C.
  ///   - stride: from one addend's row to the next; 0: the same for all, a bias.
  ///   - workers: how many threads may share it.
  // Called from generic code of other modules: without this, pointers move by run-time strides.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func runFewRows(
    _ a: UnsafePointer<Scalar>, _ b: UnsafePointer<Scalar>, _ c: UnsafeMutablePointer<Scalar>,
    adding addend: UnsafePointer<Scalar>?, stride: Int, workers: Int
  ) {
    let features = featuresPerPiece(workers: workers)
    let product = FewRowsProduct(
      arithmetic: Scalar.arithmetic, gemm: self, features: features, a: a, b: b, c: c, addend: addend, stride: stride)
    FanOut.run(product, pieces: (n + features - 1) / features, workers: workers, callsBLAS: false)
  }

  /// The whole product on this thread, by whichever is faster; within a fan-out.
  package func runHere(_ a: UnsafePointer<Scalar>, _ b: UnsafePointer<Scalar>, _ c: UnsafeMutablePointer<Scalar>) {
    let arithmetic = Scalar.arithmetic
    if isOfFewRows {
      arithmetic.kernels.fewRows(
        m, n, k, alpha, a, lda, b, ldb, beta, beta == 0 ? nil : UnsafePointer(c), ldc, c, ldc)
    } else {
      arithmetic.product(transposesA, transposesB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
    }
  }
}

/// One such product as work in pieces of some features each.
private struct FewRowsProduct<Scalar: BLASScalar>: PieceWork {
  let arithmetic: BLASArithmetic<Scalar>
  let gemm: GEMM<Scalar>
  let features: Int
  let a: UnsafePointer<Scalar>
  let b: UnsafePointer<Scalar>
  let c: UnsafeMutablePointer<Scalar>
  let addend: UnsafePointer<Scalar>?
  let stride: Int

  func run(piece: Int, worker: Int) {
    let first = piece * features
    arithmetic.kernels.fewRows(
      gemm.m, min(features, gemm.n - first), gemm.k, gemm.alpha, a, gemm.lda, b + first * gemm.ldb, gemm.ldb, gemm.beta,
      addend.map { $0 + first }, stride, c + first, gemm.ldc)
  }
}
