import Factorizations
import Support
import Tensors
import Testing

@Suite struct RankTests {
  static let hilbert = DoubleMatrix(rows: 7, columns: 7) { 1 / Double($0 + $1 + 1) }

  private func tensor(_ matrix: DoubleMatrix) throws -> Tensor<Double> {
    try Tensor(matrix.elements, shape: matrix.shape)
  }

  // numpy 2.4.6, linalg.matrix_rank, whose tolerance this is; in float32 the Hilbert matrix has two singular values below it.
  @Test func numericalRank() throws {
    let hilbert = try tensor(Self.hilbert)
    #expect(try hilbert.numericalRank() == 7)
    #expect(try hilbert.converted(to: Float.self).numericalRank() == 5)
    #expect(try hilbert.numericalRank(tolerance: 1e-3) == 4)
    #expect(try hilbert.numericalRank(tolerance: 1e-5) == 5)
    #expect(try hilbert.numericalRank(tolerance: .infinity) == 0)
    // Rows in arithmetic progression: two of them make all.
    let progression = try tensor(DoubleMatrix(rows: 5, columns: 4) { Double($0 * 4 + $1) })
    #expect(try progression.numericalRank() == 2)
    #expect(try progression.transposed(0, 1).numericalRank() == 2)
    #expect(try progression.converted(to: Float.self).numericalRank() == 2)
    #expect(try tensor(.identity(11)).numericalRank(tolerance: 0) == 11)
    #expect(try tensor(.identity(11)).numericalRank(tolerance: 1) == 0)
    #expect(try Tensor<Float>(zeros: [3, 5]).numericalRank() == 0)
  }

  @Test(arguments: [-1, -Double.infinity, .nan]) func badTolerance(_ tolerance: Double) throws {
    #expect(throws: FactorizationError.argument(name: "tolerance", expected: "0 or more", actual: "\(tolerance)")) {
      try tensor(.identity(2)).numericalRank(tolerance: tolerance)
    }
  }

  /// An error of δ = c·n·ε in each of n shares moves the entropy by at most n·δ·(1 + log(1/δ)), and its exponential by as much
  /// times that.
  private func bound(_ size: Int, _ effectiveRank: Double) -> Double {
    let delta = FactorizationBound.relative(Double.self, size, size)
    return effectiveRank * Double(size) * delta * (1 + 37)  // log(1/δ) < log(2⁵³) < 37
  }

  @Test(arguments: [1, 2, 7, 31]) func effectiveRankOfIdentity(_ size: Int) throws {
    let rank = try tensor(.identity(size)).effectiveRank()
    #expect(abs(rank - Double(size)) <= bound(size, Double(size)), "\(rank)")
  }

  @Test func effectiveRankOfRankOne() throws {
    let rank = try tensor(DoubleMatrix(rows: 7, columns: 5) { Double(($0 + 1) * (2 * $1 - 3)) }).effectiveRank()
    #expect(abs(rank - 1) <= bound(7, 1), "\(rank)")
    #expect(try Tensor<Float>(repeating: 3, shape: [1, 5]).effectiveRank() == 1)
    #expect(try Tensor<Float>(zeros: [3, 5]).effectiveRank() == 0)
  }

  // Shares 3/4 and 1/4: exp(3/4·log(4/3) + 1/4·log 4) = 4 / 3^(3/4).
  @Test func effectiveRankByHand() throws {
    let rank = try Tensor<Double>(rows: [[0, 3], [1, 0], [0, 0]]).effectiveRank()
    let expected = 4 / 27.0.squareRoot().squareRoot()
    #expect(abs(rank - expected) <= bound(3, expected), "\(rank)")
  }

  // numpy 2.4.6: exp(−Σ p·log p) of the singular values of linalg.svd.
  @Test func effectiveRankNumpyNumbers() throws {
    let rank = try tensor(Self.hilbert).effectiveRank()
    #expect(abs(rank - 1.5939553687201855) <= 2 * bound(7, rank), "\(rank)")
    let a = DoubleMatrix(rows: 5, columns: 3) { Double(3 * $0 - 2 * $1 + 1 + (5 * $0 * $1) % 7) }
    let other = try tensor(a).effectiveRank()
    #expect(abs(other - 1.729674091032034) <= 2 * bound(5, other), "\(other)")
  }

  @Test(arguments: [-1000, -3, 5, 1021]) func effectiveRankIgnoresScale(_ exponent: Int) throws {
    let scale = Double(sign: .plus, exponent: exponent, significand: 1)
    let a = try MatrixShape(rows: 7, columns: 5).matrix(Double.self).map { $0 / 16 }
    let (rank, scaled) = (try a.effectiveRank(), try a.map { $0 * scale }.effectiveRank())
    #expect(abs(rank - scaled) <= 2 * bound(7, rank), "\(rank) and \(scaled)")
    // Their sum is beyond the largest number.
    let large = try Tensor<Double>(rows: [[1e308, 0, 0], [0, 1e308, 0], [0, 0, 1e308]]).effectiveRank()
    #expect(abs(large - 3) <= bound(3, 3), "\(large)")
  }
}
