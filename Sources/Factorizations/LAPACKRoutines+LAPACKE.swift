internal import CLAPACKE
internal import Tensors

// The only lines of the package that call LAPACK, with arguments that have been checked. Column-major, and the functions with
// a workspace of the caller's: LAPACKE's row-major calls would transpose in and out at every step, into memory of their own.

extension LAPACKRoutines<Float> {
  static let single = LAPACKRoutines(
    factorizeQR: { m, n, a, lda, tau, work, workCount in
      LAPACKE_sgeqrf_work(LAPACK_COL_MAJOR, m, n, a, lda, tau, work, workCount)
    },
    formQ: { m, n, k, a, lda, tau, work, workCount in
      LAPACKE_sorgqr_work(LAPACK_COL_MAJOR, m, n, k, a, lda, tau, work, workCount)
    },
    decompose: { job, m, n, a, lda, values, u, ldu, vt, ldvt, work, workCount, integers in
      LAPACKE_sgesdd_work(LAPACK_COL_MAJOR, job, m, n, a, lda, values, u, ldu, vt, ldvt, work, workCount, integers)
    })
}

extension LAPACKRoutines<Double> {
  static let double = LAPACKRoutines(
    factorizeQR: { m, n, a, lda, tau, work, workCount in
      LAPACKE_dgeqrf_work(LAPACK_COL_MAJOR, m, n, a, lda, tau, work, workCount)
    },
    formQ: { m, n, k, a, lda, tau, work, workCount in
      LAPACKE_dorgqr_work(LAPACK_COL_MAJOR, m, n, k, a, lda, tau, work, workCount)
    },
    decompose: { job, m, n, a, lda, values, u, ldu, vt, ldvt, work, workCount, integers in
      LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, job, m, n, a, lda, values, u, ldu, vt, ldvt, work, workCount, integers)
    })
}
