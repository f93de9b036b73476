import Foundation
import Testing

@testable import Reporting

@Suite("Bar chart")
struct BarChartTests {
  let chart = BarChart(
    title: "GFLOP/s", subtitle: "one thread", unit: "GFLOP/s",
    series: [.init(name: "naive", hue: 0), .init(name: "tiled", hue: 1)],
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
    let bars = SVGElement.all(in: chart.svg(), "rect").filter { $0.number("height") == 11.5 }
    // 200 is the axis' end: 760 − 110 − 70 = 580 pixels.
    #expect(bars.compactMap { $0.number("width")?.rounded() } == [12, 464, 232])
  }

  @Test("marks a missing value, and draws no bar for what is no number or below 0")
  func missing() {
    let chart = BarChart(
      title: "t", subtitle: "s", unit: "u", series: (0..<5).map { .init(name: "\($0)", hue: $0) },
      groups: [.init(name: "g", values: [nil, .nan, .infinity, -1, 7])], reference: ("r", .infinity))
    #expect(SVGElement.all(in: chart.svg(), "rect").filter { $0.number("height") == 11.5 }.count == 1)
    #expect(SVGElement.all(in: chart.svg(), "text").filter { $0.text == "–" }.count == 4)
    let text = chart.svg().description
    #expect(!text.contains("nan") && !text.contains("inf"))
  }

  /// Five paths on two numbers of threads each.
  static let tenSeries = (0..<10).map { index in
    BarChart.Series(name: "reference, \(index % 2) threads", hue: index / 2, shade: index % 2)
  }

  @Test(
    "keeps every text within the picture",
    arguments: [
      (series: 1, name: "a", value: 1.0), (10, "1,32,8,2048,2048,64,causal", 123.4), (10, "a", 0.001),
      (7, "1000000,1000000,1000000,1000000,1000000,1000000,causal", 1.23e-300), (3, "a", 1e300),
    ] as [(series: Int, name: String, value: Double)])
  func staysWithin(series: Int, name: String, value: Double) {
    let chart = BarChart(
      title: "a title", subtitle: "a CPU", unit: "GFLOP/s", series: Array(Self.tenSeries.prefix(series)),
      groups: [
        .init(name: name, values: (0..<series).map { $0 == 1 ? nil : value / Double($0 + 1) }),
        .init(name: "b", values: []),
      ], reference: ("sgemm 1024³, 64 threads", value * 0.999))
    let document = chart.svg()
    for text in SVGElement.all(in: chart.svg(), "text") {
      let (first, last) = text.extent
      #expect(first >= 0 && last <= document.width, "\(text.text): \(first) to \(last) of \(document.width)")
    }
  }

  @Test("wraps the legend, its entries apart from each other and above the bars")
  func legend() throws {
    let chart = BarChart(
      title: "t", subtitle: "s", unit: "u", series: Self.tenSeries,
      groups: [.init(name: "g", values: (1...10).map(Double.init))])
    #expect(chart.svg().width == 760)
    let elements = SVGElement.all(in: chart.svg(), "rect")
    let boxes = elements.filter { $0.number("height") == 11 }
    #expect(Set(boxes.compactMap { $0.number("y") }).count == 3)
    let entries = SVGElement.all(in: chart.svg(), "text").filter { $0.text.hasPrefix("reference") }
    #expect(entries.count == 10)
    for (index, (box, entry)) in zip(boxes, entries).enumerated() {
      let (x, y) = (try #require(box.number("x")), try #require(box.number("y")))
      #expect(entry.extent.first >= x + 11)
      guard index + 1 < boxes.count, boxes[index + 1].number("y") == y else { continue }
      #expect(try #require(boxes[index + 1].number("x")) > entry.extent.last)
    }
    let bars = elements.filter { $0.number("height") == 11.5 }
    #expect(bars.count == 10)
    let lowest = try #require(boxes.compactMap { $0.number("y") }.max()) + 11
    #expect(try #require(bars.compactMap { $0.number("y") }.min()) > lowest)
  }

  @Test("gives each series the colour that the legend gives it, unlike any other's")
  func colours() {
    let chart = BarChart(
      title: "t", subtitle: "s", unit: "u", series: Self.tenSeries,
      groups: [.init(name: "g", values: (1...10).map(Double.init))])
    let elements = SVGElement.all(in: chart.svg(), "rect")
    let legend = elements.filter { $0.number("height") == 11 }.map { $0.attributes["fill"] }
    let bars = elements.filter { $0.number("height") == 11.5 }.map { $0.attributes["fill"] }
    #expect(legend == bars)
    #expect(Set(legend).count == 10)
  }

  @Test("draws the reference line and names it")
  func reference() {
    let text = chart.svg().description
    #expect(text.contains("stroke-dasharray"))
    #expect(text.contains(">sgemm<"))
  }

  @Test("interrupts the reference line where it would strike a number through", arguments: [180.0, 199, 201])
  func interruption(value: Double) {
    let chart = BarChart(
      title: "t", subtitle: "s", unit: "u", series: [.init(name: "a", hue: 1)],
      groups: [.init(name: "g", values: [value])], reference: ("r", 200))
    let covers = SVGElement.all(in: chart.svg(), "rect").filter { $0.attributes["fill"] == "#ffffff" }
    #expect(covers.count == (value == 199 ? 1 : 0))
  }

  @Test("draws without values")
  func empty() {
    let empty = BarChart(title: "t", subtitle: "s", unit: "u", series: [], groups: [])
    #expect(XMLTagBalance(empty.svg().description).isBalanced)
  }
}
