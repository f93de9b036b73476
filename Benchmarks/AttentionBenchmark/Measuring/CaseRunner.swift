internal import Attention
internal import Foundation

/// Checks a workload's contenders against each other, then times them in turn.
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
  /// Changes an output before it is checked: how tests show that the check can fail.
  var tampering: (@Sendable (_ path: String, _ output: inout [Float]) -> Void)?
  var progress: (String) -> Void = { _ in }

  /// - Throws: ``Disagreement`` before anything is timed.
  func measure(_ workload: some Workload) throws -> [CaseResult] {
    let name = workload.labels.name
    progress("\(name): checking")
    var entries: [Entry] = []
    for count in threads {
      for path in paths {
        if let contender = try workload.contender(path, threads: count) { entries.append(Entry(contender)) }
      }
    }
    let naive = try check(workload, &entries)
    var rates = try threads.map { try ProductRate(threads: $0, size: productSize) }
    try time(name, &entries, naive, &rates)
    return report(workload, entries, naive, rates)
  }

  // MARK: Check

  /// A contender with what is known of it.
  private struct Entry {
    let contender: any Contender
    var estimate = 0.0
    var error = 0.0
    var measurement = Measurement()

    init(_ contender: any Contender) { self.contender = contender }
  }

  /// The naive kernel, where it is within the time.
  private final class Naive {
    var entry: Entry?
    /// The run that the check needs.
    var firstRun = 0.0
  }

  private func check(_ workload: some Workload, _ entries: inout [Entry]) throws -> Naive {
    let naive = Naive()
    var rows = Self.spread(sampledRows, over: workload.rowCount)
    var naiveOutput: [Float] = []
    let sampling = try Measurement.seconds { naiveOutput = try workload.naiveRows(rows) }
    let all = Array(0..<workload.rowCount)
    let estimate = sampling * workload.operations(ofRows: all) / max(workload.operations(ofRows: rows), 1)
    if estimate <= seconds {
      rows = all
      var entry = Entry(try workload.naive())
      naive.firstRun = try Measurement.seconds { try entry.contender.run() }
      entry.estimate = naive.firstRun
      naiveOutput = entry.contender.output()
      naive.entry = entry
    }
    let exact = try workload.exactRows(rows, workers: Workers.available)
    let naiveAgreement = Agreement(naiveOutput, exact, rows: rows, rowSize: workload.rowSize)
    try require(naiveAgreement, within: naiveAgreement.naiveBound, workload, path: "naive", threads: 1)
    naive.entry?.error = naiveAgreement.maxError
    let bound = Agreement.bound(naiveError: naiveAgreement.maxError)
    for index in entries.indices {
      let contender = entries[index].contender
      entries[index].estimate = try Measurement.seconds { try contender.run() }
      var output = contender.output()
      tampering?(contender.path, &output)
      let agreement = Agreement(output, exact, rows: rows, rowSize: workload.rowSize)
      try require(agreement, within: bound, workload, path: contender.path, threads: contender.threads)
      entries[index].error = agreement.maxError
    }
    return naive
  }

  private func require(
    _ agreement: Agreement, within bound: Double, _ workload: some Workload, path: String, threads: Int
  ) throws(Disagreement) {
    guard agreement.maxError <= bound else {
      throw Disagreement(
        caseName: workload.labels.name, path: path, threads: threads, error: agreement.maxError, bound: bound,
        index: workload.index(row: agreement.row, column: agreement.column), actual: agreement.actual,
        expected: agreement.expected)
    }
  }

  /// `count` rows from the first to the last, at even distances; all where there are no more.
  static func spread(_ count: Int, over rows: Int) -> [Int] {
    guard count > 1, count < rows else { return Array(0..<min(max(count, 1), rows)) }
    return (0..<count).map { $0 * (rows - 1) / (count - 1) }
  }

  // MARK: Rounds

  /// In each round everything runs once, so that a change in the machine's speed meets all alike.
  private func time(_ name: String, _ entries: inout [Entry], _ naive: Naive, _ rates: inout [ProductRate]) throws {
    // OpenBLAS's idle threads spin for about 0.1 s before they sleep.
    Thread.sleep(forTimeInterval: 0.2)
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(seconds)
    for index in rates.indices { try rates[index].sample(isWarmUp: true) }
    for round in 0..<samples {
      if round >= min(3, samples), clock.now >= deadline { break }
      progress("\(name): round \(round + 1) of at most \(samples)")
      for index in rates.indices { try rates[index].sample() }
      for index in entries.indices { try sample(&entries[index]) }
      if isNaiveDue(naive, round: round), var entry = naive.entry {
        try sample(&entry)
        naive.entry = entry
      }
    }
    if naive.entry?.measurement.isEmpty == true { naive.entry?.measurement.append(naive.firstRun) }
  }

  private func sample(_ entry: inout Entry) throws {
    let contender = entry.contender
    let seconds = try Measurement.sample(estimate: entry.estimate) { try contender.run() }
    // The first run, when memory was new, is no good estimate.
    entry.estimate = entry.measurement.isEmpty ? seconds : min(entry.estimate, seconds)
    entry.measurement.append(seconds)
  }

  /// At most every fifth of the rounds where the naive kernel is slow, within half the case's time; where one run would
  /// take longer than that, the check's run has to do.
  private func isNaiveDue(_ naive: Naive, round: Int) -> Bool {
    guard let entry = naive.entry else { return false }
    let spent = entry.measurement.samples.reduce(0, +)
    guard spent + entry.estimate <= seconds / 2 else { return false }
    let isQuick = entry.estimate * Double(samples) <= seconds / 4
    return isQuick || round % max(1, samples / 5) == 0
  }

  // MARK: Results

  private func report(
    _ workload: some Workload, _ entries: [Entry], _ naive: Naive, _ rates: [ProductRate]
  ) -> [CaseResult] {
    let naiveMedian = naive.entry?.measurement.median
    return ([naive.entry].compactMap { $0 } + entries).map { entry in
      let median = entry.measurement.median
      return CaseResult(
        labels: workload.labels, path: entry.contender.path, threads: entry.contender.threads, median: median,
        p90: entry.measurement.p90, minimum: entry.measurement.minimum,
        gigaflops: median.map { workload.usefulOperations / $0 / 1e9 },
        productGigaflops: rates.first { $0.threads == entry.contender.threads }?.gigaflops,
        speedup: median.flatMap { median in naiveMedian.map { $0 / median } }, maxError: entry.error,
        scratchBytes: entry.contender.scratchBytes)
    }
  }
}
