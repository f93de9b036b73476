internal import Attention
internal import Reporting

extension CaseRunner {
  /// Contenders that agree.
  struct Checked {
    /// nil where one run would take longer than the case's time.
    var naive: Entry?
    var entries: [Entry] = []
    var notes: [String] = []
  }

  /// Runs everything once and compares it with Double: the whole output, or some rows where the naive kernel would take
  /// longer than the case's time or takes no part.
  ///
  /// - Parameters:
  ///   - workload: the problem.
  ///   - contenders: what is run; nil: ``paths`` on ``threads``.
  /// - Throws: ``Disagreement`` for the first contender that is further from Double than rounding explains.
  func check(_ workload: some Workload, _ contenders: [any Contender]? = nil) throws -> Checked {
    let contenders = try contenders ?? self.contenders(of: workload)
    let name = workload.labels.name
    progress("\(name): checking")
    var checked = Checked()
    var rows = Self.spread(sampledRows, over: workload.rowCount)
    let naiveOutput = companions.contains(.naive) ? try runNaive(workload, &rows, &checked) : nil
    let exact = try workload.exactRows(rows, workers: Workers.available)
    var naiveError: Double?
    if var naiveOutput {
      tampering?("naive", &naiveOutput)
      let agreement = Agreement(naiveOutput, exact, rows: rows, rowSize: workload.rowSize)
      try require(agreement, within: agreement.naiveBound, workload, path: "naive", threads: 1)
      checked.naive?.error = agreement.maxError
      naiveError = agreement.maxError
    }
    var export = try exportFolder.map { folder in try TensorExport(workload, folder: folder) }
    for contender in contenders {
      var entry = Entry(contender)
      entry.estimate = try Measurement.seconds { try contender.run() }
      var output = contender.output()
      tampering?(contender.path, &output)
      let agreement = Agreement(output, exact, rows: rows, rowSize: workload.rowSize)
      let bound = naiveError.map(Agreement.bound) ?? agreement.naiveBound
      try require(agreement, within: bound, workload, path: contender.path, threads: contender.threads)
      try export?.add(output, of: contender)
      entry.error = agreement.maxError
      checked.entries.append(entry)
      if let remark = contender.remark, contender.threads == threads.first {
        checked.notes.append("\(name): \(remark)")
      }
    }
    try export?.write()
    return checked
  }

  /// The naive kernel's output: the whole, of which all rows are then compared, or `rows` where it would take longer than the
  /// case's time.
  private func runNaive(
    _ workload: some Workload, _ rows: inout [Int], _ checked: inout Checked
  ) throws -> [Float] {
    var output: [Float] = []
    let sampling = try Measurement.seconds { output = try workload.naiveRows(rows) }
    let all = Array(0..<workload.rowCount)
    let estimate = sampling * workload.operations(ofRows: all) / workload.operations(ofRows: rows)
    guard estimate <= seconds else {
      checked.notes.append(
        "\(workload.labels.name): the naive kernel would need about \(SignificantFigures(estimate, digits: 2)) s, more "
          + "than --seconds \(SignificantFigures(seconds)); no speed-up, and errors over \(rows.count) of \(all.count) rows"
      )
      return output
    }
    rows = all
    var naive = Entry(try workload.naive())
    naive.estimate = try Measurement.seconds { try naive.contender.run() }
    output = naive.contender.output()
    checked.naive = naive
    return output
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
}
