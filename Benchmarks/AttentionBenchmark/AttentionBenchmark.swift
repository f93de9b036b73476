internal import ArgumentParser
internal import Attention
internal import Foundation
internal import Reporting

@main
struct AttentionBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attention-benchmark",
    abstract: "Times attention by BLAS and by tiles against a naive kernel, after checking that they agree.",
    discussion: """
      Every path computes the same input, first checked against loops in Double: on disagreement nothing is timed and the \
      exit status is 1. Then all run in turn, round by round, so that a change in the machine's speed meets all alike. \
      GFLOP/s counts useful work: under a causal mask the pairs of query and key that are attended. Speed-ups are over the \
      naive kernel on one thread, whatever a path's own thread count.
      """,
    version: "0.1.0")

  @Option(
    name: .customLong("case"),
    help: ArgumentHelp("A case by name (repeatable): \(caseNames).", valueName: "name"))
  var caseNames: [String] = []

  @Option(
    help: ArgumentHelp(
      "A shape of your own (repeatable): queries [B,H,L,D], keys and values [B,G,S,D]; causal: query i attends keys j ≤ i.",
      valueName: "B,H,G,L,S,D[,causal]"))
  var shape: [String] = []

  @Option(help: ArgumentHelp("Threads (repeatable); by default 1, and as many as there are.", valueName: "n"))
  var threads: [Int] = []

  @Option(help: "What to time besides the naive kernel (repeatable); by default blas and tiled.")
  var path: [BenchmarkPath] = []

  @Option(help: "Samples of each path, at most.")
  var samples = 21

  @Option(help: "Seconds for a case's rounds; a naive kernel that needs longer for one run is left out.")
  var seconds = 10.0

  @Option(help: "Seed of the random input.")
  var seed: UInt64 = 1

  @Option(help: "The form of the results.")
  var format = Report.Format.table

  @Option(help: ArgumentHelp("Write the results to a file instead, whole or not at all.", valueName: "file"))
  var output: String?

  static var caseNames: String { AttentionCase.all.map(\.name).joined(separator: ", ") }

  /// The cases asked for, in that order; all without any.
  func cases() throws -> [AttentionCase] {
    let named = try caseNames.map { name in
      guard let found = AttentionCase.all.first(where: { $0.name == name }) else {
        throw ValidationError("'\(name)' is no case: expected one of \(Self.caseNames)")
      }
      return found
    }
    let shapes = try shape.map { text in
      do throws(CaseError) {
        return try AttentionCase(parsing: text)
      } catch {
        throw ValidationError("\(error)")
      }
    }
    return named.isEmpty && shapes.isEmpty ? AttentionCase.all : named + shapes
  }

  func validate() throws {
    _ = try cases()
    let limit = FanOut.concurrentCallers
    for count in threads where !(1...limit).contains(count) {
      throw ValidationError("--threads is \(count): expected 1 to \(limit)")
    }
    guard (1...10_000).contains(samples) else {
      throw ValidationError("--samples is \(samples): expected 1 to 10000")
    }
    guard seconds > 0, seconds <= 3600 else {
      throw ValidationError("--seconds is \(seconds): expected more than 0, at most 3600")
    }
  }

  func run() throws {
    let machine = MachineDescription.current
    if format == .json || format == .csv {
      for line in machine.lines { Self.say(line) }
    }
    let progress = ProgressLine()
    var runner = CaseRunner()
    runner.paths = path.isEmpty ? runner.paths : path
    runner.threads = threads.isEmpty ? [1, Workers.available] : threads
    runner.threads = runner.threads.enumerated().filter { !runner.threads.prefix($0).contains($1) }.map(\.element)
    runner.samples = samples
    runner.seconds = seconds
    runner.progress = { progress.show($0) }
    var report = Report(results: [], machine: machine)
    for problem in try cases() {
      report.results += try runner.measure(AttentionWorkload(problem, seed: seed))
    }
    progress.erase()
    let text = try report.rendered(as: format)
    if let output {
      try Data(text.utf8).write(to: URL(fileURLWithPath: output), options: .atomic)
    } else {
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }
  }

  private static func say(_ line: String) {
    try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
  }
}

extension BenchmarkPath: ExpressibleByArgument {}
extension Report.Format: ExpressibleByArgument {}
