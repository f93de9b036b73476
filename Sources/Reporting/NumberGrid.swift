internal import Foundation

/// A matrix as text: numbers of equally many decimals in columns, with names at the rows and over the columns.
///
/// No more decimals are shown than the numbers need, and no more than asked for. What is too wide or too long is shortened in
/// its middle.
package struct NumberGrid: Equatable, Sendable {
  package let rows: [[Double]]
  /// A name for each row, or none at all.
  package let rowLabels: [String]
  package let decimals: Int
  /// More rows than these are shortened.
  package let rowLimit: Int

  /// - Precondition: rows of one length; as many names as rows, or none.
  package init(_ rows: [[Double]], rowLabels: [String] = [], decimals: Int = 4, rowLimit: Int = 12) {
    precondition(Set(rows.map(\.count)).count <= 1, "rows of lengths \(rows.map(\.count))")
    precondition(rowLabels.isEmpty || rowLabels.count == rows.count, "\(rowLabels.count) names for \(rows.count) rows")
    (self.rows, self.rowLabels, self.decimals, self.rowLimit) = (rows, rowLabels, decimals, max(rowLimit, 3))
  }

  /// The lines, none wider than `width` as long as a name and three numbers are not.
  package func lines(width: Int) -> [String] {
    let columnCount = rows.first?.count ?? 0
    guard columnCount > 0 else { return ["(empty)"] }
    let labelWidth = min(rowLabels.map(\.displayWidth).max() ?? 0, 14)
    let texts = texts()
    let cellWidth = texts.joined().map(\.count).max() ?? 0
    let room = (width - labelWidth) / (cellWidth + 2)
    let columns = Self.shown(columnCount, limit: max(room, 3))
    return Self.shown(rows.count, limit: rowLimit).map { row in
      guard let row else { return "…".padded(toWidth: max(labelWidth, 1)) + (labelWidth > 0 ? "  …" : "") }
      let label =
        rowLabels.isEmpty ? "" : rowLabels[row].truncated(toWidth: labelWidth).padded(toWidth: labelWidth) + "  "
      return label
        + columns.map { $0.map { texts[row][$0] } ?? "…" }.map { $0.leftPadded(toWidth: $0 == "…" ? 1 : cellWidth) }
        .joined(separator: "  ")
    }
  }

  /// Which of `count` places are shown, nil standing for those between the first and the last ones.
  private static func shown(_ count: Int, limit: Int) -> [Int?] {
    guard count > limit else { return Array(0..<count) }
    let last = max(1, (limit - 1) / 3)
    return Array(0..<(limit - 1 - last)) + [nil] + Array((count - last)..<count)
  }

  private func texts() -> [[String]] {
    let needed =
      rows.joined().map { Self.text($0, decimals: decimals) }.map { text in
        guard let point = text.firstIndex(of: ".") else { return 0 }
        return text[text.index(after: point)...].reversed().drop { $0 == "0" }.count
      }.max() ?? 0
    return rows.map { $0.map { Self.text($0, decimals: needed) } }
  }

  private static func text(_ value: Double, decimals: Int) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    let text = String(format: "%.\(decimals)f", value)
    // What rounds to zero has no sign.
    return text.hasPrefix("-") && text.allSatisfy { "-0.".contains($0) } ? String(text.dropFirst()) : text
  }
}
