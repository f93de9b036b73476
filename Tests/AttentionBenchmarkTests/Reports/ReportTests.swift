import Foundation
import Reporting
import Testing

@testable import AttentionBenchmark

@Suite struct ReportTests {
  private var report: Report {
    let labels = CaseLabels(
      name: "gpt2", batch: 2, heads: 12, keyValueHeads: 3, queries: 5, keys: 7, headSize: 11, isCausal: true)
    let tiled = CaseResult(
      labels: labels, path: "tiled", planPath: "tiled", threads: 2, samples: 21, median: 0.0125, p90: 0.02,
      minimum: 0.01,
      gigaflops: 150, productGigaflops: 200, peakGigaflops: 240, gigabytes: 12, readGigabytes: 48, speedup: 37.5,
      maxError: 2.5e-7, scratchBytes: 3 << 20)
    var blas = tiled
    (blas.path, blas.speedup, blas.productGigaflops) = ("blas", nil, nil)
    (blas.peakGigaflops, blas.gigabytes, blas.readGigabytes) = (nil, nil, nil)
    blas.planPath = "blas"
    return Report(
      results: [tiled, blas],
      machine: MachineDescription(
        cpu: "Some CPU", availableThreads: 2, blasCore: "Haswell", blasLibrary: "OpenBLAS 0.3.21", kernelSet: "AVX2",
        warning: "pinned"),
      notes: ["a remark"])
  }

  @Test func jsonHasExactlyTheseKeysInThisOrder() throws {
    let text = try report.rendered(as: .json)
    let keys = [
      "case", "batch", "heads", "kv_heads", "queries", "keys", "head_size", "causal", "path", "plan_path", "threads",
      "samples", "median_ms", "p90_ms", "min_ms", "gflops", "sgemm_gflops", "peak_gflops", "peak_percent",
      "kv_gb_per_s",
      "read_gb_per_s", "read_percent", "speedup", "max_error", "scratch_bytes", "blas_core", "blas_library",
      "kernel_set",
    ]
    let found = text.split(separator: "\n").compactMap { line in line.split(separator: "\"").dropFirst().first }
    #expect(found.map(String.init) == keys + keys)
  }

  @Test func chartHasABarForEachPathAndThreadCount() throws {
    let chart = report.chart
    #expect(chart.series.map(\.name) == ["tiled, 2 threads", "blas, 2 threads"])
    #expect(chart.groups.map(\.name) == ["gpt2"])
    #expect(chart.groups.first?.values == [150, 150])
    #expect(chart.reference?.value == 200)
    #expect(chart.reference?.name == "sgemm 1024³, 2 threads")
  }

  @Test func chartColoursPathsByHueAndThreadsByShade() throws {
    let results = report.results
    func chart(threads: [Int], paths: [String]) -> BarChart {
      var report = report
      report.results = threads.flatMap { threads in
        paths.map { path in
          var result = results[0]
          (result.path, result.threads) = (path, threads)
          return result
        }
      }
      return report.chart
    }
    let all = chart(threads: [8, 1, 2], paths: ["naive"] + BenchmarkPath.allCases.map(\.rawValue)).series
    #expect(all.count == 24)
    #expect(Set(all.map { [$0.hue, $0.shade] }).count == 24)
    for series in all {
      #expect(series.shade == (series.name.hasSuffix("8 threads") ? 2 : series.name.hasSuffix("2 threads") ? 1 : 0))
      #expect((series.hue == 0) == series.name.hasPrefix("naive"))
    }
    // A path's hue does not depend on which others ran.
    let alone = try #require(chart(threads: [1], paths: ["tiled"]).series.first)
    #expect(alone == all.first { $0.name == "tiled" })
  }

  @Test func jsonValues() throws {
    let text = try report.rendered(as: .json)
    let objects = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
    #expect(objects.count == 2)
    let tiled = objects[0]
    #expect(tiled["case"] as? String == "gpt2")
    #expect(tiled["kv_heads"] as? Int == 3)
    #expect(tiled["causal"] as? Bool == true)
    #expect(tiled["median_ms"] as? Double == 12.5)
    #expect(tiled["p90_ms"] as? Double == 20)
    #expect(tiled["min_ms"] as? Double == 10)
    #expect(tiled["gflops"] as? Double == 150)
    #expect(tiled["sgemm_gflops"] as? Double == 200)
    #expect(tiled["peak_gflops"] as? Double == 240)
    #expect(tiled["peak_percent"] as? Double == 62.5)
    #expect(tiled["kv_gb_per_s"] as? Double == 12)
    #expect(tiled["read_gb_per_s"] as? Double == 48)
    #expect(tiled["read_percent"] as? Double == 25)
    #expect(tiled["speedup"] as? Double == 37.5)
    #expect(tiled["max_error"] as? Double == 2.5e-7)
    #expect(tiled["scratch_bytes"] as? Int == 3_145_728)
    #expect(tiled["blas_core"] as? String == "Haswell")
    #expect(tiled["plan_path"] as? String == "tiled")
    #expect(tiled["samples"] as? Int == 21)
    #expect(tiled["blas_library"] as? String == "OpenBLAS 0.3.21")
    #expect(tiled["kernel_set"] as? String == "AVX2")
    #expect(objects[1]["speedup"] is NSNull)
    for key in ["sgemm_gflops", "peak_gflops", "peak_percent", "kv_gb_per_s", "read_gb_per_s", "read_percent"] {
      #expect(objects[1][key] is NSNull)
    }
  }

  @Test func csv() throws {
    let lines = try report.rendered(as: .csv).components(separatedBy: "\r\n")
    #expect(lines.count == 4)
    #expect(lines[0] == Report.keys.joined(separator: ","))
    let (first, rest) = ("gpt2,2,12,3,5,7,11,true", "2.5e-07,3145728,Haswell,OpenBLAS 0.3.21,AVX2")
    #expect(
      lines[1] == "\(first),tiled,tiled,2,21,12.5,20.0,10.0,150.0,200.0,240.0,62.5,12.0,48.0,25.0,37.5,\(rest)")
    #expect(lines[2] == "\(first),blas,blas,2,21,12.5,20.0,10.0,150.0,,,,,,,,\(rest)")
  }

  @Test func table() throws {
    let lines = try report.rendered(as: .table).split(separator: "\n").map(String.init)
    #expect(lines[0] == "CPU: Some CPU, 2 threads available")
    #expect(lines[1] == "BLAS: OpenBLAS 0.3.21, Haswell kernels; own kernels: AVX2")
    #expect(lines[2] == "warning: pinned")
    let cells = lines[5].split(separator: " ").map(String.init)
    #expect(
      cells == [
        "gpt2", "tiled", "2", "12.5", "20.0", "150", "75.0", "62.5", "12.0", "25.0", "37.5", "2.5e-7", "3.00", "MiB",
      ])
    #expect(lines[6].split(separator: " ").filter { $0 == "–" }.count == 5)
    #expect(
      lines.suffix(3) == [
        "a remark", "% peak: of multiply-adds in registers (AVX2, Float), GFLOP/s: 240 on 2 threads",
        "% read: of reading as many bytes as the keys and values of gpt2 have, GB/s: 48.0 on 2 threads",
      ])
    // The heading is no wider than a line of the sources.
    #expect(lines.allSatisfy { $0.displayWidth <= 120 })
  }

  @Test func tableWithoutDecodingHasNoBandwidth() throws {
    var report = report
    report.results.removeFirst()
    let lines = try report.rendered(as: .table).split(separator: "\n").map(String.init)
    #expect(!lines[3].contains("% read"))
    #expect(lines[5].split(separator: " ").filter { $0 == "–" }.count == 3)
    #expect(lines.last == "a remark")
  }

  @Test func ceilingsAreMediansOverCases() {
    let results = report.results
    let rates = [10, 1000, 20, 30, nil].enumerated().map { index, peak in
      var result = results[index == 0 ? 0 : 1]
      (result.threads, result.peakGigaflops) = (index == 0 ? 1 : 2, peak)
      return result
    }
    #expect(
      rates.ceilingRemarks(set: "plain") == [
        "% peak: of multiply-adds in registers (plain, Float), GFLOP/s: 10.0 on 1 thread, 30.0 on 2 threads",
        "% read: of reading as many bytes as the keys and values of gpt2 have, GB/s: 48.0 on 1 thread",
      ])
    #expect([Double]().middle == nil)
    #expect([CaseResult]().ceilingRemarks(set: "plain").isEmpty)
  }

  @Test func markdown() throws {
    let text = try report.rendered(as: .markdown)
    #expect(text.hasPrefix("- CPU: Some CPU, 2 threads available\n"))
    #expect(text.contains("\n\n| case | path  | threads |"))
    #expect(text.contains("\n\n- a remark\n- % peak: "))
  }
}
