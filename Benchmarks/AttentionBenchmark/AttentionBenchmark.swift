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
      Every path computes the same input, first checked against loops in Double: on disagreement nothing of the case is \
      timed and the exit status is 1. Then all run in turn, round by round, so that a change in the machine's speed meets \
      all alike. GFLOP/s counts useful work: under a causal mask the pairs of query and key that are attended. Speed-ups \
      are over the naive kernel on one thread, whatever a path's own thread count.
      """,
    version: "attention-benchmark 0.1.0")

  @Option(
    name: .customLong("case"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A case by name (repeatable): \(BenchmarkCase.named.map(\.name).joined(separator: ", ")).", valueName: "name"))
  var caseName: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Attention of your own sizes (repeatable): queries [B,H,L,D], keys and values [B,G,S,D]; causal: j ≤ i.",
      valueName: "B,H,G,L,S,D[,causal]"))
  var shape: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A multi-head self-attention layer with its projections (repeatable), and the share of its stages; over a cache that "
        + "holds as many rows.",
      valueName: "B,L,E,H[,cached]"))
  var layer: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Threads, 1 to \(FanOut.concurrentCallers) (repeatable); by default 1, and as many as there are.", valueName: "n")
  )
  var threads: [Int] = []

  @Option(help: "What to time besides the naive kernel (repeatable); by default blas and tiled.")
  var path: [BenchmarkPath] = []

  @Option(parsing: .unconditional, help: "Samples of each path, at most: 1 to 10000.")
  var samples = 21

  @Option(
    parsing: .unconditional,
    help: "Seconds for a case's rounds, up to 3600; a naive kernel that needs longer for one run is left out.")
  var seconds = 10.0

  @Option(parsing: .unconditional, help: "Seed of the random input, 0 or more.")
  var seed: UInt64 = 1

  @Flag(help: "Time the paths and nothing else: no naive kernel, no matrix product, no stages; some rows are checked.")
  var alone = false

  @Option(help: "The form of the results.")
  var format = Report.Format.table

  @Option(help: ArgumentHelp("Write the results to a file, whole or not at all.", valueName: "file"))
  var output: String?

  @Option(help: ArgumentHelp("Draw the results as bars of GFLOP/s into a file as well.", valueName: "file"))
  var svg: String?

  @Option(
    help: ArgumentHelp(
      "Write each case's input, and each path's output, as <case>.safetensors into a folder that exists.",
      valueName: "folder"))
  var export: String?

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
    try Self.checkWritable(output, option: "--output")
    try Self.checkWritable(svg, option: "--svg")
    if let export {
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: export, isDirectory: &isFolder)
      guard exists, isFolder.boolValue, FileManager.default.isWritableFile(atPath: export) else {
        throw ValidationError("--export is \(export): expected a folder that can be written to")
      }
    }
  }

  /// Minutes of measuring should not end in a file that can't be written.
  private static func checkWritable(_ path: String?, option: String) throws {
    guard let path else { return }
    let file = URL(fileURLWithPath: path)
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder)
    let folder = file.deletingLastPathComponent().path
    guard !(exists && isFolder.boolValue), FileManager.default.isWritableFile(atPath: folder) else {
      throw ValidationError("\(option) is \(path): expected a file in a folder that can be written to")
    }
  }

  /// The cases asked for: by name, then shapes, then layers; without any, all that have names.
  func cases() throws -> [BenchmarkCase] {
    let named = try caseName.map { name in
      guard let found = BenchmarkCase.named.first(where: { $0.name == name }) else {
        let names = BenchmarkCase.named.map(\.name).joined(separator: ", ")
        throw ValidationError("--case is \(name): expected one of \(names)")
      }
      return found
    }
    do {
      let given =
        try named + shape.map { .attention(try AttentionCase(parsing: $0)) }
        + layer.map { .layer(try LayerCase(parsing: $0)) }
      return given.isEmpty ? BenchmarkCase.named : given
    } catch let error as CaseError {
      throw ValidationError(error.description)
    }
  }

  func run() throws {
    var report = Report(machine: .current)
    let isForPrograms = format == .json || format == .csv
    if isForPrograms { Self.say(report.machine.lines) }
    let progress = ProgressLine()
    let runner = runner { progress.show($0) }
    for problem in try cases() {
      report.add(try measure(problem, by: runner))
    }
    progress.erase()
    if runner.threads != [1], !runner.isAlone {
      report.notes.insert("speed-ups are over the naive kernel on one thread, for every number of threads", at: 0)
    }
    if isForPrograms { Self.say(report.notes) }
    if let svg {
      try Data(report.chart.svg().description.utf8).write(to: URL(fileURLWithPath: svg), options: .atomic)
    }
    let text = Data(try report.rendered(as: format).utf8)
    if let output {
      try text.write(to: URL(fileURLWithPath: output), options: .atomic)
    } else {
      try FileHandle.standardOutput.write(contentsOf: text)
    }
  }

  private func runner(progress: @escaping (String) -> Void) -> CaseRunner {
    var runner = CaseRunner()
    if !path.isEmpty { runner.paths = path.withoutRepetition }
    runner.threads = (threads.isEmpty ? [1, Workers.available] : threads).withoutRepetition
    runner.samples = samples
    runner.seconds = seconds
    runner.isAlone = alone
    runner.exportFolder = export
    runner.progress = progress
    return runner
  }

  private func measure(_ problem: BenchmarkCase, by runner: CaseRunner) throws -> CaseRunner.Outcome {
    switch problem {
    case .attention(let problem):
      return try runner.measure(AttentionWorkload(problem, seed: seed))
    case .layer(.miniLM):
      guard let file = try MiniLMFile.find() else {
        var outcome = try runner.measure(LayerWorkload(.miniLM, seed: seed))
        outcome.notes.append("\(problem.name): random parameters, as \(MiniLMFile.path) was not found")
        return outcome
      }
      // The sentence itself is short; what PyTorch makes of it is what the layer is held to.
      _ = try runner.check(LayerWorkload(file))
      var outcome = try runner.measure(LayerWorkload(.miniLM, repeating: file))
      outcome.notes.append("\(problem.name): the model's parameters; agrees with PyTorch on a sentence")
      return outcome
    case .layer(let layer):
      return try runner.measure(LayerWorkload(layer, seed: seed))
    }
  }

  private static func say(_ lines: [String]) {
    // Nobody to tell is no reason to fail.
    try? FileHandle.standardError.write(contentsOf: Data(lines.map { $0 + "\n" }.joined().utf8))
  }
}

extension Array where Element: Hashable {
  /// The elements in order, each where it comes first.
  fileprivate var withoutRepetition: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}

extension BenchmarkPath: ExpressibleByArgument {}
extension Report.Format: ExpressibleByArgument {}
