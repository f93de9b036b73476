internal import Reporting

/// All results of a run, as text in one of the formats.
struct Report: Sendable {
  enum Format: String, CaseIterable, Sendable {
    case table, json, csv, markdown
  }

  var results: [CaseResult] = []
  var machine: MachineDescription
  /// Remarks on the results, a line each.
  var notes: [String] = []

  mutating func add(_ outcome: CaseRunner.Outcome) {
    results += outcome.results
    notes += outcome.notes
  }

  /// The text, its last line ended. Tables for readers begin with the machine and end with the notes; JSON and CSV hold the
  /// results alone.
  func rendered(as format: Format) throws -> String {
    switch format {
    case .json: json.indented() + "\n"
    case .csv: try csv()
    case .table: try machine.lines.joined(separator: "\n") + "\n\n" + table(as: .text) + footer(prefix: "")
    case .markdown:
      try machine.lines.map { "- \($0)\n" }.joined() + "\n" + table(as: .markdown) + footer(prefix: "- ")
    }
  }

  private func footer(prefix: String) -> String {
    notes.isEmpty ? "" : "\n" + notes.map { prefix + $0 + "\n" }.joined()
  }

  // MARK: For readers

  private func table(as format: Table.Format) throws -> String {
    var table = Table(columns: [
      .init("case"), .init("path"), .init("threads", .right), .init("median ms", .right), .init("p90 ms", .right),
      .init("GFLOP/s", .right), .init("% of sgemm", .right), .init("speed-up", .right), .init("largest error", .right),
      .init("scratch", .right),
    ])
    for result in results {
      try table.append([
        result.labels.name, result.path, "\(result.threads)", milliseconds(result.median), milliseconds(result.p90),
        SignificantFigures(result.gigaflops).description, SignificantFigures(result.productShare).description,
        SignificantFigures(result.speedup).description, SignificantFigures(result.maxError, digits: 2).description,
        ByteCount(result.scratchBytes).description,
      ])
    }
    return table.rendered(as: format)
  }

  private func milliseconds(_ seconds: Double?) -> String {
    SignificantFigures(seconds.map { $0 * 1000 }).description
  }

  // MARK: For programs

  private var json: JSONValue {
    .array(results.map { .object(members(of: $0)) })
  }

  private func csv() throws -> String {
    let lines = results.map(members)
    var table = Table(columns: Self.keys.map { Table.Column($0) })
    for line in lines {
      try table.append(
        line.map { member in
          switch member.value {
          case .null: ""
          case .string(let text): text
          default: member.value.description
          }
        })
    }
    return table.rendered(as: .csv)
  }

  static let keys = [
    "case", "batch", "heads", "kv_heads", "queries", "keys", "head_size", "causal", "path", "plan_path", "threads",
    "samples", "median_ms", "p90_ms", "min_ms", "gflops", "sgemm_gflops", "speedup", "max_error", "scratch_bytes",
    "blas_core", "blas_library", "kernel_set",
  ]

  private func members(of result: CaseResult) -> [JSONValue.Member] {
    let labels = result.labels
    let values: [JSONValue] = [
      .string(labels.name), .integer(labels.batch), .integer(labels.heads), .integer(labels.keyValueHeads),
      .integer(labels.queries), .integer(labels.keys), .integer(labels.headSize), .bool(labels.isCausal),
      .string(result.path), result.planPath.map(JSONValue.string) ?? .null, .integer(result.threads),
      .integer(result.samples), JSONValue(result.median.map { $0 * 1000 }),
      JSONValue(result.p90.map { $0 * 1000 }), JSONValue(result.minimum.map { $0 * 1000 }),
      JSONValue(result.gigaflops), JSONValue(result.productGigaflops), JSONValue(result.speedup),
      .number(result.maxError), .integer(result.scratchBytes), .string(machine.blasCore),
      .string(machine.blasLibrary), .string(machine.kernelSet),
    ]
    return zip(Self.keys, values).map { JSONValue.Member($0, $1) }
  }
}
