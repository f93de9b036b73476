internal import Reporting

/// The results of cases.
struct Report: ResultDocument, Sendable {
  enum Format: String, CaseIterable, Sendable {
    case table, json, csv, markdown
  }

  var results: [CaseResult] = []
  var machine: MachineDescription
  /// Remarks that came with the results.
  var notes: [String] = []

  mutating func add(_ outcome: CaseRunner.Outcome) {
    results += outcome.results
    notes += outcome.notes
  }

  var remarks: [String] { notes + results.ceilingRemarks(set: machine.kernelSet) }

  func table() throws -> Table {
    let decodes = results.contains { $0.gigabytes != nil }
    var table = Table(
      columns: [
        .init("case"), .init("path"), .init("threads", .right), .init("median ms", .right), .init("p90 ms", .right),
        .init("GFLOP/s", .right), .init("% sgemm", .right), .init("% peak", .right),
      ] + (decodes ? [.init("GB/s", .right), .init("% read", .right)] : []) + [
        .init("speed-up", .right), .init("error", .right), .init("scratch", .right),
      ])
    for result in results {
      try table.append(
        [
          result.labels.name, result.path, "\(result.threads)", Cell.milliseconds(result.median),
          Cell.milliseconds(result.p90), Cell.number(result.gigaflops), Cell.number(result.productShare),
          Cell.number(result.peakShare),
        ] + (decodes ? [Cell.number(result.gigabytes), Cell.number(result.readShare)] : []) + [
          Cell.number(result.speedup), Cell.number(result.maxError, digits: 2),
          ByteCount(result.scratchBytes).description,
        ])
    }
    return table
  }

  static let keys = [
    "case", "batch", "heads", "kv_heads", "queries", "keys", "head_size", "causal", "path", "plan_path", "threads",
    "samples", "median_ms", "p90_ms", "min_ms", "gflops", "sgemm_gflops", "peak_gflops", "peak_percent", "kv_gb_per_s",
    "read_gb_per_s", "read_percent", "speedup", "max_error", "scratch_bytes", "blas_core", "blas_library", "kernel_set",
  ]

  var values: [[JSONValue]] {
    results.map { result in
      let labels = result.labels
      return [
        .string(labels.name), .integer(labels.batch), .integer(labels.heads), .integer(labels.keyValueHeads),
        .integer(labels.queries), .integer(labels.keys), .integer(labels.headSize), .bool(labels.isCausal),
        .string(result.path), JSONValue(result.planPath), .integer(result.threads), .integer(result.samples),
        JSONValue(result.median.map { $0 * 1000 }), JSONValue(result.p90.map { $0 * 1000 }),
        JSONValue(result.minimum.map { $0 * 1000 }), JSONValue(result.gigaflops), JSONValue(result.productGigaflops),
        JSONValue(result.peakGigaflops), JSONValue(result.peakShare), JSONValue(result.gigabytes),
        JSONValue(result.readGigabytes), JSONValue(result.readShare), JSONValue(result.speedup),
        .number(result.maxError), .integer(result.scratchBytes),
      ] + machine.values
    }
  }
}

extension [CaseResult] {
  /// What the ceilings were that shares are of: the medians over the cases, and the read bandwidth of each case that decodes.
  func ceilingRemarks(set: String) -> [String] {
    let threads = Set(map(\.threads)).sorted()
    func list(_ name: (Int) -> String, _ value: (Int) -> Double?) -> String? {
      let parts = threads.compactMap { count in value(count).map { "\(Cell.number($0)) \(name(count))" } }
      return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
    func on(_ count: Int) -> String { "on \(count) thread\(count == 1 ? "" : "s")" }
    var remarks: [String] = []
    if let peaks = list(on, { count in filter { $0.threads == count }.compactMap(\.peakGigaflops).middle }) {
      remarks.append("% peak: of multiply-adds in registers (\(set), Float), GFLOP/s: \(peaks)")
    }
    var names: [String] = []
    for result in self where result.readGigabytes != nil && !names.contains(result.labels.name) {
      names.append(result.labels.name)
    }
    for name in names {
      let own = filter { $0.labels.name == name }
      guard let rates = list(on, { count in own.first { $0.threads == count }?.readGigabytes }) else { continue }
      remarks.append("% read: of reading as many bytes as the keys and values of \(name) have, GB/s: \(rates)")
    }
    return remarks
  }
}

extension [Double] {
  /// The greater of the two in the middle, where there are two.
  var middle: Double? { isEmpty ? nil : sorted()[count / 2] }
}
