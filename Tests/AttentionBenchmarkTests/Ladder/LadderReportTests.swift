import Foundation
import Reporting
import Testing

@testable import AttentionBenchmark

@Suite struct LadderReportTests {
  private let labels = CaseLabels(
    name: "bert512", batch: 1, heads: 12, keyValueHeads: 6, queries: 512, keys: 256, headSize: 64, isCausal: false)

  private func result(_ path: String, _ threads: Int, seconds: Double?) -> CaseResult {
    CaseResult(
      labels: labels, path: path, threads: threads, samples: 7, median: seconds, minimum: seconds,
      gigaflops: seconds.map { 1 / $0 }, peakGigaflops: threads == 1 ? 8 : 16, maxError: 2e-7, scratchBytes: 2048)
  }

  private var report: LadderReport {
    var report = LadderReport(
      machine: MachineDescription(
        cpu: "Some CPU", availableThreads: 2, blasCore: "Haswell", blasLibrary: "OpenBLAS 0.3.21", kernelSet: "AVX2"))
    report.add(
      CaseRunner.Outcome(
        results: [
          result("naive", 1, seconds: 2), result("unrolled", 1, seconds: 1), result("tiled, 64", 1, seconds: 1.25),
          result("fused", 1, seconds: 0.25), result("fused", 2, seconds: 0.125),
        ], notes: ["a remark"]))
    return report
  }

  @Test func gainsAreOverTheStepBeforeAndTheFirst() {
    #expect(report.rungs.map(\.gain) == [nil, 2, 0.8, 5, 2])
    #expect(report.rungs.map(\.gainInAll) == [1, 2, 1.6, 8, 16])
    #expect(report.rungs.map(\.step) == [.naive, .unrolled, .smallTiles, .fused, .fusedOnThreads])
    #expect(report.rungs.map(\.result.peakShare) == [6.25, 12.5, 10, 50, 50])
  }

  /// The first step of a case has none before it, whatever case came before.
  @Test func eachCaseBeginsAnew() {
    var report = report
    report.add(
      CaseRunner.Outcome(results: [result("unrolled", 1, seconds: 3), result("fused", 1, seconds: nil)], notes: []))
    #expect(report.rungs.suffix(2).map(\.gain) == [nil, nil])
    #expect(report.rungs.suffix(2).map(\.gainInAll) == [1, nil])
  }

  @Test func table() throws {
    let lines = try report.rendered(as: .table).split(separator: "\n").map(String.init)
    #expect(
      lines[2].split(separator: " ").joined(separator: " ")
        == "case step threads median ms GFLOP/s × before × first % peak error scratch")
    #expect(
      lines[6].split(separator: " ").joined(separator: " ")
        == "bert512 tiled, 64 1 1250 0.800 0.800 1.60 10.0 2.0e-7 2.00 KiB")
    #expect(lines[9] == "naive: \(LadderStep.naive.words)")
    #expect(lines.suffix(2).first == "a remark")
    #expect(
      lines.last == "% peak: of multiply-adds in registers (AVX2, Float), GFLOP/s: 8.00 on 1 thread, 16.0 on 2 threads")
    #expect(lines.allSatisfy { $0.count <= 120 })
  }

  @Test func jsonAndCSV() throws {
    let text = try report.rendered(as: .json)
    let objects = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
    #expect(objects.count == 5)
    #expect(objects.allSatisfy { Set($0.keys) == Set(LadderReport.keys) })
    #expect(objects[0]["times_before"] is NSNull)
    #expect(objects[2]["step"] as? String == "tiled, 64")
    #expect(objects[2]["adds"] as? String == LadderStep.smallTiles.words)
    #expect(objects[2]["times_before"] as? Double == 0.8)
    #expect(objects[2]["times_first"] as? Double == 1.6)
    #expect(objects[4]["threads"] as? Int == 2)
    #expect(objects[4]["peak_gflops"] as? Double == 16)
    #expect(objects[4]["kv_heads"] as? Int == 6 && objects[4]["keys"] as? Int == 256)
    let lines = try report.rendered(as: .csv).components(separatedBy: "\r\n")
    #expect(lines.count == 7)
    #expect(lines[0] == LadderReport.keys.joined(separator: ","))
    #expect(
      lines[5]
        == "bert512,1,12,6,512,256,64,false,\"fused, threads\",the same on several threads,2,7,125.0,125.0,8.0,2.0,"
        + "16.0,16.0,50.0,,,,2e-07,2048,Haswell,OpenBLAS 0.3.21,AVX2")
  }

  @Test func markdown() throws {
    let text = try report.rendered(as: .markdown)
    #expect(text.contains("| bert512 | tiled, 64      |"))
    #expect(text.contains("\n- a remark\n"))
  }

  @Test func chartHasABarAStep() {
    var report = report
    var other = result("fused", 1, seconds: 0.5)
    other.labels.name = "decode4k"
    var step = result("blas", 1, seconds: 1)
    step.labels.name = "decode4k"
    report.add(CaseRunner.Outcome(results: [step, other], notes: []))
    let chart = report.chart
    #expect(chart.series.map(\.name) == ["bert512", "decode4k"])
    // In the order of the ladder, though a case of its own has brought one in between.
    #expect(chart.groups.map(\.name) == ["naive", "unrolled", "blas", "tiled, 64", "fused", "fused, 2 threads"])
    #expect(chart.groups.map(\.values) == [[0.5, nil], [1, nil], [nil, 1], [0.8, nil], [4, 2], [8, nil]])
    #expect(chart.reference?.value == 8)
    #expect(chart.reference?.name == "FMA peak, 1 thread")
  }
}
