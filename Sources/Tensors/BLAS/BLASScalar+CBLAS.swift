internal import COpenBLAS

// The only lines of the package that call BLAS. Arguments have been checked before (GEMM's initialiser, or the plan); the
// conversions to BLAS's 32-bit integers trap rather than truncate. Empty products never reach BLAS: 0.3.21 reads and
// checks pointers even where there is nothing to do (OpenMathLib/OpenBLAS #2914).

extension Float: BLASScalar {
  public static let arithmetic = BLASArithmetic<Float>(
    product: { transposesA, transposesB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc in
      guard m > 0, n > 0 else { return }
      guard k > 0 else { return scaleRows(c, m, n, ldc, by: beta) }
      cblas_sgemm(
        CblasRowMajor, transposesA ? CblasTrans : CblasNoTrans, transposesB ? CblasTrans : CblasNoTrans,
        Int32(m), Int32(n), Int32(k), alpha, a, Int32(lda), b, Int32(ldb), beta, c, Int32(ldc))
    },
    vectorProduct: { transposesA, m, n, alpha, a, lda, x, incrementX, beta, y, incrementY in
      let length = transposesA ? n : m
      guard length > 0 else { return }
      guard m > 0, n > 0 else { return scaleRows(y, length, 1, incrementY, by: beta) }
      cblas_sgemv(
        CblasRowMajor, transposesA ? CblasTrans : CblasNoTrans, Int32(m), Int32(n), alpha, a, Int32(lda), x,
        Int32(incrementX), beta, y, Int32(incrementY))
    },
    kernels: RowKernels<Float>.selected, fused: FusedKernels<Float>.selected)
}

extension Double: BLASScalar {
  public static let arithmetic = BLASArithmetic<Double>(
    product: { transposesA, transposesB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc in
      guard m > 0, n > 0 else { return }
      guard k > 0 else { return scaleRows(c, m, n, ldc, by: beta) }
      cblas_dgemm(
        CblasRowMajor, transposesA ? CblasTrans : CblasNoTrans, transposesB ? CblasTrans : CblasNoTrans,
        Int32(m), Int32(n), Int32(k), alpha, a, Int32(lda), b, Int32(ldb), beta, c, Int32(ldc))
    },
    vectorProduct: { transposesA, m, n, alpha, a, lda, x, incrementX, beta, y, incrementY in
      let length = transposesA ? n : m
      guard length > 0 else { return }
      guard m > 0, n > 0 else { return scaleRows(y, length, 1, incrementY, by: beta) }
      cblas_dgemv(
        CblasRowMajor, transposesA ? CblasTrans : CblasNoTrans, Int32(m), Int32(n), alpha, a, Int32(lda), x,
        Int32(incrementX), beta, y, Int32(incrementY))
    },
    kernels: RowKernels<Double>.selected, fused: FusedKernels<Double>.selected)
}

/// C ← β·C, with β = 0 overwriting whatever stands there, NaN included, as BLAS does.
private func scaleRows<Scalar: BinaryFloatingPoint>(
  _ c: UnsafeMutablePointer<Scalar>, _ rows: Int, _ columns: Int, _ ld: Int, by beta: Scalar
) {
  for row in 0..<rows {
    for column in 0..<columns {
      let index = row * ld + column
      c[index] = beta == 0 ? 0 : beta * c[index]
    }
  }
}
