internal import Attention
internal import Foundation

/// What `attention doctor` found.
struct DoctorReport: Sendable {
  /// Some results held to their bounds.
  struct Check: Sendable {
    let name: String
    let total: Int
    /// Those that exceeded theirs, one line each.
    let failures: [String]

    /// Nothing checked is nothing passed.
    var passed: Bool { failures.isEmpty && total > 0 }
  }

  /// What there is, as labels and texts.
  var facts: [(label: String, text: String)]
  var warning: String?
  var checks: [Check]

  /// Describes and checks this machine.
  static func ofThisMachine() throws -> DoctorReport {
    let blas = BLASConfiguration.current
    let machine = MachineLimits { try? String(contentsOfFile: $0, encoding: .utf8) }
    let products = try BLASSelfCheck.run()
    let attention = try AttentionSelfCheck.run()
    let pinned = blas.pinnedCore.map { "OPENBLAS_CORETYPE=\($0)" } ?? "chosen by the library"
    return DoctorReport(
      facts: [
        ("BLAS", blas.library.trimmingCharacters(in: .whitespaces)),
        ("BLAS kernels", "\(blas.coreName), \(pinned)"),
        ("BLAS threads", "\(blas.threadCount), but 1 in our calls, which fan out themselves"),
        ("CPU", machine.cpuModel),
        ("limits", machine.limits),
        ("workers", "\(Workers.available), \(machine.reason)"),
        ("own kernels", blas.kernelSet),
      ],
      warning: blas.warning,
      checks: ["sgemm", "dgemm"].map { function in
        let cases = products.cases.filter { $0.function == function }
        return Check(
          name: "\(function) NN NT TN", total: cases.count,
          failures: cases.filter { !$0.passed }.map(\.description))
      } + [
        Check(
          name: "attention", total: attention.cases.count,
          failures: attention.cases.filter { !$0.passed }.map(\.description))
      ])
  }

  var passed: Bool { !checks.isEmpty && checks.allSatisfy(\.passed) }

  /// One line that sums up.
  var verdict: String {
    let total = checks.reduce(0) { $0 + $1.total }
    let failed = checks.reduce(0) { $0 + $1.failures.count }
    if passed { return "all \(total) results are within their bounds" }
    if failed == 0 { return "a check compared nothing" }
    return "\(failed) of \(total) results exceed their bounds: don't trust the numbers of this machine"
  }

  /// The whole report, without a line end at its end.
  var text: String {
    var lines = facts.map { (label: $0.label, text: $0.text) }
    if let warning { lines.append(("warning", warning)) }
    for check in checks {
      let good = check.total - check.failures.count
      lines.append((check.name, "\(good) of \(check.total) results within their bounds"))
      lines += check.failures.map { ("  failed", $0) }
    }
    lines.append(("verdict", verdict))
    let width = lines.map(\.label.count).max() ?? 0
    return lines.map { $0.label.padding(toLength: width, withPad: " ", startingAt: 0) + "  " + $0.text }
      .joined(separator: "\n")
  }
}
