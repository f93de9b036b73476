import Attention
import Testing

@testable import AttentionBenchmark

@Suite struct LadderStepTests {
  /// Every step on primes, grouped heads, causal and not, a window, L on both sides of S and of the size of a call.
  static let problems = [
    AttentionCase("many", batch: 2, heads: 6, keyValueHeads: 3, queries: 67, keys: 71, headSize: 11),
    AttentionCase("causal", batch: 2, heads: 6, keyValueHeads: 2, queries: 131, keys: 131, headSize: 5, isCausal: true),
    AttentionCase("window", batch: 1, heads: 2, keyValueHeads: 1, queries: 67, keys: 71, headSize: 7, window: 13),
    AttentionCase("one", batch: 2, heads: 6, keyValueHeads: 3, queries: 1, keys: 71, headSize: 11),
  ]

  @Test(arguments: LadderStep.allCases, problems.indices) func agreesWithDouble(step: LadderStep, problem: Int) throws {
    let workload = try AttentionWorkload(Self.problems[problem], seed: 5)
    let rows = Array(0..<workload.rowCount)
    let exact = workload.exactRows(rows, workers: 1)
    for contender in try step.contenders(workload, threads: [1, 2, 3]) {
      // Twice, as nothing may be left of the first time.
      for _ in 0..<2 { try contender.run() }
      let agreement = Agreement(contender.output(), exact, rows: rows, rowSize: workload.rowSize)
      #expect(agreement.maxError < 2e-6, "\(contender.path): \(agreement)")
      #expect(contender.scratchBytes > 0)
    }
  }

  @Test func contendersAreThoseOfTheSteps() throws {
    let workload = try AttentionWorkload(Self.problems[0], seed: 5)
    let all = try LadderStep.allCases.flatMap { try $0.contenders(workload, threads: [1, 2, 3]) }
    #expect(
      all.map { "\($0.path) on \($0.threads)" } == [
        "unrolled on 1", "blas, row on 1", "blas, whole on 1", "blas on 1", "tiled, 64 on 1", "tiled on 1",
        "fused, head on 1", "fused on 1", "fused on 2", "fused on 3",
      ])
    #expect(Set(LadderStep.allCases.map(\.words)).count == LadderStep.allCases.count)
  }

  @Test(
    arguments: [
      ("1,12,12,512,512,64", [.headwise: "no heads share their keys"]),
      (
        "1,32,8,1,4096,128",
        [
          .rows: "there is one query only", .whole: "there is one query only",
          .smallTiles: "there are no more than 64 queries",
        ]
      ),
      ("1,8,4,64,7,64", [.smallTiles: "there are no more than 64 queries"]),
      ("1,8,4,65,7,64", [:]),
      (
        "1,8,8,8192,8192,64",
        [.whole: "all scores together would take 2.00 GiB", .headwise: "no heads share their keys"]
      ),
    ] as [(String, [LadderStep: String])]) func omissions(shape: String, expected: [LadderStep: String]) throws
  {
    let problem = try AttentionCase(parsing: shape)
    let found = LadderStep.allCases.compactMap { step in step.omission(problem).map { (step, $0) } }
    #expect(Dictionary(uniqueKeysWithValues: found) == expected)
  }
}
