@testable import Reporting

/// An element of a drawing.
struct SVGElement {
  var attributes: [String: String] = [:]
  var text = ""

  func number(_ name: String) -> Double? { attributes[name].flatMap(Double.init) }

  /// Where a text begins and ends.
  var extent: (first: Double, last: Double) {
    let width = SVGDocument.width(
      of: text, size: number("font-size") ?? .nan, isBold: attributes["font-weight"] == "bold")
    let x = number("x") ?? .nan
    switch attributes["text-anchor"] {
    case "end": return (x - width, x)
    case "middle": return (x - width / 2, x + width / 2)
    default: return (x, x + width)
    }
  }

  /// All of a name, but for the background.
  static func all(in document: SVGDocument, _ name: String) -> [SVGElement] {
    document.description.split(separator: "\n").filter { $0.hasPrefix("<\(name) ") && !$0.contains("100%") }
      .map { line in
        var element = SVGElement()
        let parts = line.split(separator: ">", maxSplits: 1)
        let pieces = parts[0].split(separator: "\"").map(String.init)
        for index in stride(from: 0, to: pieces.count - 1, by: 2) {
          let name = pieces[index].split(separator: " ").last.map { $0.dropLast() } ?? ""
          element.attributes[String(name)] = pieces[index + 1]
        }
        if parts.count == 2 { element.text = String(parts[1].prefix { $0 != "<" }) }
        return element
      }
  }
}
