import Testing

@testable import AttentionBenchmark

@Suite struct SeededNumbersTests {
  @Test func sameSeedSameNumbers() {
    var first = SeededNumbers(seed: 7, stream: "a")
    var second = SeededNumbers(seed: 7, stream: "a")
    #expect(first.normal(101) == second.normal(101))
  }

  @Test(arguments: [(seed: UInt64(8), stream: "a"), (seed: 7, stream: "b")])
  func otherSeedOrStreamOtherNumbers(seed: UInt64, stream: String) {
    var first = SeededNumbers(seed: 7, stream: "a")
    var second = SeededNumbers(seed: seed, stream: stream)
    #expect(first.normal(101) != second.normal(101))
  }

  @Test func standardNormal() {
    var numbers = SeededNumbers(seed: 1, stream: "moments")
    let count = 40_001
    let sample = numbers.normal(count).map(Double.init)
    let mean = sample.reduce(0, +) / Double(count)
    let variance = sample.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
    // Five standard errors: 5/√n and 5·√(2/n).
    #expect(abs(mean) < 0.025)
    #expect(abs(variance - 1) < 0.036)
    #expect(sample.allSatisfy { abs($0) < 9 })
  }

  @Test func deviation() {
    var one = SeededNumbers(seed: 1, stream: "")
    var half = SeededNumbers(seed: 1, stream: "")
    #expect(half.normal(11, deviation: 0.5) == one.normal(11).map { $0 / 2 })
  }
}
