internal import Tensors

/// x·Wᵀ + b by BLAS as work in pieces, each of one block of the result.
struct LinearProduct<Scalar: BLASScalar>: PieceWork {
  let arithmetic: BLASArithmetic<Scalar>
  let gemm: GEMM<Scalar>
  let blocks: LinearBlocks
  let x: UnsafePointer<Scalar>
  let weight: UnsafePointer<Scalar>
  let bias: UnsafePointer<Scalar>?
  let target: UnsafeMutablePointer<Scalar>

  func run(piece: Int, worker: Int) {
    let (rows, columns) = blocks[piece]
    let c = target + rows.lowerBound * gemm.ldc + columns.lowerBound
    if let bias {
      for row in 0..<rows.count {
        (c + row * gemm.ldc).initialize(from: bias + columns.lowerBound, count: columns.count)
      }
    }
    arithmetic.product(
      false, true, rows.count, columns.count, gemm.k, 1, x + rows.lowerBound * gemm.lda, gemm.lda,
      weight + columns.lowerBound * gemm.ldb, gemm.ldb, gemm.beta, c, gemm.ldc)
  }
}
