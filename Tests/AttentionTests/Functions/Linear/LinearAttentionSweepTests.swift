import Attention
import Support
import Testing

/// Both paths against the recurrence in Double: lengths around chunk edges, sizes that are primes and around kernel widths.
@Suite("Linear attention against the recurrence in Double")
struct LinearAttentionSweepTests {
  struct Size: Sendable, CustomTestStringConvertible {
    var length: Int
    var headSize: Int
    var valueHeadSize: Int
    var keyValueHeads = 1
    var group = 1
    var batch = 1
    var chunkSizes: [Int]

    var testDescription: String {
      "B \(batch), G \(keyValueHeads), H/G \(group), L \(length), D \(headSize), Dv \(valueHeadSize), chunks \(chunkSizes)"
    }
  }

  static let sizes = [
    Size(length: 1, headSize: 1, valueHeadSize: 1, chunkSizes: [1, 64]),
    Size(length: 2, headSize: 3, valueHeadSize: 5, keyValueHeads: 2, group: 3, batch: 2, chunkSizes: [1, 2, 64]),
    Size(length: 7, headSize: 1, valueHeadSize: 5, group: 2, chunkSizes: [3, 7, 8]),
    Size(length: 8, headSize: 5, valueHeadSize: 1, batch: 3, chunkSizes: [4, 8]),
    Size(length: 9, headSize: 4, valueHeadSize: 8, chunkSizes: [8, 9]),
    Size(length: 15, headSize: 17, valueHeadSize: 3, keyValueHeads: 2, chunkSizes: [5, 16]),
    Size(length: 16, headSize: 16, valueHeadSize: 16, group: 2, chunkSizes: [16]),
    Size(length: 17, headSize: 2, valueHeadSize: 33, chunkSizes: [16, 17]),
    Size(length: 31, headSize: 7, valueHeadSize: 9, keyValueHeads: 3, group: 2, chunkSizes: [8, 31, 32]),
    Size(length: 33, headSize: 31, valueHeadSize: 2, chunkSizes: [32, 64]),
    Size(length: 63, headSize: 9, valueHeadSize: 15, group: 3, chunkSizes: [64]),
    Size(length: 64, headSize: 8, valueHeadSize: 17, batch: 2, chunkSizes: [64]),
    Size(length: 65, headSize: 15, valueHeadSize: 7, chunkSizes: [32, 64]),
    Size(length: 100, headSize: 3, valueHeadSize: 4, group: 4, chunkSizes: [10, 64]),
    Size(length: 129, headSize: 5, valueHeadSize: 4, chunkSizes: [64, 128, 200]),
  ]

  @Test(arguments: LinearVariant.allCases, sizes)
  func agrees(variant: LinearVariant, size: Size) throws {
    let problem = try LinearProblem(
      variant, batch: size.batch, heads: size.keyValueHeads * size.group, keyValueHeads: size.keyValueHeads,
      length: size.length, headSize: size.headSize, valueHeadSize: size.valueHeadSize)
    let expected = LinearExpectation(problem)
    expected.expect(try problem.solved(Float.self, path: .recurrent), "recurrent")
    expected.expect(try problem.solved(Double.self, path: .recurrent), "recurrent")
    for chunkSize in size.chunkSizes {
      expected.expect(try problem.solved(Float.self, path: .chunked, chunkSize: chunkSize), "chunks of \(chunkSize)")
      expected.expect(try problem.solved(Double.self, path: .chunked, chunkSize: chunkSize), "chunks of \(chunkSize)")
    }
  }

  @Test("Sizes as models have them, without a state, and the automatic path", arguments: LinearVariant.allCases)
  func modelSizes(variant: LinearVariant) throws {
    let problem = try LinearProblem(
      variant, batch: 1, heads: 2, keyValueHeads: 1, length: 41, headSize: 32, valueHeadSize: 33, hasState: false)
    let expected = LinearExpectation(problem)
    for workers in [1, 2, 3] {
      expected.expect(try problem.solved(Float.self, chunkSize: 32, workers: workers), "\(workers) workers")
      expected.expect(
        try problem.solved(Double.self, path: .recurrent, workers: workers), "recurrent, \(workers) workers")
    }
  }

  @Test("The oracle's two ways to the answer agree", arguments: LinearVariant.allCases)
  func oracles(variant: LinearVariant) throws {
    let oracle = try LinearProblem(variant, length: 37).oracle
    let (steps, sums) = (oracle.solve(), oracle.solvedAsSums())
    let output = Comparison(
      sums.output, steps.output, shape: [2, 6, 37, 7], absolute: ErrorBound.double(steps.output))
    let state = Comparison(sums.state, steps.state, shape: [2, 3, 5, 7], absolute: ErrorBound.double(steps.state))
    #expect(output.isWithin, "output: \(output)")
    #expect(state.isWithin, "state: \(state)")
  }

  @Test(
    "Decays from hardly any to all",
    arguments: [LinearVariant.gatedByHead, .gatedByKey, .gatedDeltaByHead, .gatedDeltaByKey],
    [1e-4, 5, 60, 1e4])
  func decays(variant: LinearVariant, spread: Double) throws {
    let problem = try LinearProblem(variant, length: 40, decaySpread: spread)
    let expected = LinearExpectation(problem)
    for path in [LinearAttentionPath.recurrent, .chunked] {
      expected.expect(try problem.solved(Float.self, path: path, chunkSize: 32), "\(path) \(spread)")
      expected.expect(try problem.solved(Double.self, path: path, chunkSize: 32), "\(path) \(spread)")
    }
  }

  @Test("Decays above 0 let the state grow", arguments: [LinearVariant.gatedByHead, .gatedByKey])
  func growth(variant: LinearVariant) throws {
    let problem = try LinearProblem(variant, length: 40, decaySpread: -0.2)
    #expect(try #require(problem.decay).elements.allSatisfy { $0 >= 0 })
    let expected = LinearExpectation(problem)
    for path in [LinearAttentionPath.recurrent, .chunked] {
      expected.expect(try problem.solved(Float.self, path: path), "\(path)")
      expected.expect(try problem.solved(Double.self, path: path), "\(path)")
    }
  }
}
