internal import Foundation

extension HeatMap {
  /// The lines of the map, and below them what the shades mean.
  package func lines(on terminal: Terminal) -> [String] {
    let labelWidth = min(rowLabels.map(\.displayWidth).max() ?? 0, Self.labelLimit)
    let room = max(terminal.width - labelWidth - 1, 0)
    let density = Self.density(columns: columnLabels.count, room: room)
    let panelSize = max(1, room / density.cellWidth)
    let indent = String(repeating: " ", count: labelWidth + 1)
    var lines: [String] = []
    for start in stride(from: 0, to: columnLabels.count, by: panelSize) {
      let columns = start..<min(start + panelSize, columnLabels.count)
      if start > 0 { lines.append("") }
      lines += headings(columns, density).map { indent + $0 }
      for (label, row) in zip(rowLabels, values) {
        let cells = columns.map { cell(row[$0], density, on: terminal) }.joined()
        lines.append(label.truncated(toWidth: labelWidth).padded(toWidth: labelWidth) + " " + cells)
      }
    }
    lines += legend(on: terminal, room: room).map { indent + $0 }
    return lines.map { line in String(line.reversed().drop { $0 == " " }.reversed()) }
  }

  /// The names of columns: beside each other, or downwards where a cell has no room for a word.
  private func headings(_ columns: Range<Int>, _ density: Density) -> [String] {
    guard density == .shadeAlone else {
      return [
        columnLabels[columns].map {
          $0.truncated(toWidth: density.cellWidth - 1).padded(toWidth: density.cellWidth)
        }.joined()
      ]
    }
    let words = columnLabels[columns].map { label in
      let characters = Array(label)
      return characters.count > Self.headingLimit ? characters.prefix(Self.headingLimit - 1) + ["…"] : characters[...]
    }
    let height = words.map(\.count).max() ?? 0
    return (0..<height).map { line in
      words.map { word in
        // The ends stand on the cells.
        let index = line - (height - word.count)
        return (index >= 0 ? String(word[index]) : "").padded(toWidth: density.cellWidth)
      }.joined()
    }
  }

  private static let shades: [Character] = ["·", "░", "▒", "▓", "█"]

  private func shade(_ strength: Double?) -> Character {
    guard let strength else { return "?" }
    return Self.shades[min(Int(strength * Double(Self.shades.count)), Self.shades.count - 1)]
  }

  private func cell(_ value: Double, _ density: Density, on terminal: Terminal) -> String {
    let strength = strength(value)
    let number = Self.number(value, density)
    guard terminal.colours == .none else {
      let width = density.cellWidth
      let left = (width - number.count) / 2
      let text = (String(repeating: " ", count: left) + number).padded(toWidth: width)
      return strength.map { HeatColour(strength: $0).painted(text, terminal.colours) } ?? text
    }
    let shade = String(shade(strength))
    return switch density {
    case .threeDecimals: (shade + shade + number.leftPadded(toWidth: 5)).padded(toWidth: density.cellWidth)
    case .twoDecimals: (shade + number.leftPadded(toWidth: 3)).padded(toWidth: density.cellWidth)
    case .shadeAlone: shade + shade
    }
  }

  /// Without the zero before the point, which says nothing of a weight.
  private static func number(_ value: Double, _ density: Density) -> String {
    func decimals(_ count: Int) -> String {
      guard value.isFinite else { return "" }
      let text = String(format: "%.\(count)f", value)
      return text.hasPrefix("0.") ? String(text.dropFirst()) : String(text.prefix(count + 1))
    }
    return switch density {
    case .threeDecimals: decimals(3)
    case .twoDecimals: decimals(2)
    case .shadeAlone: ""
    }
  }

  private func legend(on terminal: Terminal, room: Int) -> [String] {
    func text(_ strength: Double) -> String { SignificantFigures(value(strength: strength), digits: 2).description }
    guard terminal.colours == .none else {
      let half = room < 40 ? 4 : 8
      func ramp(_ steps: Range<Int>) -> String {
        steps.map { step in
          HeatColour(strength: Double(step) / Double(2 * half - 1)).painted(" ", terminal.colours)
        }.joined()
      }
      return ["0 \(ramp(0..<half)) \(text(0.5)) \(ramp(half..<(2 * half))) \(text(1))"]
    }
    let steps = Self.shades.enumerated().map { index, shade in
      index == 0 ? "\(shade) below" : "\(shade) from \(text(Double(index) / Double(Self.shades.count)))"
    }
    return (steps + ["largest \(text(1))"]).reduce(into: []) { lines, step in
      if let last = lines.last, last.displayWidth + 2 + step.displayWidth < room {
        lines[lines.count - 1] = last + ", " + step
      } else {
        if let last = lines.last { lines[lines.count - 1] = last + "," }
        lines.append(step)
      }
    }
  }
}
