internal import Attention
internal import Foundation
internal import Reporting

/// Checks a workload's contenders, then times them in turn.
struct CaseRunner {
  var paths: [BenchmarkPath] = [.blas, .tiled]
  var threads: [Int] = [1]
  /// Rounds, and thus samples of each contender, at most.
  var samples = 21
  /// The time for the rounds of a case, and the longest time that the naive kernel may need for one run.
  var seconds = 10.0
  /// Rows and columns of the matrix product that rates are compared with.
  var productSize = 1024
  /// Rows that stand for all where the naive kernel would need too long.
  var sampledRows = 64
  /// What is measured beside the paths. Without the naive kernel `sampledRows` are held to Double.
  var companions = Companions.all
  /// Where each case's input and outputs are written, as `<case>.safetensors`; nil: nowhere.
  var exportFolder: String?
  /// Changes an output before it is checked: how tests show that the check can fail.
  var tampering: (@Sendable (_ path: String, _ output: inout [Float]) -> Void)?
  var progress: (String) -> Void = { _ in }

  /// What can be measured beside the paths.
  struct Companions: OptionSet {
    let rawValue: Int

    static let naive = Companions(rawValue: 1)
    /// A large matrix product.
    static let product = Companions(rawValue: 2)
    /// The FMA peak, and read bandwidth where it matters.
    static let roofline = Companions(rawValue: 4)
    /// A layer's stages.
    static let stages = Companions(rawValue: 8)
    static let all: Companions = [.naive, .product, .roofline, .stages]
  }

  /// What came of a case: its lines of the report, and remarks on them.
  struct Outcome {
    var results: [CaseResult]
    var notes: [String]
  }

  /// A way to compute the output, with what is known of it.
  struct Entry {
    let contender: any Contender
    /// Seconds of a run, as far as is known.
    var estimate = 0.0
    var error = 0.0
    var measurement = Measurement()

    init(_ contender: any Contender) { self.contender = contender }
  }

  /// Checks and times one workload.
  ///
  /// - Parameters:
  ///   - workload: the problem.
  ///   - contenders: the ways to compute it; nil: ``paths`` on ``threads``.
  /// - Throws: ``Disagreement`` before anything is timed; what the contenders throw.
  func measure(_ workload: some Workload, contenders: [any Contender]? = nil) throws -> Outcome {
    let name = workload.labels.name
    let contenders = try contenders ?? self.contenders(of: workload)
    var checked = try check(workload, contenders)
    let counts = Set(contenders.map(\.threads)).union(companions.contains(.naive) ? [1] : []).sorted()
    var ceilings = try Ceilings(for: workload, self, threads: counts)
    try time(name, &checked, &ceilings)
    var outcome = Outcome(results: results(workload, checked, ceilings), notes: checked.notes)
    for count in threads where companions.contains(.stages) {
      guard let stages = try workload.stages(threads: count) else { continue }
      outcome.notes.append(try note(stages, of: name))
    }
    return outcome
  }

  /// ``paths`` on ``threads``, as far as the workload has them.
  func contenders(of workload: some Workload) throws -> [any Contender] {
    try threads.flatMap { count in try paths.compactMap { try workload.contender($0, threads: count) } }
  }

  // MARK: Rounds

  /// In each round everything runs once, so that a change in the machine's speed meets all alike.
  private func time(_ name: String, _ checked: inout Checked, _ ceilings: inout Ceilings) throws {
    // OpenBLAS's idle threads spin for about 0.1 s before they sleep.
    Thread.sleep(forTimeInterval: 0.2)
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(seconds)
    try ceilings.warmUp()
    for round in 0..<samples {
      if round >= 3, clock.now >= deadline { break }
      progress("\(name): round \(round + 1) of at most \(samples)")
      try ceilings.sample()
      // To and fro, so that no path always follows the same one.
      let order = Array(checked.entries.indices)
      for index in round.isMultiple(of: 2) ? order : order.reversed() { try sample(&checked.entries[index]) }
      if var naive = checked.naive, isDue(naive, round: round) {
        try sample(&naive)
        checked.naive = naive
      }
    }
    if let naive = checked.naive, naive.measurement.isEmpty { checked.naive?.measurement.append(naive.estimate) }
  }

  private func sample(_ entry: inout Entry) throws {
    let contender = entry.contender
    let seconds = try Measurement.sample(estimate: entry.estimate) { try contender.run() }
    // The check's run, when memory was new, is no good estimate.
    entry.estimate = entry.measurement.isEmpty ? seconds : min(entry.estimate, seconds)
    entry.measurement.append(seconds)
  }

  /// Whether the naive kernel runs in this round: in every fifth of the rounds where it is slow, within half the case's
  /// time; where one run takes longer than that, the check's has to do.
  private func isDue(_ naive: Entry, round: Int) -> Bool {
    let spent = naive.measurement.samples.reduce(0, +)
    guard spent + naive.estimate <= seconds / 2 else { return false }
    let isQuick = naive.estimate * Double(samples) <= seconds / 4
    return isQuick || round % max(1, samples / 5) == 0
  }

  private func note(_ stages: LayerStages, of name: String) throws -> String {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(seconds / 4 / Double(threads.count))
    try stages.sample()
    for round in 0..<samples where round < 3 || clock.now < deadline {
      progress("\(name): stages, round \(round + 1) of at most \(samples)")
      try stages.sample()
    }
    let shares = stages.shares.map { "\($0.stage.name) \(Int(($0.share * 100).rounded())) %" }
    return "\(name), stages of the blas path on \(stages.threads) thread\(stages.threads == 1 ? "" : "s"): "
      + shares.joined(separator: ", ") + "; together \(SignificantFigures(stages.total * 1000)) ms"
  }

  // MARK: Results

  private func results(_ workload: some Workload, _ checked: Checked, _ ceilings: Ceilings) -> [CaseResult] {
    let naiveMedian = checked.naive?.measurement.median
    return ([checked.naive].compactMap { $0 } + checked.entries).map { entry in
      let (median, threads) = (entry.measurement.median, entry.contender.threads)
      let bytes = workload.decodedKeyCount.map { Double(2 * $0 * MemoryLayout<Float>.stride) }
      return CaseResult(
        labels: workload.labels, path: entry.contender.path, planPath: entry.contender.planPath,
        threads: threads, samples: entry.measurement.samples.count, median: median,
        p90: entry.measurement.p90, minimum: entry.measurement.minimum,
        gigaflops: median.map { workload.usefulOperations / $0 / 1e9 },
        productGigaflops: ceilings.product(threads: threads), peakGigaflops: ceilings.peak(threads: threads),
        gigabytes: median.flatMap { median in bytes.map { $0 / median / 1e9 } },
        readGigabytes: ceilings.read(threads: threads),
        speedup: median.flatMap { median in naiveMedian.map { $0 / median } }, maxError: entry.error,
        scratchBytes: entry.contender.scratchBytes)
    }
  }
}
