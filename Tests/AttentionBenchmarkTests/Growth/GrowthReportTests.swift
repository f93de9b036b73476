import Foundation
import Reporting
import Testing

@testable import AttentionBenchmark

@Suite struct GrowthReportTests {
  /// Time grows with S² ("full") or S, scratch not at all or with S.
  private func report(paths: [String] = ["fused"]) -> GrowthReport {
    var report = GrowthReport(
      machine: MachineDescription(
        cpu: "Some CPU", availableThreads: 2, blasCore: "Haswell", blasLibrary: "OpenBLAS 0.3.21", kernelSet: "AVX2"))
    for (place, length) in [128, 256, 512, 1024, 2048].enumerated() {
      for mask in ["full", "window 7"] {
        for path in paths {
          let steps = Double(1 << place)
          // What is small is dearer than the law says, and is not fitted.
          let overhead = place < 2 ? 9.0 : 0
          let labels = CaseLabels(
            name: "", batch: 1, heads: 1, keyValueHeads: 1, queries: length, keys: length, headSize: 64,
            isCausal: mask != "full")
          report.add(
            GrowthReport.Point(
              mask: mask,
              result: CaseResult(
                labels: labels, path: path, planPath: path == "auto" ? "fused" : path, threads: 2, samples: 3,
                median: overhead + (mask == "full" ? steps * steps : steps), minimum: 1, gigaflops: 6, peakGigaflops: 8,
                maxError: 2e-7, scratchBytes: 999),
              workerScratchBytes: path == "fused" ? 2048 : length * 8))
        }
      }
    }
    report.notes = ["a remark"]
    return report
  }

  @Test func fitsTheUpperHalf() throws {
    let lines = report().lines
    #expect(lines.map(\.mask) == ["full", "window 7"])
    #expect(lines[0].fitted.map(\.length) == [512, 1024, 2048])
    #expect(abs(try #require(lines[0].time).exponent - 2) < 1e-12)
    #expect(abs(try #require(lines[1].time).exponent - 1) < 1e-12)
    #expect(try #require(lines[0].scratch).exponent == 0)
  }

  @Test func remarks() {
    let remarks = report(paths: ["fused", "blas"]).remarks
    #expect(
      remarks == [
        "full, fused, 2 threads: time ∝ S^2.00 over S = 512 to 2048; scratch of a worker 2.00 KiB at every S",
        "full, blas, 2 threads: time ∝ S^2.00 over S = 512 to 2048; scratch of a worker 1.00 KiB to 16.0 KiB, ∝ S^1.00 "
          + "over the same",
        "window 7, fused, 2 threads: time ∝ S^1.00 over S = 512 to 2048; scratch of a worker 2.00 KiB at every S",
        "window 7, blas, 2 threads: time ∝ S^1.00 over S = 512 to 2048; scratch of a worker 1.00 KiB to 16.0 KiB, ∝ S^1.00 "
          + "over the same",
        "a remark", "% peak: of multiply-adds in registers (AVX2, Float), GFLOP/s: 8.00 on 2 threads",
      ])
  }

  @Test func table() throws {
    let lines = try report().rendered(as: .table).split(separator: "\n").map(String.init)
    #expect(
      lines[2].split(separator: " ").joined(separator: " ")
        == "S mask path threads median ms GFLOP/s % peak error a worker's scratch")
    #expect(
      lines[5].split(separator: " ").joined(separator: " ") == "128 window 7 fused 2 10000 6.00 75.0 2.0e-7 2.00 KiB")
    #expect(lines[12].split(separator: " ").first == "2048")
    #expect(try report().rendered(as: .markdown).contains("|  128 | full     | fused |"))
  }

  @Test func tableSaysWhichPathAPlanTook() throws {
    let lines = try report(paths: ["auto"]).rendered(as: .table).split(separator: "\n").map(String.init)
    #expect(lines[4].split(separator: " ").joined(separator: " ").hasPrefix("128 full auto: fused 2 10000 "))
  }

  @Test func jsonAndCSV() throws {
    let text = try report().rendered(as: .json)
    let objects = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
    #expect(objects.count == 10)
    #expect(objects.allSatisfy { Set($0.keys) == Set(GrowthReport.keys) })
    #expect(objects.map { $0["keys"] as? Int } == [128, 128, 256, 256, 512, 512, 1024, 1024, 2048, 2048])
    #expect(objects[9]["mask"] as? String == "window 7")
    #expect(objects[9]["worker_scratch_bytes"] as? Int == 2048)
    #expect(abs(try #require(objects[8]["time_exponent"] as? Double) - 2) < 1e-12)
    #expect(objects[8]["scratch_exponent"] as? Double == 0)
    let lines = try report().rendered(as: .csv).components(separatedBy: "\r\n")
    #expect(lines[0] == GrowthReport.keys.joined(separator: ","))
    #expect(lines[1].hasPrefix("128,128,1,64,full,fused,fused,2,3,10000.0,1000.0,6.0,8.0,75.0,2e-07,2048,"))
  }

  @Test func chartHasALineEachAndAPanelForScratch() throws {
    let chart = report().chart
    #expect(chart.x == [128, 256, 512, 1024, 2048])
    #expect(chart.series.map(\.name) == ["full, 2 threads: S^2.00", "window 7, 2 threads: S^1.00"])
    #expect(chart.panels.map(\.unit) == ["ms a run", "KiB of scratch a worker"])
    #expect(
      chart.panels[0].values == [[10_000, 13_000, 16_000, 64_000, 256_000], [10_000, 11_000, 4000, 8000, 16_000]])
    #expect(chart.panels[1].values == Array(repeating: Array(repeating: 2, count: 5), count: 2))
    #expect(chart.subtitle == "1 head of D = 64, Float, fused path; Some CPU")
  }
}
