import ArgumentParser
import Testing

@testable import AttentionTool

@Suite struct DoctorProcessTests {
  @Test func reportsOnStandardOutput() throws {
    let run = try ToolProcess(["doctor"], folder: TemporaryFolder())
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    let labels = run.output.split(separator: "\n").map { $0.prefix(15).trimmingSuffix }
    for label in ["BLAS", "BLAS kernels", "CPU", "limits", "workers", "own kernels", "sgemm NN NT TN", "attention"] {
      #expect(labels.contains(label), "\(run.output)")
    }
    #expect(run.output.contains("verdict         all 63 results are within their bounds\n"), "\(run.output)")
  }

  @Test func aFailedCheckIsAFailure() throws {
    let good = DoctorReport.Check(name: "good", total: 1, failures: [])
    let bad = DoctorReport.Check(name: "made to fail", total: 1, failures: ["on purpose"])
    #expect(throws: ExitCode.failure) {
      try DoctorCommand.finish(DoctorReport(facts: [], warning: nil, checks: [good, bad]))
    }
    #expect(throws: Never.self) { try DoctorCommand.finish(DoctorReport(facts: [], warning: nil, checks: [good])) }
  }
}

extension Substring {
  fileprivate var trimmingSuffix: String {
    String(self[..<(lastIndex { $0 != " " }.map { index(after: $0) } ?? startIndex)])
  }
}
