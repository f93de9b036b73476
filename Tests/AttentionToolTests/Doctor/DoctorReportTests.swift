import Attention
import Testing

@testable import AttentionTool

@Suite struct DoctorReportTests {
  private func report(_ checks: DoctorReport.Check...) -> DoctorReport {
    DoctorReport(facts: [("BLAS", "some"), ("CPU", "other")], warning: nil, checks: checks)
  }

  @Test func laysOutWhatItFound() {
    var report = report(.init(name: "sgemm", total: 3, failures: []), .init(name: "attention", total: 2, failures: []))
    report.warning = "slow"
    #expect(
      report.text == """
        BLAS       some
        CPU        other
        warning    slow
        sgemm      3 of 3 results within their bounds
        attention  2 of 2 results within their bounds
        verdict    all 5 results are within their bounds
        """)
    #expect(report.passed)
  }

  @Test func listsFailures() {
    let report = report(.init(name: "sgemm", total: 3, failures: ["NN 1×2×3", "TN 1×2×3"]))
    #expect(!report.passed)
    #expect(report.verdict == "2 of 3 results exceed their bounds: don't trust the numbers of this machine")
    #expect(
      report.text.contains("sgemm     1 of 3 results within their bounds\n  failed  NN 1×2×3\n  failed  TN 1×2×3\n"))
  }

  @Test func nothingCheckedIsNothingPassed() {
    #expect(!report().passed)
    let empty = report(.init(name: "sgemm", total: 0, failures: []))
    #expect(!empty.passed)
    #expect(empty.verdict == "a check compared nothing")
  }

  @Test func passesHere() throws {
    let report = try DoctorReport.ofThisMachine()
    #expect(report.passed, "\(report.text)")
    #expect(
      report.facts.map(\.label)
        == ["BLAS", "BLAS kernels", "BLAS threads", "CPU", "limits", "workers", "own kernels"])
    for fact in report.facts { #expect(!fact.text.isEmpty, "\(fact.label)") }
    #expect(report.facts[0].text.hasPrefix("OpenBLAS"))
    #expect(report.facts[1].text.contains(BLASConfiguration.current.coreName))
    #expect(report.facts[5].text.hasPrefix("\(Workers.available), "))
    #expect(report.warning == BLASConfiguration.current.warning)
    // Seven sizes in three forms; three problems on three paths in Float, and on two in Double.
    #expect(report.checks.map(\.total) == [21, 21, 21])
  }
}
