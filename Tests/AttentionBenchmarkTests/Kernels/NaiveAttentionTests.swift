import Attention
import Testing

@testable import AttentionBenchmark

@Suite struct NaiveAttentionTests {
  /// Primes, grouped heads, L on both sides of S, one query, one key.
  static let shapes = [
    "2,6,3,5,7,11", "2,6,3,5,7,11,causal", "1,6,2,13,5,3,causal", "1,2,1,7,7,17,causal", "3,5,5,1,13,2", "1,1,1,7,1,5",
    "2,3,1,5,11,19", "1,1,1,1,1,1",
  ]

  /// The package's reference path in Double, on the same numbers.
  private func reference(_ workload: AttentionWorkload) throws -> [Double] {
    let problem = workload.problem
    func tensor(_ numbers: [Float], _ heads: Int, _ rows: Int) throws -> Tensor<Double> {
      try Tensor(numbers.map(Double.init), shape: [problem.batch, heads, rows, problem.headSize])
    }
    let window = problem.window.map { AttentionMask<Double>.window(left: $0 - 1, right: 0) }
    let mask = window ?? (problem.isCausal ? .causal : .none)
    return try scaledDotProductAttention(
      queries: tensor(workload.queries, problem.heads, problem.queries),
      keys: tensor(workload.keys, problem.keyValueHeads, problem.keys),
      values: tensor(workload.values, problem.keyValueHeads, problem.keys), mask: mask,
      alignment: .start, path: .reference, workers: 1
    ).elements
  }

  private func largestError(_ actual: [Float], _ expected: [Double], _ workload: AttentionWorkload) -> Agreement {
    Agreement(actual, expected, rows: Array(0..<workload.rowCount), rowSize: workload.rowSize)
  }

  @Test(arguments: shapes) func naive(shape: String) throws {
    let workload = try AttentionWorkload(AttentionCase(parsing: shape), seed: 3)
    let naive = workload.naive()
    try naive.run()
    let error = largestError(naive.output(), try reference(workload), workload)
    #expect(error.maxError < 2e-6, "\(error)")
  }

  @Test(arguments: shapes) func naiveRowsAreRowsOfTheWhole(shape: String) throws {
    let workload = try AttentionWorkload(AttentionCase(parsing: shape), seed: 3)
    let naive = workload.naive()
    try naive.run()
    let whole = naive.output()
    let rows = Array(stride(from: workload.rowCount - 1, through: 0, by: -3))
    let size = workload.rowSize
    #expect(workload.naiveRows(rows) == rows.flatMap { whole[($0 * size)..<(($0 + 1) * size)] })
  }

  @Test(arguments: shapes) func unrolled(shape: String) throws {
    let workload = try AttentionWorkload(AttentionCase(parsing: shape), seed: 3)
    let unrolled = try #require(try workload.contender(.unrolled, threads: 1))
    try unrolled.run()
    let error = largestError(unrolled.output(), try reference(workload), workload)
    #expect(error.maxError < 2e-6, "\(error)")
  }

  @Test(arguments: shapes) func oracle(shape: String) throws {
    let workload = try AttentionWorkload(AttentionCase(parsing: shape), seed: 3)
    let expected = try reference(workload)
    let exact = workload.exactRows(Array(0..<workload.rowCount), workers: 2)
    let errors = zip(exact, expected).map { abs($0 - $1) }
    #expect(exact.count == expected.count)
    #expect((errors.max() ?? .infinity) < 1e-13)
  }

  /// A window, grouped heads, L on both sides of S: every kernel, and the oracle.
  @Test(arguments: [(l: 13, s: 13), (11, 17), (17, 7)]) func window(l: Int, s: Int) throws {
    let problem = AttentionCase(
      "w", batch: 2, heads: 6, keyValueHeads: 3, queries: l, keys: s, headSize: 5, window: 3)
    let workload = try AttentionWorkload(problem, seed: 3)
    let expected = try reference(workload)
    for contender in [workload.naive(), try #require(try workload.contender(.unrolled, threads: 1))] {
      try contender.run()
      // A query beyond the last key's window attends nothing: 0 by the package's rule, no number by the loops'.
      let rows = (0..<workload.rowCount).filter { !problem.attendedKeys(query: $0 % l).isEmpty }
      let exact = rows.flatMap { expected[($0 * 5)..<(($0 + 1) * 5)] }
      #expect(rows.count == (l < s ? workload.rowCount : 12 * min(l, s + 2)))
      #expect(Agreement(contender.output(), exact, rows: rows, rowSize: 5).maxError < 2e-6)
    }
    let exact = workload.exactRows(Array(0..<workload.rowCount), workers: 2)
    #expect(zip(exact, expected).allSatisfy { abs($0 - $1) < 1e-13 })
  }

  @Test func byHand() {
    // Scores 0 and ln 3, after the scale 1/√1: weights 1/4 and 3/4.
    let problem = AttentionCase("", batch: 1, heads: 1, keyValueHeads: 1, queries: 1, keys: 2, headSize: 1)
    var output: [Float] = [.nan]
    NaiveAttention(problem: problem)(queries: [1], keys: [0, 1.098_612_3], values: [4, 8], into: &output)
    #expect(abs(output[0] - 7) < 1e-6)
  }
}
