package import Tensors

/// The LAPACK routines of one element type, on column-major memory; a status of 0 is success, −i refuses argument i.
///
/// A value, so that a test can put a routine in that fails.
package struct LAPACKRoutines<Scalar: BLASScalar>: Sendable {
  package typealias Memory = UnsafeMutablePointer<Scalar>

  /// `geqrf`: Householder vectors below the diagonal of A [m, n], R on and above it, their factors in `tau` [min(m, n)].
  package var factorizeQR:
    @Sendable (
      _ m: Int32, _ n: Int32, _ a: Memory, _ lda: Int32, _ tau: Memory, _ work: Memory, _ workCount: Int32
    ) -> Int32

  /// `orgqr`: the first `n` columns of Q [m, m] from the first `k` Householder vectors that A holds, in their place.
  package var formQ:
    @Sendable (
      _ m: Int32, _ n: Int32, _ k: Int32, _ a: Memory, _ lda: Int32, _ tau: Memory, _ work: Memory, _ workCount: Int32
    ) -> Int32

  /// `gesdd`: singular values and, by `job` (N none, S reduced, A full), vectors of A [m, n], which is destroyed. A positive
  /// status: not converged.
  package var decompose:
    @Sendable (
      _ job: CChar, _ m: Int32, _ n: Int32, _ a: Memory, _ lda: Int32, _ values: Memory, _ u: Memory, _ ldu: Int32,
      _ vt: Memory, _ ldvt: Int32, _ work: Memory, _ workCount: Int32, _ integers: UnsafeMutablePointer<Int32>
    ) -> Int32
}

extension LAPACKRoutines {
  /// The routines of the LAPACK that is linked.
  package static var linked: LAPACKRoutines {
    if let routines = LAPACKRoutines<Float>.single as? LAPACKRoutines { return routines }
    if let routines = LAPACKRoutines<Double>.double as? LAPACKRoutines { return routines }
    preconditionFailure("\(Scalar.self): only Float and Double are BLASScalar")
  }

  /// Asks `routine` how large a workspace serves it best, and runs it with one, OpenBLAS held to one thread.
  ///
  /// - Parameters:
  ///   - least: the smallest workspace that the routine's documentation allows. It also corrects the answer, which comes as
  ///     a `Scalar`: Float rounds beyond 2²⁴.
  ///   - routine: the call, given a workspace and its count; a count of −1 asks.
  /// - Returns: the routine's status, 0 or above.
  static func run(
    _ operation: String, least: Int, _ routine: (_ work: Memory, _ workCount: Int32) -> Int32
  ) throws(FactorizationError) -> Int32 {
    var best = Scalar.zero
    try checkStatus(routine(&best, -1), operation)
    let wanted = best.nextUp.asDouble.rounded(.up)
    let count = wanted > Double(least) && wanted <= Double(Int32.max) ? Int(wanted) : least
    let work = try rethrowing { () throws(TensorError) in try Tensor<Scalar>(uninitialized: [max(count, 1)]) }
    var status: Int32 = 0
    // One piece: for the fan-out's limit on how many threads are inside OpenBLAS at once.
    FanOut.run(pieces: 1, workers: 1) { _, _ in status = routine(work.storage.base, Int32(work.count)) }
    withExtendedLifetime(work) {}
    try checkStatus(status, operation)
    return status
  }

  private static func checkStatus(_ status: Int32, _ operation: String) throws(FactorizationError) {
    guard status >= 0 else { throw .refused(operation: operation, argument: -Int(status)) }
  }
}
