import Testing

@testable import Reporting

@Suite("Line chart")
struct LineChartTests {
  let chart = LineChart(
    title: "Growth", subtitle: "a & b", xName: "S", x: [100, 1000, 10_000],
    series: [.init(name: "a<b", hue: 1), .init(name: "c", hue: 1, shade: 1)],
    panels: [
      .init(unit: "ms", height: 200, values: [[1, 100, 10_000], [10, nil, 1000]]),
      .init(unit: "KiB", height: 100, values: [[20, 20, 20], [.nan, 0, 50]]),
    ])

  /// The places of the points in the order drawn.
  private func points(_ chart: LineChart) -> [(x: Double, y: Double)] {
    SVGElement.all(in: chart.svg(), "circle").compactMap { circle in
      circle.number("cx").flatMap { x in circle.number("cy").map { (x, $0) } }
    }
  }

  /// The lines that are no grid: those with a width of their own.
  private func segments(_ chart: LineChart) -> [SVGElement] {
    SVGElement.all(in: chart.svg(), "line").filter { $0.attributes["stroke-width"] != nil }
  }

  @Test("is well-formed XML, with markup in names escaped")
  func isWellFormed() {
    let text = chart.svg().description
    #expect(XMLTagBalance(text).isBalanced)
    #expect(text.contains("a&lt;b") && text.contains("a &amp; b") && !text.contains("a<b"))
  }

  @Test("draws a power as a straight line")
  func powers() throws {
    let points = points(chart)
    #expect(points.count == 3 + 2 + 3 + 1)
    // y = x²/10⁴: two decades of the four for one of the two.
    let (first, middle, last) = (points[0], points[1], points[2])
    #expect(abs(middle.x - (first.x + last.x) / 2) <= 0.1)
    #expect(abs(first.y - last.y - 200) <= 0.1)
    #expect(abs(middle.y - (first.y + last.y) / 2) <= 0.1)
    // 10 and 1000 of 1 to 10 000, at the same places x.
    #expect(abs(points[3].y - first.y + 50) <= 0.1)
    #expect(abs(points[4].y - last.y - 50) <= 0.1)
    #expect(points[3].x == first.x)
    #expect(points[4].x == last.x)
    // 20 of 10 to 100 is flat, and in the panel below.
    #expect(Set(points[5...7].map(\.y)).count == 1)
    #expect(points[5].y > first.y)
  }

  @Test("leaves a gap where there is no value")
  func gaps() {
    // Two for the first line, none for the second, two for the flat one, none for its single point.
    #expect(segments(chart).count == 4)
    let text = chart.svg().description
    #expect(!text.contains("nan") && !text.contains("inf"))
  }

  @Test("gives each line the colour that the legend gives it, unlike any other's")
  func colours() {
    let legend = SVGElement.all(in: chart.svg(), "rect").filter { $0.number("height") == 11 }.map {
      $0.attributes["fill"]
    }
    #expect(Set(legend).count == 2)
    #expect(segments(chart).allSatisfy { $0.attributes["stroke"] == legend[0] })
    let marks = SVGElement.all(in: chart.svg(), "circle").map { $0.attributes["fill"] }
    #expect(marks.map { legend.firstIndex(of: $0) } == [0, 0, 0, 1, 1, 0, 0, 0, 1])
  }

  @Test("says each place x under the last panel, as far as there is room, and keeps texts within the picture")
  func texts() throws {
    let few = SVGElement.all(in: chart.svg(), "text").map(\.text)
    for label in ["100", "1000", "10000", "S", "ms", "KiB", "c"] { #expect(few.contains(label), "\(label)") }
    let x: [Double] = (0..<60).map { index in Double(1 << (index / 2)) * (index % 2 == 0 ? 1 : 1.4) }
    let series = (0..<9).map { hue in
      LineChart.Series(name: "sliding window of 512 keys, \(hue) threads: S^1.00", hue: hue)
    }
    let many = LineChart(
      title: "a title", subtitle: "a CPU with a long name, " + String(repeating: "long ", count: 30), xName: "S", x: x,
      series: series,
      panels: [.init(unit: "u", height: 90, values: Array(repeating: x.map { $0 * 1e-7 }, count: 9))])
    let document = many.svg()
    let texts = SVGElement.all(in: document, "text")
    for text in texts {
      let (first, last) = text.extent
      #expect(first >= 0 && last <= document.width, "\(text.text): \(first) to \(last) of \(document.width)")
    }
    let places = texts.filter { $0.attributes["font-size"] == "11" && $0.attributes["text-anchor"] == "middle" }
    #expect(places.count > 5 && places.count < 60)
    for (one, next) in zip(places, places.dropFirst()) { #expect(one.extent.last < next.extent.first) }
  }

  @Test("draws a single place, and without anything")
  func degenerate() {
    let one = LineChart(
      title: "t", subtitle: "s", xName: "S", x: [128], series: [.init(name: "a", hue: 1)],
      panels: [.init(unit: "u", height: 90, values: [[3]])])
    #expect(points(one).count == 1 && segments(one).isEmpty)
    let empty = LineChart(title: "t", subtitle: "s", xName: "S", x: [], series: [], panels: [])
    for chart in [one, empty] { #expect(XMLTagBalance(chart.svg().description).isBalanced) }
  }
}
