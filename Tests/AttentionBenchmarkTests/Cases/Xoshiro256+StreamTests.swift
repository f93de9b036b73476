import Attention
import Testing

@testable import AttentionBenchmark

@Suite("Xoshiro256 by seed and stream") struct Xoshiro256StreamTests {
  @Test func sameSeedSameNumbers() throws {
    var first = Xoshiro256(seed: 7, stream: "a")
    var second = Xoshiro256(seed: 7, stream: "a")
    #expect(try first.normal(101) == second.normal(101))
  }

  @Test(arguments: [(seed: UInt64(8), stream: "a"), (seed: 7, stream: "b"), (seed: 7, stream: "")])
  func otherSeedOrStreamOtherNumbers(seed: UInt64, stream: String) throws {
    var first = Xoshiro256(seed: 7, stream: "a")
    var second = Xoshiro256(seed: seed, stream: stream)
    let (a, b) = (try first.normal(101), try second.normal(101))
    #expect(zip(a, b).allSatisfy { $0 != $1 })
  }

  // FNV-1a of "a" is af63dc4c8601ec8c (Fowler, Noll and Vo's test vectors).
  @Test func theStreamIsHashedIntoTheSeed() {
    #expect(Xoshiro256(seed: 7, stream: "a") == Xoshiro256(seed: 0xaf63_dc4c_8601_ec8c ^ 7))
  }

  @Test func deviation() throws {
    var one = Xoshiro256(seed: 1, stream: "")
    var half = Xoshiro256(seed: 1, stream: "")
    #expect(try half.normal(11, deviation: 0.5) == one.normal(11).map { $0 / 2 })
  }
}
