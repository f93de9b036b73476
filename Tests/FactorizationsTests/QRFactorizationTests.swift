import Factorizations
import Support
import Tensors
import Testing

@Suite struct QRFactorizationTests {
  // 3-4-5: q₁ = (3, 4)/5, r₁₂ = q₁·(1, 2) = 11/5, and what is left of (1, 2) is (−8, 6)/25, of length 2/5.
  @Test func byHand() throws {
    let qr = try QRFactorization(of: Tensor<Double>(rows: [[3, 1], [4, 2]])).withPositiveDiagonal()
    #expect(qr.r[1, 0] == 0)
    let q = Comparison(qr.q, [0.6, -0.8, 0.8, 0.6], shape: [2, 2], absolute: 1e-15)
    let r = Comparison(qr.r, [5, 2.2, 0, 0.4], shape: [2, 2], absolute: 4e-15)
    #expect(q.isWithin, "\(q)")
    #expect(r.isWithin, "\(r)")
  }

  @Test(arguments: MatrixShape.all, FactorizationMode.allCases)
  func identities(_ shape: MatrixShape, _ mode: FactorizationMode) throws {
    try check(shape, mode, Float.self)
    try check(shape, mode, Double.self)
  }

  private func check<Scalar: BLASScalar>(_ shape: MatrixShape, _ mode: FactorizationMode, _ type: Scalar.Type) throws {
    let a = try shape.matrix(type)
    let given = a.elements
    let qr = try QRFactorization(of: a, mode: mode)
    #expect(a.elements == given)
    let width = mode == .full ? shape.rows : shape.least
    #expect(qr.q.shape == [shape.rows, width])
    #expect(qr.r.shape == [width, shape.columns])
    #expect(qr.q.isContiguous && qr.r.isContiguous)

    for factors in [qr, try qr.withPositiveDiagonal()] {
      let (q, r) = (DoubleMatrix(factors.q), DoubleMatrix(factors.r))
      let bound = FactorizationBound.relative(type, shape.rows, shape.columns)
      let orthonormal = comparison(q.transposed * q, .identity(width), within: bound)
      #expect(orthonormal.isWithin, "QᵀQ in \(type): \(orthonormal)")
      let product = comparison(q * r, DoubleMatrix(a), within: bound * DoubleMatrix(a).norm)
      #expect(product.isWithin, "QR in \(type): \(product)")
      for row in 0..<width {
        #expect((0..<min(row, shape.columns)).allSatisfy { r[row, $0] == 0 }, "row \(row) of R")
      }
    }
    let positive = DoubleMatrix(try qr.withPositiveDiagonal().r)
    #expect((0..<shape.least).allSatisfy { positive[$0, $0] > 0 })
  }

  // numpy 2.4.6, linalg.qr(mode="complete") in float64 of a[i][j] = 3i − 2j + 1 + (5ij mod 7); "reduced" gave the same left
  // three columns. Its signs are LAPACK's, and so are ours.
  @Test func numpyNumbers() throws {
    let a = DoubleMatrix(rows: 5, columns: 3) { Double(3 * $0 - 2 * $1 + 1 + (5 * $0 * $1) % 7) }
    let q = [
      [-0.05463583647081527, 0.47935220941246887, 0.6215948559916746, -0.6115760849713288, -0.08264933151786612],
      [-0.21854334588326121, -0.5056541139069799, 0.5857987319890412, 0.28880762824255846, -0.5195986167495407],
      [-0.38245085529570716, 0.05128871376429715, -0.5175926038218615, -0.3607412163439201, -0.6731006480635722],
      [-0.546358364708153, 0.608231541435574, 0.048856871949540026, 0.5736033253561797, 0.011796631721700986],
      [-0.7102658741205988, -0.3767747818838747, 0.013060747946906925, -0.28880762824255846, 0.5195986167495403],
    ]
    let r = [
      [-18.303005217723125, -21.52651956950123, -18.24836938125231], [0, -4.539708715752654, -2.902415160969325],
      [0, 0, -4.192016359551635], [0, 0, 0], [0, 0, 0],
    ]
    let tensor = try Tensor(a.elements, shape: [5, 3])
    let full = try QRFactorization(of: tensor, mode: .full)
    let reduced = try QRFactorization(of: tensor)
    // Both backward errors, magnified by what κ(A) = σ₁/σ₃ = 12 does to Q.
    let bound = 2 * 12 * FactorizationBound.relative(Double.self, 5, 3)
    for (actual, expected, shape, scale) in [
      (full.q, q.flatMap { $0 }, [5, 5], 1), (full.r, r.flatMap { $0 }, [5, 3], a.norm),
      (reduced.q, q.flatMap { $0.prefix(3) }, [5, 3], 1), (reduced.r, r.prefix(3).flatMap { $0 }, [3, 3], a.norm),
    ] {
      let result = Comparison(actual, expected, shape: shape, absolute: bound * scale)
      #expect(result.isWithin, "\(result)")
    }
  }

  @Test func rankDeficient() throws {
    let rows = [[1.0, 2, 3], [2, 4, 6], [0, 0, 0], [3, 6, 9], [1, 2, 3]]
    let qr = try QRFactorization(of: Tensor(rows: rows))
    let (q, r) = (DoubleMatrix(qr.q), DoubleMatrix(qr.r))
    let bound = FactorizationBound.relative(Double.self, 5, 3)
    let orthonormal = comparison(q.transposed * q, .identity(3), within: bound)
    #expect(orthonormal.isWithin, "\(orthonormal)")
    let a = DoubleMatrix(try Tensor(rows: rows))
    let product = comparison(q * r, a, within: bound * a.norm)
    #expect(product.isWithin, "\(product)")
    let zero = try QRFactorization(of: Tensor<Float>(zeros: [3, 2]))
    #expect(zero.r.elements == [0, 0, 0, 0])
    #expect(zero.q.elements == [1, 0, 0, 1, 0, 0])
  }

  // Lengths whose squares underflow or overflow.
  @Test(arguments: [-140, -70, 70, 120]) func scaled(_ exponent: Int) throws {
    let a = try MatrixShape(rows: 7, columns: 3).matrix(Float.self)
    let scale = Float(sign: .plus, exponent: exponent, significand: 1)
    let qr = try QRFactorization(of: try a.map { $0 * scale })
    // What the numbers lost below the smallest normal one stands beside the error of the algorithm.
    let bound = FactorizationBound.relative(Float.self, 7, 3) + Double(Float.leastNonzeroMagnitude / scale)
    let product = comparison(
      DoubleMatrix(qr.q) * DoubleMatrix(try Tensor(qr.r.doubles.map { $0 / Double(scale) }, shape: [3, 3])),
      DoubleMatrix(a), within: 2 * bound * DoubleMatrix(a).norm)
    #expect(product.isWithin, "\(product)")
  }
}
