extension Table {
  /// A table of GitHub Flavored Markdown whose source is aligned as well.
  ///
  /// - seealso: GitHub Flavored Markdown Spec 0.29, section 4.10, "Tables (extension)".
  var markdown: String {
    let titles = columns.map(\.title)
    let lines = ([titles] + rows).map { $0.map(\.markdownCell) }
    // A delimiter needs three characters to be read as one by every reader of the format.
    let widths = columns.indices.map { column in max(3, lines.map { $0[column].count }.max() ?? 0) }
    let delimiters = zip(columns, widths).map { column, width in
      switch column.alignment {
      case .left: String(repeating: "-", count: width)
      case .right: String(repeating: "-", count: width - 1) + ":"
      }
    }
    return (lines.prefix(1) + [delimiters] + lines.dropFirst())
      .map { line in
        let padded = zip(columns, zip(line, widths)).map { column, cell in
          column.alignment.padded(cell.0, to: cell.1)
        }
        return "| " + padded.joined(separator: " | ") + " |\n"
      }
      .joined()
  }
}

extension String {
  /// The text as it stands in a cell: a bar would end the cell, and a backslash would undo the escape after it.
  fileprivate var markdownCell: String {
    var cell = ""
    for character in onOneLine {
      if character == "|" || character == "\\" {
        cell.append("\\")
      }
      cell.append(character)
    }
    return cell
  }
}
