/// A matrix B [features, size] in the order in which products A·Bᵀ of many rows read it. BLAS packs B anew for each product; who
/// multiplies by one B again and again, as a layer does by its weight, packs it once.
///
/// Memory: that of B, rounded up to some features.
package final class PackedMatrix<Scalar: BLASScalar>: Sendable {
  package let features: Int
  package let size: Int
  private let panels: TensorStorage<Scalar>

  /// Whether a product of so many rows with a matrix of so many should be faster so than by BLAS, and by the kernel for few rows, on
  /// this CPU.
  package static func isWorthwhile(rows: Int, features: Int) -> Bool {
    let arithmetic = Scalar.arithmetic
    return arithmetic.kernels.packsWeights && rows > arithmetic.kernels.mostFewRows
      && features >= arithmetic.kernels.leastPackedFeatures
  }

  /// Bytes held.
  package var byteCount: Int { panels.count * MemoryLayout<Scalar>.stride }

  /// - Parameters:
  ///   - matrix: [features, size]; read here and not later.
  ///   - ld: from one row to the next.
  /// - Throws: ``TensorError/outOfMemory(bytes:)``.
  package init(
    _ matrix: UnsafePointer<Scalar>, ld: Int, features: Int, size: Int
  ) throws(TensorError) {
    let arithmetic = Scalar.arithmetic
    (self.features, self.size) = (features, size)
    panels = try TensorStorage(uninitializedCount: arithmetic.kernels.packedSize(features, size))
    arithmetic.kernels.pack(matrix, ld, features, size, panels.base)
  }

  /// C ← A·Bᵀ + bias, on memory known to be large enough, cut over the workers.
  ///
  /// An element of C depends on its row of A, its feature and the bias alone, bit for bit: not on what else is computed, nor on the
  /// number of workers. Allocates nothing.
  ///
  /// - Parameters:
  ///   - a: [rows, size].
  ///   - lda: from one row of A to the next.
  ///   - wanted: the features that are computed: columns of C.
  ///   - bias: from the first of them on; nil: none.
  ///   - c: [rows, wanted].
  ///   - ldc: from one row of C to the next.
  ///   - workers: threads that may share it.
  /// - Complexity: 2·rows·wanted·size operations.
  // Called from generic code of other modules: without this, pointers move by run-time strides.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func multiply(
    _ a: UnsafePointer<Scalar>, lda: Int, rows: Int, features wanted: Range<Int>, adding bias: UnsafePointer<Scalar>?,
    into c: UnsafeMutablePointer<Scalar>, ldc: Int, workers: Int
  ) {
    precondition(wanted.lowerBound >= 0 && wanted.upperBound <= features, "features \(wanted) of \(features)")
    let product = PackedProduct(
      arithmetic: Scalar.arithmetic,
      blocks: PackedProductBlocks(
        rows: rows, features: wanted.count, size: size, passingRows: Scalar.arithmetic.kernels.passingRows,
        workers: workers),
      first: wanted.lowerBound, size: size, a: a, lda: lda, panels: UnsafePointer(panels.base), bias: bias, c: c,
      ldc: ldc)
    FanOut.run(
      product, pieces: product.blocks.count, workers: product.blocks.workers, callsBLAS: false)
    withExtendedLifetime(panels) {}
  }
}

/// One product as work in pieces.
private struct PackedProduct<Scalar: BLASScalar>: PieceWork {
  let arithmetic: BLASArithmetic<Scalar>
  let blocks: PackedProductBlocks
  let first: Int
  let size: Int
  let a: UnsafePointer<Scalar>
  let lda: Int
  let panels: UnsafePointer<Scalar>
  let bias: UnsafePointer<Scalar>?
  let c: UnsafeMutablePointer<Scalar>
  let ldc: Int

  func run(piece: Int, worker: Int) {
    let (rows, features) = blocks[piece]
    arithmetic.kernels.packedProduct(
      rows.count, first + features.lowerBound, features.count, size, a + rows.lowerBound * lda, lda, panels,
      bias.map { $0 + features.lowerBound }, c + rows.lowerBound * ldc + features.lowerBound, ldc)
  }
}
