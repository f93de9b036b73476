import Tensors
import Testing

@Suite struct GEMMFewRowsTests {
  private static var most: Int { Float.arithmetic.kernels.mostFewRows }

  @Test("Few rows times a transposed matrix, with a factor")
  func choice() throws {
    func isChosen(
      m: Int, n: Int = 7, k: Int = 5, _ a: Bool = false, _ b: Bool = true, alpha: Float = 1
    ) throws -> Bool {
      try GEMM<Float>(m: m, n: n, k: k, transposesA: a, transposesB: b, alpha: alpha).isOfFewRows
    }
    #expect(try isChosen(m: 1) && isChosen(m: Self.most))
    #expect(try !isChosen(m: Self.most + 1) && !isChosen(m: 0))
    #expect(try !isChosen(m: 1, n: 0) && !isChosen(m: 1, k: 0))
    #expect(try !isChosen(m: 1, true, true) && !isChosen(m: 1, false, false) && !isChosen(m: 1, alpha: 0))
  }

  /// Each row as it is alone, whatever rows, workers, features and factors there are.
  @Test("Rows and workers change no bit", arguments: [Float.self, Double.self] as [any BLASScalar.Type])
  func sameBits(type: any BLASScalar.Type) throws {
    func check<Scalar: BLASScalar>(_: Scalar.Type) throws {
      let (m, n, k) = (5, 1009, 307)
      let a = Matrix<Scalar>(rows: m, columns: k, gap: 3, seed: 5)
      let b = Matrix<Scalar>(rows: n, columns: k, gap: 1, seed: 6)
      func run(_ rows: Range<Int>, workers: Int) throws -> [Scalar] {
        var c = [Scalar](repeating: 0.5, count: rows.count * n)
        try GEMM<Scalar>(m: rows.count, n: n, k: k, transposesB: true, lda: a.ld, ldb: b.ld, alpha: 0.75, beta: -2)
          .compute(Array(a.elements[(rows.lowerBound * a.ld)...]), b.elements, into: &c, workers: workers)
        return c
      }
      let all = try run(0..<m, workers: 1)
      for workers in [2, 3, 8] {
        #expect(try run(0..<m, workers: workers) == all, "\(Scalar.self), \(workers) workers")
      }
      for row in 0..<m {
        let alone = try run(row..<(row + 1), workers: 2)
        #expect(alone[...] == all[(row * n)..<((row + 1) * n)], "\(Scalar.self), row \(row)")
      }
    }
    try check(type)
  }

  @Test("Pieces: all features for one worker or little work, whole tiles else", arguments: [1, 2, 3, 8])
  func pieces(workers: Int) throws {
    for (m, n, k) in [(1, 1, 1), (1, 100, 600), (1, 2304, 768), (4, 777, 1009), (2, 50_000, 16)] {
      let gemm = try GEMM<Float>(m: m, n: n, k: k, transposesB: true)
      let features = gemm.featuresPerPiece(workers: workers)
      let bytes = n * k * 4
      if workers == 1 || bytes < 1 << 19 && m * n * k < 1 << 21 {
        #expect(features == n)
      } else {
        #expect(features % 16 == 0 && features < n)
        #expect(features * k * 4 >= 1 << 16 || features <= 16, "\(features) of \(n)×\(k)")
      }
    }
  }
}
