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
  /// longer than the case's time.
  ///
  /// - Throws: ``Disagreement`` for the first contender that is further from Double than rounding explains.
  func check(_ workload: some Workload) throws -> Checked {
    let labels = workload.labels
    progress("\(labels.name): checking")
    var checked = Checked()
    var rows = Self.spread(sampledRows, over: workload.rowCount)
    var naiveOutput: [Float] = []
    let sampling = try Measurement.seconds { naiveOutput = try workload.naiveRows(rows) }
    let all = Array(0..<workload.rowCount)
    let estimate = sampling * workload.operations(ofRows: all) / workload.operations(ofRows: rows)
    if estimate <= seconds {
      rows = all
      var naive = Entry(try workload.naive())
      naive.estimate = try Measurement.seconds { try naive.contender.run() }
      naiveOutput = naive.contender.output()
      checked.naive = naive
    } else {
      checked.notes.append(
        "\(labels.name): the naive kernel would need about \(SignificantFigures(estimate, digits: 2)) s, more than "
          + "--seconds \(SignificantFigures(seconds)); no speed-up, and errors over \(rows.count) of \(all.count) rows")
    }
    tampering?("naive", &naiveOutput)
    let exact = try workload.exactRows(rows, workers: Workers.available)
    let naiveAgreement = Agreement(naiveOutput, exact, rows: rows, rowSize: workload.rowSize)
    try require(naiveAgreement, within: naiveAgreement.naiveBound, workload, path: "naive", threads: 1)
    checked.naive?.error = naiveAgreement.maxError

    let bound = Agreement.bound(naiveError: naiveAgreement.maxError)
    for count in threads {
      for path in paths {
        guard let contender = try workload.contender(path, threads: count) else { continue }
        var entry = Entry(contender)
        entry.estimate = try Measurement.seconds { try contender.run() }
        var output = contender.output()
        tampering?(contender.path, &output)
        let agreement = Agreement(output, exact, rows: rows, rowSize: workload.rowSize)
        try require(agreement, within: bound, workload, path: contender.path, threads: count)
        entry.error = agreement.maxError
        checked.entries.append(entry)
        if let remark = contender.remark, count == threads.first {
          checked.notes.append("\(labels.name): \(remark)")
        }
      }
    }
    return checked
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
