import Testing

@testable import AttentionBenchmark

@Suite struct PowerLawTests {
  @Test(arguments: [(exponent: 2.0, factor: 3e-9), (1, 5), (0, 7), (-0.5, 2)])
  func findsTheLawOfExactPoints(exponent: Double, factor: Double) throws {
    let points = [128.0, 256, 512, 1024].map { x in (x: x, y: factor * power(x, exponent)) }
    let law = try #require(PowerLaw(points))
    #expect(abs(law.exponent - exponent) < 1e-12)
    #expect(abs(law.factor / factor - 1) < 1e-11)
  }

  /// Logarithms to base 2: places 0, 1, 2 and values 0, 2, 1; the line of least squares has slope 1/2 and meets 1/2 at 0.
  @Test func byHand() throws {
    let law = try #require(PowerLaw([(1, 1), (2, 4), (4, 2)]))
    #expect(abs(law.exponent - 0.5) < 1e-15)
    #expect(abs(law.factor - 2.0.squareRoot()) < 1e-15)
  }

  @Test(
    arguments: [
      [], [(2, 3)], [(2, 3), (2, 5)], [(1, 1), (2, 0)], [(0, 1), (2, 1)], [(1, 1), (2, .nan)],
      [(1, 1), (.infinity, 1)],
    ] as [[(Double, Double)]]) func nothingToFit(points: [(Double, Double)])
  {
    #expect(PowerLaw(points.map { (x: $0.0, y: $0.1) }) == nil)
  }

  /// By halves and whole steps, as tests should not use what they test with.
  private func power(_ x: Double, _ exponent: Double) -> Double {
    switch exponent {
    case 2: x * x
    case 1: x
    case 0: 1
    default: 1 / x.squareRoot()
    }
  }
}
