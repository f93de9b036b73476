extension Table {
  /// Columns padded to their widest cell, two spaces apart, with a rule under the titles and no spaces at line ends.
  ///
  /// Every character counts as one column of the terminal. Line breaks in cells become spaces.
  var text: String {
    let titles = columns.map(\.title)
    let lines = ([titles] + rows).map { $0.map(\.onOneLine) }
    let widths = columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    let rule = widths.map { String(repeating: "-", count: $0) }
    return (lines.prefix(1) + [rule] + lines.dropFirst())
      .map { line in
        let padded = zip(columns, zip(line, widths)).map { column, cell in
          column.alignment.padded(cell.0, to: cell.1)
        }
        return padded.joined(separator: "  ").trimmingEnd + "\n"
      }
      .joined()
  }
}

extension Table.Alignment {
  /// The cell filled up with spaces to the given width; unchanged if it is wider.
  func padded(_ cell: String, to width: Int) -> String {
    let padding = String(repeating: " ", count: max(0, width - cell.count))
    return switch self {
    case .left: cell + padding
    case .right: padding + cell
    }
  }
}

extension String {
  /// The text with a space for every line break.
  var onOneLine: String {
    String(map { $0.isNewline ? " " : $0 })
  }

  fileprivate var trimmingEnd: Substring {
    guard let end = lastIndex(where: { $0 != " " }) else { return "" }
    return self[...end]
  }
}
