internal import Reporting

/// The steps of one or several cases, each with what it gained.
struct LadderReport: ResultDocument, Sendable {
  /// A step as it was measured.
  struct Rung: Equatable, Sendable {
    var step: LadderStep
    var result: CaseResult
    /// The time of the step before by this one's: below 1 is a loss; nil for a case's first.
    var gain: Double?
    /// The time of the case's first step by this one's.
    var gainInAll: Double?
  }

  private(set) var rungs: [Rung] = []
  var machine: MachineDescription
  /// Remarks that came with the results.
  var notes: [String] = []

  init(machine: MachineDescription) { self.machine = machine }

  /// Adds the steps of a case, in the order of the ladder.
  mutating func add(_ outcome: CaseRunner.Outcome) {
    var own: [Rung] = []
    for result in outcome.results {
      guard let step = LadderStep(result) else { continue }
      own.append(
        Rung(
          step: step, result: result, gain: Self.ratio(own.last?.result, result),
          gainInAll: Self.ratio(own.first?.result ?? result, result)))
    }
    rungs += own
    notes += outcome.notes
  }

  private static func ratio(_ before: CaseResult?, _ after: CaseResult) -> Double? {
    guard let before = before?.median, let after = after.median else { return nil }
    return before / after
  }

  var remarks: [String] {
    let steps = LadderStep.allCases.filter { step in rungs.contains { $0.step == step } }
    return steps.map { "\($0.rawValue): \($0.words)" } + notes
      + rungs.map(\.result).ceilingRemarks(set: machine.kernelSet)
  }

  func table() throws -> Table {
    let decodes = rungs.contains { $0.result.gigabytes != nil }
    var table = Table(
      columns: [
        .init("case"), .init("step"), .init("threads", .right), .init("median ms", .right), .init("GFLOP/s", .right),
        .init("× before", .right), .init("× first", .right), .init("% peak", .right),
      ] + (decodes ? [.init("GB/s", .right), .init("% read", .right)] : []) + [
        .init("error", .right), .init("scratch", .right),
      ])
    for rung in rungs {
      let result = rung.result
      try table.append(
        [
          result.labels.name, rung.step.rawValue, "\(result.threads)", Cell.milliseconds(result.median),
          Cell.number(result.gigaflops), Cell.number(rung.gain), Cell.number(rung.gainInAll),
          Cell.number(result.peakShare),
        ] + (decodes ? [Cell.number(result.gigabytes), Cell.number(result.readShare)] : []) + [
          Cell.number(result.maxError, digits: 2), ByteCount(result.scratchBytes).description,
        ])
    }
    return table
  }

  static let keys = [
    "case", "batch", "heads", "kv_heads", "queries", "keys", "head_size", "causal", "step", "adds", "threads",
    "samples", "median_ms", "min_ms", "gflops", "times_before", "times_first", "peak_gflops", "peak_percent",
    "kv_gb_per_s", "read_gb_per_s", "read_percent", "max_error", "scratch_bytes", "blas_core", "blas_library",
    "kernel_set",
  ]

  var values: [[JSONValue]] {
    rungs.map { rung in
      let (result, labels) = (rung.result, rung.result.labels)
      return [
        .string(labels.name), .integer(labels.batch), .integer(labels.heads), .integer(labels.keyValueHeads),
        .integer(labels.queries), .integer(labels.keys), .integer(labels.headSize), .bool(labels.isCausal),
        .string(rung.step.rawValue), .string(rung.step.words), .integer(result.threads), .integer(result.samples),
        JSONValue(result.median.map { $0 * 1000 }), JSONValue(result.minimum.map { $0 * 1000 }),
        JSONValue(result.gigaflops), JSONValue(rung.gain), JSONValue(rung.gainInAll),
        JSONValue(result.peakGigaflops), JSONValue(result.peakShare), JSONValue(result.gigabytes),
        JSONValue(result.readGigabytes), JSONValue(result.readShare), .number(result.maxError),
        .integer(result.scratchBytes),
      ] + machine.values
    }
  }

  /// The steps as bars of GFLOP/s, a colour a case, with the FMA peak on one thread as a line to compare with.
  var chart: BarChart {
    var cases: [String] = []
    var steps: [Label] = []
    for rung in rungs {
      if !cases.contains(rung.result.labels.name) { cases.append(rung.result.labels.name) }
      if !steps.contains(Label(rung)) { steps.append(Label(rung)) }
    }
    let order = LadderStep.allCases
    steps.sort { (order.firstIndex(of: $0.step) ?? 0, $0.threads) < (order.firstIndex(of: $1.step) ?? 0, $1.threads) }
    let peak = rungs.filter { $0.result.threads == 1 }.compactMap(\.result.peakGigaflops).middle
    return BarChart(
      title: "The ladder: useful GFLOP/s, Float", subtitle: "\(machine.cpu), OpenBLAS kernels \(machine.blasCore)",
      unit: "GFLOP/s",
      series: cases.enumerated().map { BarChart.Series(name: $1, hue: $0 + 1) },
      groups: steps.map { step in
        BarChart.Group(
          name: step.name,
          values: cases.map { name in
            rungs.first { $0.result.labels.name == name && Label($0) == step }?.result.gigaflops
          })
      }, reference: peak.map { ("FMA peak, 1 thread", $0) })
  }

  /// A step on a number of threads, as the chart has it.
  private struct Label: Equatable {
    let step: LadderStep
    let threads: Int

    init(_ rung: Rung) { (step, threads) = (rung.step, rung.result.threads) }

    var name: String { threads == 1 ? step.rawValue : "fused, \(threads) threads" }
  }
}
