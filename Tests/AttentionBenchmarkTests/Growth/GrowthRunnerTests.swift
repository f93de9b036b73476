import Attention
import Testing

@testable import AttentionBenchmark

@Suite struct GrowthRunnerTests {
  private let machine = MachineDescription(
    cpu: "Some CPU", availableThreads: 2, blasCore: "Haswell", blasLibrary: "OpenBLAS 0.3.21", kernelSet: "AVX2")

  private func runner(longest: Int, seconds: Double = 10) -> GrowthRunner {
    var growth = GrowthRunner()
    growth.options = GrowthOptions(heads: 2, headSize: 5, window: 37, longest: longest)
    (growth.runner.samples, growth.runner.seconds) = (1, seconds)
    (growth.runner.paths, growth.runner.threads) = ([.fused, .blas], [1, 2])
    growth.runner.sampledRows = 3
    return growth
  }

  @Test func lengthsArePowersOfTwo() {
    #expect(GrowthOptions().lengths == [128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536])
    #expect(GrowthOptions(longest: 128).lengths == [128])
  }

  @Test func problemsHaveTheirMasks() {
    let options = GrowthOptions(heads: 3, headSize: 5, window: 37, longest: 256)
    let problems = GrowthOptions.Mask.allCases.map { options.problem($0, length: 256) }
    #expect(problems.map(\.name) == ["full, S 256", "causal, S 256", "window 37, S 256"])
    #expect(problems.map { [$0.batch, $0.heads, $0.keyValueHeads] } == Array(repeating: [1, 3, 3], count: 3))
    #expect(problems.map { [$0.queries, $0.keys, $0.headSize] } == Array(repeating: [256, 256, 5], count: 3))
    // The band without the corner before the first key: 37·256 − 37·36/2.
    #expect(problems.map(\.attendedPairs) == [65_536, 32_896, 8806])
  }

  @Test func measuresEveryLine() throws {
    var report = GrowthReport(machine: machine)
    try runner(longest: 256).measure(into: &report)
    #expect(report.notes.isEmpty)
    let names = report.lines.map { "\($0.mask) \($0.path) \($0.threads)" }
    #expect(names.count == 12 && Set(names).count == 12)
    #expect(names.contains("window 37 fused 2"))
    for line in report.lines {
      #expect(line.points.map(\.length) == [128, 256])
      for point in line.points {
        #expect(try #require(point.result.median) > 0)
        #expect(point.result.peakShare != nil && point.result.productGigaflops == nil)
        #expect(point.result.maxError < 2e-6)
      }
    }
    // Whole rows of scores grow with S, tiles in registers do not.
    let scratch = report.lines.map { line in line.points.map(\.workerScratchBytes) }
    for (line, bytes) in zip(report.lines, scratch) {
      #expect(line.path == "fused" ? bytes[0] == bytes[1] : bytes[0] < bytes[1], "\(line.mask), \(line.path): \(bytes)")
    }
  }

  /// What a worker has does not depend on how many there are.
  @Test(arguments: [BenchmarkPath.fused, .blas, .tiled]) func scratchIsThatOfOneWorker(path: BenchmarkPath) throws {
    let workload = try AttentionWorkload(GrowthOptions(headSize: 5).problem(.causal, length: 256), seed: 1)
    let one = try #require(try workload.contender(path, threads: 1))
    #expect(try workload.workerScratchBytes(path) == one.scratchBytes)
    #expect(try workload.workerScratchBytes(.unrolled) == 0)
  }

  @Test func saysWhatIsLeftOut() throws {
    var report = GrowthReport(machine: machine)
    // Less than any run takes: the first length is measured, as nothing is known of it.
    var growth = runner(longest: 512, seconds: 1e-9)
    growth.runner.paths = [.fused]
    try growth.measure(into: &report)
    #expect(report.lines.map { $0.points.map(\.length) } == Array(repeating: [128], count: 6))
    #expect(report.notes.count == 6)
    #expect(
      report.notes[0].hasPrefix("full, fused on 1 thread: S = 256 and beyond left out, as a run would take about "))
    #expect(report.notes[5].hasPrefix("window 37, fused on 2 threads: S = 256 and beyond left out"))
    #expect(report.notes.allSatisfy { $0.hasSuffix(" s, more than --seconds 1.00e-9") })
    #expect(report.remarks[0].hasPrefix("full, 1 thread: time ∝ S^– over S = 128 to 128"))
  }

  @Test func reportsADisagreement() throws {
    var growth = runner(longest: 256)
    growth.runner.tampering = { path, output in if path == "blas" { output[0] += 1 } }
    var report = GrowthReport(machine: machine)
    let error = try #require(throws: Disagreement.self) { try growth.measure(into: &report) }
    #expect(error.caseName == "full, S 128")
    #expect(error.path == "blas")
  }
}
