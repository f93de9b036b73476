/// A matrix B [features, size] in the order in which products A·Bᵀ of many rows read it. BLAS packs B anew for each product; who
/// multiplies by one B again and again, as a layer does by its weight, packs it once.
///
/// Memory: that of B, rounded up to some features.
package struct PackedMatrix<Scalar: BLASScalar>: Sendable {
  package let features: Int
  package let size: Int
  private let panels: TensorStorage<Scalar>

  /// Whether a product of so many rows is faster so than by BLAS, and by the kernel for few rows, on this CPU.
  package static func isWorthwhile(rows: Int) -> Bool {
    let kernels = Scalar.arithmetic.kernels
    return kernels.packsWeights && rows > kernels.mostFewRows
  }

  /// - Parameters:
  ///   - matrix: [features, size]; read here and not later.
  ///   - ld: from one row to the next.
  /// - Throws: ``TensorError/outOfMemory(bytes:)``.
  package init(
    _ matrix: UnsafePointer<Scalar>, ld: Int, features: Int, size: Int
  ) throws(TensorError) {
    let kernels = Scalar.arithmetic.kernels
    (self.features, self.size) = (features, size)
    panels = try TensorStorage(uninitializedCount: kernels.packedSize(features, size))
    kernels.pack(matrix, ld, features, size, panels.base)
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
    let product = PackedProduct(
      arithmetic: Scalar.arithmetic,
      blocks: PackedProductBlocks(rows: rows, features: wanted.count, size: size, workers: workers),
      first: wanted.lowerBound, size: size, a: a, lda: lda, panels: UnsafePointer(panels.base), bias: bias, c: c,
      ldc: ldc)
    FanOut.run(product, pieces: product.blocks.count, workers: workers, callsBLAS: false)
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

/// C [rows, features] cut into blocks: by rows as the kernel has them in the cache, and where these are too few for the workers to
/// end together, by features too.
struct PackedProductBlocks: Sendable {
  /// Rows that the kernel has in the cache at a time.
  private static var passingRows: Int { 96 }
  /// Whole panels of every instruction set, and whole cache lines.
  private static var featureTile: Int { 64 }
  /// Pieces that a worker should find.
  private static var piecesPerWorker: Int { 4 }
  /// Multiplications below which a piece costs more than it is worth.
  private static var leastWork: Double { 0x1p19 }

  private let rows: Int
  private let features: Int
  private let rowBlock: Int
  private let featureBlock: Int
  private let rowBlocks: Int
  /// Blocks in all.
  let count: Int

  init(rows: Int, features: Int, size: Int, workers: Int) {
    (self.rows, self.features) = (rows, features)
    let work = Double(rows) * Double(features) * Double(size)
    let wanted = max(1, Int(min(work / Self.leastWork, Double(workers * Self.piecesPerWorker))))
    guard workers > 1, wanted > 1 else {
      (rowBlock, featureBlock) = (rows, features)
      rowBlocks = 1
      count = rows > 0 && features > 0 ? 1 : 0
      return
    }
    rowBlock = min(rows, Self.passingRows)
    rowBlocks = (rows + rowBlock - 1) / rowBlock
    let cuts = max(1, (wanted + rowBlocks - 1) / rowBlocks)
    featureBlock = min(
      ((features + cuts - 1) / cuts + Self.featureTile - 1) / Self.featureTile * Self.featureTile, features)
    count = rowBlocks * ((features + featureBlock - 1) / featureBlock)
  }

  /// Neighbours share their features.
  subscript(_ block: Int) -> (rows: Range<Int>, features: Range<Int>) {
    let (row, feature) = (block % rowBlocks * rowBlock, block / rowBlocks * featureBlock)
    return (row..<min(row + rowBlock, rows), feature..<min(feature + featureBlock, features))
  }
}
