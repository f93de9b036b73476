/// A drawing in Scalable Vector Graphics 1.1: shapes and texts in the order they were added, lengths in pixels.
package struct SVGDocument {
  package let width: Double
  package let height: Double
  private var elements: [String] = []

  package init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  /// Where a text stands relative to its point.
  package enum Anchor: String {
    case start, middle, end
  }

  package mutating func rectangle(x: Double, y: Double, width: Double, height: Double, fill: String) {
    elements.append(
      "<rect x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(width))\" height=\"\(number(height))\" fill=\"\(fill)\"/>"
    )
  }

  package mutating func line(
    x1: Double, y1: Double, x2: Double, y2: Double, stroke: String, width: Double = 1, isDashed: Bool = false
  ) {
    let dashes = isDashed ? " stroke-dasharray=\"4 3\"" : ""
    let thickness = width == 1 ? "" : " stroke-width=\"\(number(width))\""
    elements.append(
      "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\" stroke=\"\(stroke)\""
        + "\(thickness)\(dashes)/>")
  }

  package mutating func circle(x: Double, y: Double, radius: Double, fill: String) {
    elements.append("<circle cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"\(number(radius))\" fill=\"\(fill)\"/>")
  }

  package mutating func text(
    _ text: String, x: Double, y: Double, size: Double = 12, anchor: Anchor = .start, fill: String = "#222222",
    isBold: Bool = false
  ) {
    let weight = isBold ? " font-weight=\"bold\"" : ""
    elements.append(
      "<text x=\"\(number(x))\" y=\"\(number(y))\" font-size=\"\(number(size))\" text-anchor=\"\(anchor.rawValue)\" "
        + "fill=\"\(fill)\"\(weight)>\(escaped(text))</text>")
  }

  /// The file's text.
  package var description: String {
    let size =
      "width=\"\(number(width))\" height=\"\(number(height))\" viewBox=\"0 0 \(number(width)) \(number(height))\""
    // A background of its own, so that it is readable on dark pages too.
    return """
      <svg xmlns="http://www.w3.org/2000/svg" \(size) font-family="Helvetica, Arial, sans-serif">
      <rect width="100%" height="100%" fill="#ffffff"/>
      \(elements.joined(separator: "\n"))
      </svg>

      """
  }

  /// Tenths of a pixel, without trailing zeros.
  private func number(_ value: Double) -> String {
    let tenths = (value * 10).rounded() / 10
    return Int(exactly: tenths).map(String.init) ?? "\(tenths)"
  }

  private func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      default: result.append(character)
      }
    }
    return result
  }
}
