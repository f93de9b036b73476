import Testing

@testable import Tensors

@Suite struct PackedMatrixTests {
  /// Worthwhile or not, the product is the same as BLAS's, within both sums' bounds, and its bits don't depend on the workers.
  @Test("Against BLAS, for any number of workers", arguments: [Float.self, Double.self] as [any BLASScalar.Type])
  func products(type: any BLASScalar.Type) throws {
    func check<Scalar: BLASScalar>(_: Scalar.Type) throws {
      for (m, n, k, first) in [
        (1, 1, 1, 0), (33, 70, 50, 0), (200, 333, 129, 16), (97, 1000, 61, 3), (700, 64, 385, 64),
      ] {
        let a = Matrix<Scalar>(rows: m, columns: k, gap: 3, seed: 5)
        let b = Matrix<Scalar>(rows: n + first, columns: k, gap: 1, seed: 6)
        let bias = Matrix<Scalar>(rows: 1, columns: n, gap: 0, seed: 7).elements
        var expected = (0..<m).flatMap { _ in bias[0..<n] }
        try GEMM<Scalar>(m: m, n: n, k: k, transposesB: true, lda: a.ld, ldb: b.ld, beta: 1)
          .compute(a.elements, Array(b.elements[(first * b.ld)...]), into: &expected, workers: 1)
        let packed = try PackedMatrix(b.elements, ld: b.ld, features: n + first, size: k)
        func run(workers: Int) -> [Scalar] {
          var c = [Scalar](repeating: .nan, count: m * n)
          packed.multiply(
            a.elements, lda: a.ld, rows: m, features: first..<(first + n), adding: bias, into: &c, ldc: n,
            workers: workers)
          return c
        }
        let alone = run(workers: 1)
        // |a| and |b| are at most 1, each sum's error at most (k + 1)·u·(k + 1).
        let bound = Scalar(k + 1) * Scalar(k + 1) * Scalar.ulpOfOne
        #expect(
          zip(alone, expected).allSatisfy { ($0 - $1).magnitude <= bound }, "\(Scalar.self), \(m) × \(n), size \(k)")
        for workers in [2, 3, 8] { #expect(run(workers: workers) == alone, "\(workers) workers") }
      }
    }
    try check(type)
  }

  @Test("Only for more rows than the kernel for few takes, and enough features")
  func choice() {
    let kernels = Float.arithmetic.kernels
    let (rows, features) = (kernels.mostFewRows + 1, kernels.leastPackedFeatures)
    #expect(!PackedMatrix<Float>.isWorthwhile(rows: rows - 1, features: features))
    #expect(!PackedMatrix<Float>.isWorthwhile(rows: rows, features: features - 1))
    #expect(PackedMatrix<Float>.isWorthwhile(rows: rows, features: features) == kernels.packsWeights)
  }
}
