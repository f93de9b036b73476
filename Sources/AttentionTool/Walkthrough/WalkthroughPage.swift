internal import Reporting

/// The text of a walkthrough, as wide as the terminal but no wider than is easy to read.
struct WalkthroughPage {
  /// A matrix under its name, formula and shape.
  struct Matrix {
    let title: String
    let grid: NumberGrid

    /// - Parameters:
    ///   - title: name and formula.
    ///   - labels: a name for each row, or none.
    init(_ title: String, _ rows: [[Double]], labels: [String] = []) {
      self.title = "\(title)  \([rows.count, rows.first?.count ?? 0])"
      grid = NumberGrid(rows, rowLabels: labels)
    }

    /// A vector, written as a row.
    init(_ title: String, _ elements: [Double]) {
      self.title = "\(title)  \([elements.count])"
      grid = NumberGrid([elements])
    }

    func lines(width: Int) -> [String] { [title] + grid.lines(width: width - 2).map { "  " + $0 } }
  }

  let terminal: Terminal
  private(set) var lines: [String] = []

  init(terminal: Terminal) {
    self.terminal = terminal
  }

  var text: String { lines.joined(separator: "\n") }

  private var width: Int { min(max(terminal.width, 40), 120) }
  private var textWidth: Int { min(width, 100) }

  mutating func heading(_ text: String) {
    if !lines.isEmpty { lines += ["", ""] }
    let text = Self.wrapped(text, width: textWidth)
    lines += text.map(terminal.bold)
    // What is bold needs no line below it.
    if terminal.colours == .none { lines.append(String(repeating: "─", count: Self.width(of: text))) }
  }

  mutating func paragraph(_ text: String) {
    lines.append("")
    lines += Self.wrapped(text, width: textWidth)
  }

  mutating func correction(_ correction: ArticleCorrection) {
    lines.append("")
    let text = Self.wrapped("Correction, \(correction.sections): \(correction.text)", width: textWidth - 2)
    lines += text.map { "│ " + $0 }
  }

  /// Matrices beside each other, as many as fit.
  mutating func matrices(_ matrices: Matrix...) { self.matrices(matrices) }

  mutating func matrices(_ matrices: [Matrix]) {
    let blocks = matrices.map { $0.lines(width: width) }
    guard !blocks.isEmpty else { return }
    // As few rows of blocks as they need, and in each as many as in the others.
    var perRow = blocks.count
    while perRow > 1, !Self.fits(blocks, perRow: perRow, width: width) { perRow -= 1 }
    let rowCount = (blocks.count + perRow - 1) / perRow
    perRow = (blocks.count + rowCount - 1) / rowCount
    for start in stride(from: 0, to: blocks.count, by: perRow) {
      lines.append("")
      lines += Self.sideBySide(blocks[start..<min(start + perRow, blocks.count)])
    }
  }

  /// The weights [L, L] of words for each other.
  mutating func heatMap(_ title: String, _ weights: [[Double]], words: [String]) {
    let map = HeatMap(rowLabels: words, columnLabels: words, values: weights)
    lines += ["", "\(title)  \([weights.count, words.count])"]
    var inset = terminal
    inset.width -= 2
    lines += map.lines(on: inset).map { "  " + $0 }
  }

  private static let gap = 5

  private static func fits(_ blocks: [[String]], perRow: Int, width: Int) -> Bool {
    stride(from: 0, to: blocks.count, by: perRow).allSatisfy { start in
      let row = blocks[start..<min(start + perRow, blocks.count)]
      return row.reduce(0) { $0 + Self.width(of: $1) } + gap * (row.count - 1) <= width
    }
  }

  private static func sideBySide(_ blocks: ArraySlice<[String]>) -> [String] {
    (0..<(blocks.map(\.count).max() ?? 0)).map { line in
      let text = blocks.map { block in
        (line < block.count ? block[line] : "").padded(toWidth: width(of: block) + gap)
      }.joined()
      return String(text.reversed().drop { $0 == " " }.reversed())
    }
  }

  private static func width(of block: [String]) -> Int { block.map(\.displayWidth).max() ?? 0 }

  private static func wrapped(_ text: String, width: Int) -> [String] {
    var lines = [""]
    for word in text.split(separator: " ") {
      let last = lines[lines.count - 1]
      if last.isEmpty {
        lines[lines.count - 1] = String(word)
      } else if last.displayWidth + 1 + word.displayWidth <= width {
        lines[lines.count - 1] += " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
