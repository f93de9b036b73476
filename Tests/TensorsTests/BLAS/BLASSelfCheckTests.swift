import Tensors
import Testing

@Suite struct BLASSelfCheckTests {
  @Test("The library in use passes, every case of it")
  func passes() throws {
    let check = try BLASSelfCheck.run()
    #expect(check.passed, "\(check.failures)")
    #expect(check.cases.count == 7 * 3 * 2)
    #expect(Set(check.cases.map(\.function)) == ["sgemm", "dgemm"])
    #expect(Set(check.cases.map(\.form)) == ["NN", "NT", "TN"])
    #expect(check.cases.allSatisfy { $0.bound > 0 })
  }

  private static let single: BLASArithmetic<Float>.Product = Float.arithmetic.product
  private static let double: BLASArithmetic<Double>.Product = Double.arithmetic.product

  @Test("A product with one wrong element in the last row and column is noticed")
  func wrongElement() throws {
    let check = try BLASSelfCheck.run(
      sgemm: { tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc in
        Self.single(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
        if m == 129 { c[(m - 1) * ldc + n - 1] += 0.001 }
      }, dgemm: Self.double)
    #expect(!check.passed)
    #expect(check.failures.map(\.form) == ["NN", "NT", "TN"])
    #expect(check.failures.allSatisfy { $0.function == "sgemm" && $0.m == 129 })
    #expect(check.failures[0].description.hasPrefix("sgemm NN 129×65×33: error 0.00"))
  }

  @Test("A product that computes in too few digits, ignores a transposition or keeps NaN is noticed")
  func otherFaults() throws {
    let narrow = try BLASSelfCheck.run(sgemm: Self.single) { tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc in
      Self.double(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
      for index in 0..<(m * n) { c[index] = Double(Float(c[index])) }
    }
    #expect(narrow.failures.count == 7 * 3)
    let untransposed = try BLASSelfCheck.run(sgemm: Self.single) { tA, _, m, n, k, alpha, a, lda, b, _, beta, c, ldc in
      Self.double(tA, false, m, n, k, alpha, a, lda, b, n, beta, c, ldc)
    }
    #expect(Set(untransposed.failures.map(\.form)) == ["NT"])
    let idle = try BLASSelfCheck.run(
      sgemm: { _, _, _, _, _, _, _, _, _, _, _, _, _ in }, dgemm: { _, _, _, _, _, _, _, _, _, _, _, _, _ in })
    #expect(idle.failures.count == idle.cases.count)
    #expect(idle.failures.allSatisfy { $0.error.isNaN })
  }
}
