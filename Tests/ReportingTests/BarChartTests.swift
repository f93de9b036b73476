import Foundation
import Reporting
import Testing

@Suite("Bar chart")
struct BarChartTests {
  let chart = BarChart(
    title: "GFLOP/s", subtitle: "one thread", unit: "GFLOP/s", series: ["naive", "tiled"],
    groups: [
      .init(name: "a<b", values: [4, 160]), .init(name: "c & d", values: [nil, 80]),
    ], reference: (name: "sgemm", value: 200))

  @Test("is well-formed XML, with markup in names escaped")
  func isWellFormed() throws {
    let text = chart.svg().description
    let parser = XMLTagBalance(text)
    #expect(parser.isBalanced)
    #expect(text.contains("a&lt;b"))
    #expect(text.contains("c &amp; d"))
    #expect(!text.contains("a<b"))
  }

  @Test("draws a bar a value, none for nil, of widths in proportion")
  func widths() throws {
    let text = chart.svg().description
    // Bars are 11.5 high; legend boxes are 11.
    let widths = text.split(separator: "\n").filter { $0.contains("height=\"11.5\"") }.compactMap { line -> Double? in
      guard let start = line.range(of: "width=\"")?.upperBound else { return nil }
      return Double(line[start...].prefix { $0 != "\"" })
    }
    #expect(widths.count == 3)
    // 200 is the axis' end: 760 − 110 − 70 = 580 pixels.
    #expect(widths.map { $0.rounded() } == [12, 464, 232])
  }

  @Test("draws the reference line and names it")
  func reference() {
    let text = chart.svg().description
    #expect(text.contains("stroke-dasharray"))
    #expect(text.contains(">sgemm<"))
  }

  @Test("draws without values")
  func empty() {
    let empty = BarChart(title: "t", subtitle: "s", unit: "u", series: [], groups: [])
    #expect(XMLTagBalance(empty.svg().description).isBalanced)
  }
}

/// Whether every opened element is closed, in order.
private struct XMLTagBalance {
  let isBalanced: Bool

  init(_ text: String) {
    var open: [Substring] = []
    var isBalanced = true
    for piece in text.split(separator: "<", omittingEmptySubsequences: false).dropFirst() {
      guard let end = piece.firstIndex(of: ">") else {
        isBalanced = false
        break
      }
      let tag = piece[..<end]
      if tag.hasPrefix("/") {
        if open.popLast() != tag.dropFirst() { isBalanced = false }
      } else if !tag.hasSuffix("/") {
        open.append(tag.prefix { $0 != " " })
      }
    }
    self.isBalanced = isBalanced && open.isEmpty
  }
}
