import Factorizations
import Support
import Tensors
import Testing

/// What can be done to a matrix.
enum Factorization: String, CaseIterable, CustomTestStringConvertible {
  case qr, qrFull, svd, svdFull, singularValues, numericalRank, effectiveRank

  var testDescription: String { rawValue }

  func run<Scalar: BLASScalar>(_ matrix: Tensor<Scalar>) throws(FactorizationError) {
    switch self {
    case .qr: _ = try QRFactorization(of: matrix)
    case .qrFull: _ = try QRFactorization(of: matrix, mode: .full)
    case .svd: _ = try SingularValueDecomposition(of: matrix)
    case .svdFull: _ = try SingularValueDecomposition(of: matrix, mode: .full)
    case .singularValues: _ = try matrix.singularValues()
    case .numericalRank: _ = try matrix.numericalRank()
    case .effectiveRank: _ = try matrix.effectiveRank()
    }
  }
}

@Suite struct FactorizationErrorTests {
  @Test(arguments: Factorization.allCases) func rankAndEmpty(_ factorization: Factorization) throws {
    for shape in [[], [3], [2, 3, 5]] {
      #expect(throws: FactorizationError.rank(expected: "2: [M, N]", shape: shape)) {
        try factorization.run(Tensor<Double>(zeros: shape))
      }
    }
    for shape in [[0, 3], [3, 0], [0, 0]] {
      #expect(throws: FactorizationError.empty(shape: shape)) {
        try factorization.run(Tensor<Float>(zeros: shape))
      }
    }
  }

  @Test(arguments: Factorization.allCases) func notFinite(_ factorization: Factorization) throws {
    for (value, name) in [(Float.nan, "nan"), (.infinity, "inf"), (-.infinity, "-inf")] {
      var matrix = try Tensor<Float>(repeating: 1, shape: [5, 3])
      matrix[4, 0] = .nan
      matrix[3, 1] = value
      #expect(throws: FactorizationError.notFinite(index: [3, 1], value: name)) { try factorization.run(matrix) }
      // Places are those of the view.
      #expect(throws: FactorizationError.notFinite(index: [0, 3], value: name)) {
        try factorization.run(matrix.converted(to: Double.self).transposed(0, 1).sliced(axis: 0, 1..<3))
      }
    }
  }

  // One element repeated: as large as is wanted, and refused before anything is copied.
  @Test(arguments: Factorization.allCases) func tooLarge(_ factorization: Factorization) throws {
    for (shape, needed) in [
      ([1 << 31, 1], 1 << 31), ([1, 1 << 31], 1 << 31), ([1 << 40, 1 << 20], 1 << 40), ([46341, 46341], 2_147_488_281),
    ] {
      let matrix = try Tensor<Float>([1], shape: [1, 1]).broadcast(to: shape)
      #expect(throws: FactorizationError.tooLarge(shape: shape, needed: needed, limit: 2_147_483_647)) {
        try factorization.run(matrix)
      }
    }
  }

  @Test func tooLargeFactors() throws {
    let column = try Tensor<Double>([1], shape: [1, 1]).broadcast(to: [46341, 1])
    for factorization in [Factorization.qrFull, .svdFull] {
      #expect(throws: FactorizationError.tooLarge(shape: [46341, 1], needed: 2_147_488_281, limit: 2_147_483_647)) {
        try factorization.run(column)
      }
    }
    // 4·K² + 7·K + K for vectors.
    let square = try Tensor<Double>([1], shape: [1, 1]).broadcast(to: [23170, 23170])
    for factorization in [Factorization.svd, .svdFull] {
      #expect(throws: FactorizationError.tooLarge(shape: [23170, 23170], needed: 2_147_580_960, limit: 2_147_483_647)) {
        try factorization.run(square)
      }
    }
  }

  // √2·3e38 and 2·3e38 are beyond Float, not beyond Double.
  @Test func overflow() throws {
    let matrix = try Tensor<Float>(repeating: 3e38, shape: [2, 2])
    #expect(throws: FactorizationError.overflow(operation: "QR factorization", shape: [2, 2])) {
      try QRFactorization(of: matrix)
    }
    for factorization in [Factorization.svd, .singularValues, .effectiveRank] {
      #expect(throws: FactorizationError.overflow(operation: "singular value decomposition", shape: [2, 2])) {
        try factorization.run(matrix)
      }
    }
    let wide = try matrix.converted(to: Double.self)
    let values = Comparison(
      try wide.singularValues(), [2 * Double(Float(3e38)), 0], shape: [2],
      absolute: FactorizationBound.relative(Double.self, 2, 2) * 6e38)
    #expect(values.isWithin, "\(values)")
  }

  @Test func descriptions() {
    for (error, text) in [
      (FactorizationError.rank(expected: "2: [M, N]", shape: [3]), "shape [3] is of rank 1, expected rank 2: [M, N]"),
      (.empty(shape: [0, 3]), "shape [0, 3] has no elements, expected at least one row and one column"),
      (.notFinite(index: [3, 1], value: "nan"), "the element at [3, 1] is nan, expected finite numbers"),
      (
        .tooLarge(shape: [5, 7], needed: 35, limit: 31),
        "a matrix of shape [5, 7] needs integers up to 35, LAPACK's end at 31"
      ),
      (.argument(name: "gain", expected: "a finite number", actual: "inf"), "gain is inf, expected a finite number"),
      (.notConverged(operation: "QR", shape: [2, 3]), "QR of a matrix of shape [2, 3] did not converge"),
      (
        .overflow(operation: "QR", shape: [2, 3]),
        "QR of a matrix of shape [2, 3] gives numbers beyond the range of its element type"
      ),
      (.refused(operation: "gesdd", argument: 4), "LAPACK's gesdd refused its argument 4"),
      (.tensor(.outOfMemory(bytes: 8)), "the system gave no 8 bytes"),
    ] { #expect("\(error)" == text) }
  }
}
