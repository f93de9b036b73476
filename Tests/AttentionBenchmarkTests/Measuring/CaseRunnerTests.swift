import ArgumentParser
import Attention
import Synchronization
import Testing

@testable import AttentionBenchmark

@Suite struct CaseRunnerTests {
  private func workload(_ shape: String) throws -> AttentionWorkload {
    try AttentionWorkload(AttentionCase(parsing: shape), seed: 1)
  }

  private var quick: CaseRunner {
    var runner = CaseRunner()
    runner.samples = 3
    runner.productSize = 31
    runner.threads = [1, 2]
    return runner
  }

  @Test func measuresEveryPathOnEveryThreadCount() throws {
    let outcome = try quick.measure(workload("2,6,3,5,7,11,causal"))
    #expect(
      outcome.results.map { "\($0.path) \($0.threads)" } == [
        "naive 1", "blas 1", "tiled 1", "fused 1", "blas 2", "tiled 2", "fused 2",
      ])
    for result in outcome.results {
      let median = try #require(result.median)
      #expect(try #require(result.minimum) <= median)
      #expect(try #require(result.p90) >= median)
      #expect(median > 0)
      #expect(try #require(result.speedup) > 0)
      #expect(try #require(result.productGigaflops) > 0)
      #expect(try #require(result.peakGigaflops) > 0)
      // Keys and values of 2·3 heads: 5 of 7 rows are attended, of 11 numbers.
      #expect(abs(try #require(result.gigabytes) * median * 1e9 - 2640) < 1e-6)
      #expect(try #require(result.readGigabytes) > 0)
      // 2·6 heads, 15 pairs, 4·11 operations.
      #expect(abs(try #require(result.gigaflops) * median * 1e9 - 7920) < 1e-6)
      #expect(result.scratchBytes > 0)
      #expect(result.maxError < 2e-6)
    }
    #expect(outcome.results[0].speedup == 1)
  }

  @Test func measuresAllPathsAskedFor() throws {
    var runner = quick
    runner.paths = BenchmarkPath.allCases
    let outcome = try runner.measure(workload("1,2,1,3,5,7"))
    #expect(
      outcome.results.map { "\($0.path) \($0.threads)" } == [
        "naive 1", "auto 1", "reference 1", "blas 1", "tiled 1", "fused 1", "reproducible 1", "unrolled 1", "auto 2",
        "reference 2", "blas 2", "tiled 2", "fused 2", "reproducible 2",
      ])
    #expect(outcome.notes.count == 1)
    #expect(outcome.notes[0].hasPrefix("1,2,1,3,5,7: auto takes the "))
  }

  @Test func measuresALayerAndItsStages() throws {
    let outcome = try quick.measure(LayerWorkload(LayerCase(parsing: "2,7,15,5"), seed: 1))
    #expect(outcome.results.map(\.path) == ["naive", "blas", "tiled", "fused", "blas", "tiled", "fused"])
    #expect(outcome.results[1].labels.headSize == 3)
    #expect(outcome.notes.count == 2)
    #expect(outcome.notes[0].hasPrefix("2,7,15,5, stages of the blas path on 1 thread: projections "))
    #expect(outcome.notes[1].hasPrefix("2,7,15,5, stages of the blas path on 2 threads: projections "))
    #expect(outcome.notes.allSatisfy { $0.hasSuffix(" ms") })
  }

  @Test func measuresALayerOverACache() throws {
    let outcome = try quick.measure(LayerWorkload(LayerCase(parsing: "2,3,15,5,7"), seed: 1))
    #expect(outcome.results.map(\.path) == ["naive", "blas", "tiled", "fused", "blas", "tiled", "fused"])
    #expect(outcome.results.map(\.planPath) == [nil, "blas", "tiled", "fused", "blas", "tiled", "fused"])
    #expect(outcome.results.allSatisfy { $0.labels.queries == 3 && $0.labels.keys == 10 })
    #expect(outcome.notes.isEmpty)
  }

  @Test(arguments: ["2,7,15,5", "2,3,15,5,7"]) func measuresPathsAlone(layer: String) throws {
    var runner = quick
    runner.companions = []
    runner.paths = [.auto]
    let outcome = try runner.measure(LayerWorkload(LayerCase(parsing: layer), seed: 1))
    #expect(outcome.results.map { "\($0.path) \($0.threads)" } == ["auto 1", "auto 2"])
    for result in outcome.results {
      #expect(result.samples == 3)
      #expect(result.median != nil && result.speedup == nil && result.productGigaflops == nil)
      #expect(result.peakGigaflops == nil && result.readGigabytes == nil)
      #expect(result.maxError < 2e-6)
    }
    #expect(outcome.notes.count == 1)
  }

  @Test func measuresContendersGiven() throws {
    let workload = try workload("1,2,1,17,7,5")
    let contenders = try [2, 1].map { try PlanRun(workload, .fused, threads: $0) }
    let outcome = try quick.measure(workload, contenders: contenders)
    #expect(outcome.results.map { "\($0.path) \($0.threads)" } == ["naive 1", "fused 2", "fused 1"])
    // 17 queries are no decoding.
    #expect(outcome.results.allSatisfy { $0.gigabytes == nil && $0.readGigabytes == nil })
    #expect(outcome.results.allSatisfy { $0.peakShare != nil && $0.productShare != nil })
  }

  @Test func checksPathsAlone() throws {
    var runner = quick
    runner.companions = []
    runner.tampering = { _, output in output[3] += 0.01 }
    let problem = try workload("2,6,3,5,7,11")
    let error = try #require(throws: Disagreement.self) { try runner.measure(problem) }
    #expect(error.path == "blas")
    #expect(error.index == [0, 0, 0, 3])
    #expect(error.bound < 1e-4)
  }

  @Test func leavesOutANaiveKernelBeyondItsTime() throws {
    var runner = quick
    runner.seconds = 1e-9
    runner.sampledRows = 5
    let outcome = try runner.measure(workload("1,2,1,11,7,5"))
    #expect(outcome.results.map(\.path) == ["blas", "tiled", "fused", "blas", "tiled", "fused"])
    #expect(outcome.results.allSatisfy { $0.speedup == nil && $0.median != nil && $0.maxError < 2e-6 })
    #expect(outcome.notes.count == 1)
    #expect(outcome.notes[0].contains("errors over 5 of 22 rows"))
  }

  // MARK: The check can fail

  @Test(arguments: ["naive", "blas", "tiled"]) func reportsAWrongElement(path: String) throws {
    var runner = quick
    // Element [b, h, i, e] = [1, 4, 2, 9] of [2, 6, 5, 11].
    let place = ((6 + 4) * 5 + 2) * 11 + 9
    runner.tampering = { name, output in
      if name == path { output[place] += 0.01 }
    }
    let problem = try workload("2,6,3,5,7,11")
    let error = try #require(throws: Disagreement.self) { try runner.measure(problem) }
    #expect(error.caseName == "2,6,3,5,7,11")
    #expect(error.path == path)
    #expect(error.index == [1, 4, 2, 9])
    #expect(abs(error.error - 0.01) < 1e-5)
    #expect(error.description.contains("2,6,3,5,7,11: \(path) on 1 thread disagrees"))
    #expect(error.description.contains("[1, 4, 2, 9]"))
    #expect(AttentionBenchmark.exitCode(for: error) == .failure)
  }

  @Test func reportsNaN() throws {
    var runner = quick
    runner.tampering = { name, output in
      if name == "tiled" { output[17] = .nan }
    }
    let problem = try workload("1,1,1,5,7,11")
    let error = try #require(throws: Disagreement.self) { try runner.measure(problem) }
    #expect(error.error == .infinity)
    #expect(error.index == [0, 0, 1, 6])
  }

  @Test func reportsAWrongSampledRow() throws {
    var runner = quick
    runner.seconds = 1e-9
    runner.sampledRows = 3
    // The last of 22 rows of 5, which is always among them.
    runner.tampering = { name, output in
      if name == "blas" { output[21 * 5 + 2] -= 0.5 }
    }
    let problem = try workload("1,2,1,11,7,5")
    let error = try #require(throws: Disagreement.self) { try runner.measure(problem) }
    #expect(error.index == [0, 1, 10, 2])
  }

  @Test func nothingIsTimedAfterADisagreement() throws {
    var runner = quick
    runner.tampering = { _, output in output[0] += 1 }
    let steps = Mutex<[String]>([])
    runner.progress = { step in steps.withLock { $0.append(step) } }
    let problem = try workload("1,1,1,2,2,3")
    #expect(throws: Disagreement.self) { try runner.measure(problem) }
    #expect(steps.withLock { $0 } == ["1,1,1,2,2,3: checking"])
  }

  @Test(arguments: [
    (count: 3, rows: 9, expected: [0, 4, 8]), (count: 64, rows: 2, expected: [0, 1]),
    (count: 1, rows: 5, expected: [0]),
    (count: 4, rows: 8, expected: [0, 2, 4, 7]),
  ]) func spreadsRows(count: Int, rows: Int, expected: [Int]) {
    #expect(CaseRunner.spread(count, over: rows) == expected)
  }
}
