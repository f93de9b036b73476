internal import Reporting

/// Results of a run, as text in one of the formats.
protocol ResultDocument {
  var machine: MachineDescription { get }
  /// Remarks on the results, a line each.
  var remarks: [String] { get }
  /// What readers get, a row a result.
  func table() throws -> Table
  /// The names of a result's numbers, in the order of JSON and CSV.
  static var keys: [String] { get }
  /// For each result a value for each of ``keys``.
  var values: [[JSONValue]] { get }
}

extension ResultDocument {
  /// The text, its last line ended. Tables for readers begin with the machine and end with the remarks; JSON and CSV hold the
  /// results alone.
  func rendered(as format: Report.Format) throws -> String {
    switch format {
    case .json: json.indented() + "\n"
    case .csv: try csv()
    case .table:
      try machine.lines.joined(separator: "\n") + "\n\n" + table().rendered(as: .text) + footer(prefix: "")
    case .markdown:
      try machine.lines.map { "- \($0)\n" }.joined() + "\n" + table().rendered(as: .markdown) + footer(prefix: "- ")
    }
  }

  private func footer(prefix: String) -> String {
    remarks.isEmpty ? "" : "\n" + remarks.map { prefix + $0 + "\n" }.joined()
  }

  private var json: JSONValue {
    .array(values.map { values in .object(zip(Self.keys, values).map { JSONValue.Member($0, $1) }) })
  }

  private func csv() throws -> String {
    var table = Table(columns: Self.keys.map { Table.Column($0) })
    for values in values {
      try table.append(
        values.map { value in
          switch value {
          case .null: ""
          case .string(let text): text
          default: value.description
          }
        })
    }
    return table.rendered(as: .csv)
  }
}

/// Cells of tables.
enum Cell {
  static func milliseconds(_ seconds: Double?) -> String {
    SignificantFigures(seconds.map { $0 * 1000 }).description
  }

  static func number(_ value: Double?, digits: Int = 3) -> String {
    SignificantFigures(value, digits: digits).description
  }
}
