internal import Reporting

extension Report {
  /// The results as bars of GFLOP/s: a group a case, a bar a path and number of threads, with the matrix product's rate on the
  /// fewest threads of the run as a line to compare with. A path has a hue, the same in every report; a number of threads a
  /// shade.
  var chart: BarChart {
    var series: [Series] = []
    var cases: [String] = []
    for result in results {
      if !series.contains(Series(result)) { series.append(Series(result)) }
      if !cases.contains(result.labels.name) { cases.append(result.labels.name) }
    }
    let threads = Set(series.map(\.threads)).sorted()
    let groups = cases.map { name in
      BarChart.Group(
        name: name,
        values: series.map { bar in
          results.first { $0.labels.name == name && Series($0) == bar }?.gigaflops
        })
    }
    return BarChart(
      title: "Attention on the CPU: useful GFLOP/s, Float",
      subtitle: "\(machine.cpu), OpenBLAS kernels \(machine.blasCore)", unit: "GFLOP/s",
      series: series.map { bar in
        BarChart.Series(name: bar.name, hue: bar.hue, shade: threads.firstIndex(of: bar.threads) ?? 0)
      }, groups: groups, reference: productRate)
  }

  /// A path on a number of threads.
  private struct Series: Equatable {
    let path: String
    let threads: Int

    init(_ result: CaseResult) { (path, threads) = (result.path, result.threads) }

    /// 0 is the naive kernel's.
    var hue: Int { BenchmarkPath(rawValue: path).flatMap(BenchmarkPath.allCases.firstIndex).map { $0 + 1 } ?? 0 }

    var name: String { threads == 1 ? path : "\(path), \(threads) threads" }
  }

  private var productRate: (name: String, value: Double)? {
    let fewest = results.map(\.threads).min() ?? 1
    guard let rate = results.filter({ $0.threads == fewest }).compactMap(\.productGigaflops).middle else { return nil }
    return ("sgemm 1024³, \(fewest) thread\(fewest == 1 ? "" : "s")", rate)
  }
}
