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
    #expect(Double((0..<l).reduce(0) { $0 + problem.attendedKeys(query: $1).count }) == pairs)
    // 2·3 heads in all, 5 multiplications and additions in each of two products.
    #expect(problem.usefulOperations == 6 * pairs * 5 * 2 * 2)
  }

  /// Bands of 1s, counted by hand.
  @Test(arguments: [
    (l: 4, s: 4, window: 2, pairs: 7.0, decoded: 4),  // 1000/1100/0110/0011
    (l: 4, s: 4, window: 4, pairs: 10.0, decoded: 4),  // the causal triangle
    (l: 3, s: 5, window: 1, pairs: 3.0, decoded: 3),  // 10000/01000/00100
    (l: 5, s: 2, window: 2, pairs: 4.0, decoded: 2),  // 10/11/01/00/00
  ]) func windows(l: Int, s: Int, window: Int, pairs: Double, decoded: Int) throws {
    let problem = AttentionCase(
      "", batch: 2, heads: 3, keyValueHeads: 1, queries: l, keys: s, headSize: 5, window: window)
    #expect(problem.isCausal)
    #expect(problem.attendedPairs == pairs)
    let plan = try AttentionPlan<Float>(
      shape: problem.shape(), mask: problem.mask, options: AttentionOptions(alignment: .start))
    #expect(problem.usefulOperations == plan.usefulOperations())
    #expect(problem.decodedKeyCount == 2 * decoded * 5)
  }

  @Test(
    arguments: [
      (shape: "2,6,3,16,7,5", count: 2 * 3 * 7 * 5), (shape: "2,6,3,4,7,5,causal", count: 2 * 3 * 4 * 5),
      (shape: "1,1,1,17,7,5", count: nil), (shape: "1,32,8,1,4096,128", count: 8 * 4096 * 128),
    ] as [(shape: String, count: Int?)]) func decodedKeys(shape: String, count: Int?) throws
  {
    #expect(try AttentionCase(parsing: shape).decodedKeyCount == count)
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
