internal import Reporting

/// The verdicts of a run, counted by operator.
package struct ConformanceReport: Sendable {
  private struct Count {
    var passed = 0
    var failed = 0
    var skipped = 0
    /// Why cases were skipped, and how many.
    var reasons: [(reason: String, count: Int)] = []
  }

  private var operators: [String] = []
  private var counts: [String: Count] = [:]

  package init() {}

  package mutating func add(_ verdict: CaseVerdict, of test: ConformanceCase) {
    let name = test.header.operator
    if counts[name] == nil { operators.append(name) }
    var count = counts[name] ?? Count()
    switch verdict {
    case .passed: count.passed += 1
    case .failed: count.failed += 1
    case .skipped(let reason):
      count.skipped += 1
      if let place = count.reasons.firstIndex(where: { $0.reason == reason }) {
        count.reasons[place].count += 1
      } else {
        count.reasons.append((reason, 1))
      }
    }
    counts[name] = count
  }

  package var hasFailed: Bool { counts.values.contains { $0.failed > 0 } }

  /// A row an operator, in the order in which they came, and one of all; a table of Markdown.
  package func table() throws -> String {
    var table = Table(columns: [
      .init("operator"), .init("cases", .right), .init("passed", .right), .init("failed", .right),
      .init("skipped", .right), .init("reason"),
    ])
    var all = Count()
    for name in operators {
      guard let count = counts[name] else { continue }
      all.passed += count.passed
      all.failed += count.failed
      all.skipped += count.skipped
      let reasons = count.reasons.map { $0.count == 1 ? $0.reason : "\($0.count) × \($0.reason)" }
      try table.append(row(name, count) + [reasons.joined(separator: "; ")])
    }
    try table.append(row("all", all) + [""])
    return table.rendered(as: .markdown)
  }

  private func row(_ name: String, _ count: Count) -> [String] {
    [name] + [count.passed + count.failed + count.skipped, count.passed, count.failed, count.skipped].map(String.init)
  }

  /// A case's line, with one more for each failure.
  package static func lines(_ verdict: CaseVerdict, of test: ConformanceCase) -> String {
    let name = "\(test.name) (\(test.header.operator)-\(test.header.opset))"
    switch verdict {
    case .passed(let ways, let error):
      return
        "passed   \(name): \(ways) \(ways == 1 ? "way" : "ways"), largest error \(SignificantFigures(error, digits: 2))"
    case .failed(let failures):
      return "FAILED   \(name)" + failures.map { "\n         \($0)" }.joined()
    case .skipped(let reason):
      return "skipped  \(name): \(reason)"
    }
  }
}
