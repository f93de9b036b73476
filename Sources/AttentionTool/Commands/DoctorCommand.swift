internal import ArgumentParser
internal import Attention

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Say what this machine computes with, and check that its numbers are right.",
    discussion: """
      Prints the BLAS library and the kernels it chose (and whether the environment pins slower ones), the CPU, how many \
      threads this process may use and why, and the instruction set of our own kernels.

      Then checks sgemm and dgemm (plain and transposed, over odd sizes) against plain loops, and every attention path \
      against the reference in Double: a BLAS library that mistakes a new CPU for another has given wrong numbers before. \
      Each result has a bound that follows from its size; what exceeds it is listed.

      EXIT STATUS
        0   every check passed
        1   a check failed, or none could be run
      """)

  func run() throws {
    let report: DoctorReport
    do {
      report = try DoctorReport.ofThisMachine()
    } catch {
      StandardError.write("Error: the checks could not be run: \(error)")
      throw ExitCode.failure
    }
    try Self.finish(report)
  }

  /// Prints a report.
  ///
  /// - Throws: `ExitCode.failure` unless every check passed.
  static func finish(_ report: DoctorReport) throws {
    print(report.text)
    guard report.passed else {
      StandardError.write("Error: \(report.verdict)")
      throw ExitCode.failure
    }
  }
}
