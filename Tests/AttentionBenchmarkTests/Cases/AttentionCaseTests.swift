import Attention
import Testing

@testable import AttentionBenchmark

@Suite struct AttentionCaseTests {
  private func square(_ l: Int, _ s: Int, isCausal: Bool) -> AttentionCase {
    AttentionCase("", batch: 2, heads: 3, keyValueHeads: 1, queries: l, keys: s, headSize: 5, isCausal: isCausal)
  }

  /// Rows of 1s, counted by hand.
  @Test(arguments: [
    (l: 3, s: 3, isCausal: false, pairs: 9.0),
    (l: 3, s: 3, isCausal: true, pairs: 6.0),  // 100/110/111
    (l: 2, s: 5, isCausal: true, pairs: 3.0),  // 10000/11000
    (l: 5, s: 2, isCausal: true, pairs: 9.0),  // 10/11/11/11/11
    (l: 1, s: 7, isCausal: true, pairs: 1.0),
    (l: 1, s: 7, isCausal: false, pairs: 7.0),
  ]) func attendedPairs(l: Int, s: Int, isCausal: Bool, pairs: Double) {
    let problem = square(l, s, isCausal: isCausal)
    #expect(problem.attendedPairs == pairs)
    #expect(Double((0..<l).reduce(0) { $0 + problem.attendedKeys(query: $1) }) == pairs)
    // 2·3 heads in all, 5 multiplications and additions in each of two products.
    #expect(problem.usefulOperations == 6 * pairs * 5 * 2 * 2)
  }

  @Test func usefulOperationsOfAKnownShape() throws {
    // bert512: 4·12·512²·64
    let problem = try #require(AttentionCase.all.first { $0.name == "bert512" })
    #expect(problem.usefulOperations == 805_306_368)
  }

  @Test(arguments: AttentionCase.all.map(\.name)) func countsAsThePlanDoes(name: String) throws {
    let problem = try #require(AttentionCase.all.first { $0.name == name })
    let plan = try AttentionPlan<Float>(
      shape: problem.shape(), mask: problem.mask, options: AttentionOptions(alignment: .start))
    #expect(problem.usefulOperations == plan.usefulOperations())
  }

  @Test func namesAreUnique() {
    let names = BenchmarkCase.named.map(\.name)
    #expect(names.count == 14)
    #expect(Set(names).count == names.count)
  }
}
