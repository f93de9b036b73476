internal import Attention
internal import Foundation
internal import Reporting

extension AttentionBenchmark {
  /// The cases that the ladder is for, if none is given: many queries, and one.
  static let ladderNames = ["bert512", "decode4k"]

  /// Measures what was asked for, and writes it.
  func measure() throws {
    let machine = MachineDescription.current
    if isForPrograms { Self.say(machine.lines) }
    let progress = ProgressLine()
    let runner = runner { progress.show($0) }
    if ladder {
      var report = LadderReport(machine: machine)
      for problem in try cases() {
        guard case .attention(let problem) = problem else { continue }
        report.add(try climb(problem, by: runner))
      }
      progress.erase()
      try write(report, chart: report.chart.svg())
    } else if growth {
      var report = GrowthReport(machine: machine)
      try GrowthRunner(options: growthArguments.options, runner: runner, seed: seed).measure(into: &report)
      progress.erase()
      try write(report, chart: report.chart.svg())
    } else {
      var report = Report(machine: machine)
      for problem in try cases() {
        report.add(try measure(problem, by: runner))
      }
      progress.erase()
      if runner.threads != [1], !alone {
        report.notes.insert("speed-ups are over the naive kernel on one thread, for every number of threads", at: 0)
      }
      try write(report, chart: report.chart.svg())
    }
  }

  private var isForPrograms: Bool { format == .json || format == .csv }

  private func write(_ report: some ResultDocument, chart: @autoclosure () -> SVGDocument) throws {
    if isForPrograms { Self.say(report.remarks) }
    if let svg {
      try Data(chart().description.utf8).write(to: URL(fileURLWithPath: svg), options: .atomic)
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
    runner.paths = path.isEmpty ? (growth ? [.auto] : runner.paths) : path.withoutRepetition
    runner.threads = (threads.isEmpty ? [1, Workers.available] : threads).withoutRepetition
    runner.samples = samples
    runner.seconds = seconds
    runner.companions = alone ? [] : .all
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

  /// The steps of the ladder on one problem, on one thread, and the last on all numbers of threads besides.
  private func climb(_ problem: AttentionCase, by runner: CaseRunner) throws -> CaseRunner.Outcome {
    var runner = runner
    runner.companions = [.naive, .roofline]
    let workload = try AttentionWorkload(problem, seed: seed)
    var contenders: [any Contender] = []
    var notes: [String] = []
    for step in LadderStep.allCases {
      if let omission = step.omission(problem) {
        notes.append("\(problem.name): without \(step.rawValue), as \(omission)")
      } else {
        contenders += try step.contenders(workload, threads: runner.threads)
      }
    }
    var outcome = try runner.measure(workload, contenders: contenders)
    outcome.notes = notes + outcome.notes
    return outcome
  }
}

extension Array where Element: Hashable {
  /// The elements in order, each where it comes first.
  fileprivate var withoutRepetition: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
