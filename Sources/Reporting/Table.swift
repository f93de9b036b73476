/// Rows of text under titled columns, rendered as plain text, Markdown or CSV.
///
/// Cells hold finished text; ``SignificantFigures`` and ``ByteCount`` make it from numbers.
package struct Table: Equatable, Sendable {
  /// The side of a column that its cells are pushed to.
  package enum Alignment: Equatable, Sendable {
    case left
    /// For numbers, so that their last digits stand under one another.
    case right
  }

  /// A column's title and the alignment of its title and cells.
  package struct Column: Equatable, Sendable {
    package var title: String
    package var alignment: Alignment

    package init(_ title: String, _ alignment: Alignment = .left) {
      self.title = title
      self.alignment = alignment
    }
  }

  /// The ways a table can be written down.
  package enum Format: String, CaseIterable, Sendable {
    /// Aligned columns for a terminal.
    case text
    /// A table of GitHub Flavored Markdown.
    case markdown
    /// Comma-separated values as RFC 4180 defines them.
    case csv
  }

  package let columns: [Column]

  /// Every row has one cell for each column.
  package private(set) var rows: [[String]] = []

  /// Makes a table without rows.
  package init(columns: [Column]) {
    self.columns = columns
  }

  /// Makes a table of the rows given.
  ///
  /// - Throws: ``TableError/rowWidth(row:expected:actual:)`` for the first row that has not one cell for each column.
  package init(columns: [Column], rows: [[String]]) throws(TableError) {
    self.init(columns: columns)
    for row in rows {
      try append(row)
    }
  }

  /// Adds a row at the end.
  ///
  /// - Throws: ``TableError/rowWidth(row:expected:actual:)`` if the row has not one cell for each column; the table
  ///   then stays as it was.
  package mutating func append(_ row: [String]) throws(TableError) {
    guard row.count == columns.count else {
      throw .rowWidth(row: rows.count, expected: columns.count, actual: row.count)
    }
    rows.append(row)
  }

  /// The whole table in the given format, its last line ended; empty if there are no columns.
  package func rendered(as format: Format) -> String {
    guard !columns.isEmpty else { return "" }
    return switch format {
    case .text: text
    case .markdown: markdown
    case .csv: csv
    }
  }
}

/// What is wrong with the contents of a table.
package enum TableError: Error, Equatable, CustomStringConvertible {
  /// Row number `row`, counted from 0, has `actual` cells where the table has `expected` columns.
  case rowWidth(row: Int, expected: Int, actual: Int)

  package var description: String {
    switch self {
    case .rowWidth(let row, let expected, let actual):
      "row \(row) of the table has \(actual) cells; expected \(expected), one for each column"
    }
  }
}
