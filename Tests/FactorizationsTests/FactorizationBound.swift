import Tensors

/// How far factors may be from what they stand for.
///
/// Backward errors of Householder reflections are at most γ̃·‖A‖, γ̃ = c·M·N·u/(1 − c·M·N·u) with u = ε/2 (Higham 2002, "Accuracy
/// and Stability of Numerical Algorithms", theorem 19.4); in practice they grow with the longer side at most. LAPACK's own
/// tests (LAPACK Working Note 41) pass where ‖R − QᵀA‖ / (M·‖A‖·u) and ‖1 − QᵀQ‖ / (M·u) are below 30; for M ≥ N this is less
/// than a seventh of that.
enum FactorizationBound {
  /// c·n·ε, n the longer side: an error relative to the Frobenius norm.
  static func relative<Scalar: BLASScalar>(_ type: Scalar.Type, _ rows: Int, _ columns: Int) -> Double {
    2 * Double(max(rows, columns, 2)) * Double(Scalar.ulpOfOne)
  }
}
