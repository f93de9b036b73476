public import Tensors

extension Tensor where Element: BLASScalar {
  /// The singular values [K] of a matrix [M, N], K = min(M, N), in descending order, none below 0.
  ///
  /// - Throws: as ``SingularValueDecomposition/init(of:mode:)``.
  /// - Complexity: O(M·N·K) operations, on the calling thread; several times less than with vectors.
  public func singularValues() throws(FactorizationError) -> Tensor {
    try singularValues(routines: .linked)
  }

  package func singularValues(routines: LAPACKRoutines<Element>) throws(FactorizationError) -> Tensor {
    try SingularValueDecomposition.values(of: self, routines: routines)
  }

  /// How many singular values of a matrix [M, N] are above a tolerance.
  ///
  /// - Parameter tolerance: nil: ε·max(M, N)·σ₁ with ε the element type's `ulpOfOne`, as numpy's `linalg.matrix_rank` has it.
  /// - Throws: as ``SingularValueDecomposition/init(of:mode:)``; ``FactorizationError/argument(name:expected:actual:)`` for a
  ///   tolerance that is negative or NaN.
  /// - Complexity: that of ``singularValues()``.
  public func numericalRank(tolerance: Double? = nil) throws(FactorizationError) -> Int {
    if let tolerance, !(tolerance >= 0) {
      throw .argument(name: "tolerance", expected: "0 or more", actual: "\(tolerance)")
    }
    let values = try singularValues().elements.map(\.asDouble)
    let relative = Element.ulpOfOne.asDouble * Double(shape.max() ?? 0)
    let limit = tolerance ?? relative * (values.first ?? 0)
    return values.count { $0 > limit }
  }

  /// The effective rank of a matrix [M, N]: exp(−Σ pᵢ·log pᵢ) with pᵢ = σᵢ / Σσ, a number in 1 ... min(M, N).
  ///
  /// It counts directions by how much they matter: n where n singular values are equal and the others 0, nearer to 1 the
  /// more one of them outweighs the rest. A matrix of zeros, for which the paper defines none, has 0.
  ///
  /// - Throws: as ``SingularValueDecomposition/init(of:mode:)``.
  /// - Complexity: that of ``singularValues()``.
  /// - SeeAlso: Roy and Vetterli (2007), "The effective rank: a measure of effective dimensionality", EUSIPCO 2007.
  public func effectiveRank() throws(FactorizationError) -> Double {
    Spectrum.effectiveRank(of: try singularValues().elements.map(\.asDouble))
  }
}
