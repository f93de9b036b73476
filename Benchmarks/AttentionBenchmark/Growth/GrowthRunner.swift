internal import Attention
internal import Reporting

/// Measures problems of growing length, until a run would take too long.
struct GrowthRunner {
  var options = GrowthOptions()
  /// Measures each of them; its time is that of a point, and the longest that a run may take.
  var runner = CaseRunner()
  var seed: UInt64 = 1

  /// What grows: a mask by a path on a number of threads.
  private struct Line: Hashable {
    let mask: GrowthOptions.Mask
    let path: BenchmarkPath
    let threads: Int
  }

  /// - Throws: ``Disagreement``; what paths throw.
  func measure(into report: inout GrowthReport) throws {
    var runner = runner
    runner.companions = [.roofline]
    var last: [Line: Double] = [:]
    var leftOut: Set<Line> = []
    for length in options.lengths {
      for mask in GrowthOptions.Mask.allCases {
        var lines: [Line] = []
        for path in runner.paths {
          for threads in runner.threads where !leftOut.contains(Line(mask: mask, path: path, threads: threads)) {
            let line = Line(mask: mask, path: path, threads: threads)
            let estimate = last[line].map { $0 * GrowthOptions.doubling(mask) } ?? 0
            guard estimate <= runner.seconds else {
              leftOut.insert(line)
              report.notes.append(note(line, from: length, estimate))
              continue
            }
            lines.append(line)
          }
        }
        guard !lines.isEmpty else { continue }
        let workload = try AttentionWorkload(options.problem(mask, length: length), seed: seed)
        let contenders = try lines.compactMap { try workload.contender($0.path, threads: $0.threads) }
        let outcome = try runner.measure(workload, contenders: contenders)
        for (line, result) in zip(lines, outcome.results) {
          last[line] = result.minimum
          report.add(
            GrowthReport.Point(
              mask: options.name(mask), result: result,
              workerScratchBytes: try workload.workerScratchBytes(line.path)))
        }
      }
    }
  }

  private func note(_ line: Line, from length: Int, _ estimate: Double) -> String {
    let others = length < options.longest ? " and beyond" : ""
    return
      "\(options.name(line.mask)), \(line.path.rawValue) on \(line.threads) thread\(line.threads == 1 ? "" : "s"): "
      + "S = \(length)\(others) left out, as a run would take about \(SignificantFigures(estimate, digits: 2)) s, more than "
      + "--seconds \(SignificantFigures(runner.seconds))"
  }
}

extension AttentionWorkload {
  /// Scratch of one of a path's workers.
  func workerScratchBytes(_ path: BenchmarkPath) throws -> Int {
    guard let planned = path.planned else { return 0 }
    let options = AttentionOptions(alignment: .start, path: planned, workers: 1)
    return try AttentionPlan(shape: problem.shape(), mask: problem.mask, options: options).scratchBytes
  }
}
