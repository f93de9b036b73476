extension BarChart {
  private static let (bar, gap, margin, right) = (13.0, 12.0, 16.0, 70.0)
  private static let (leastWidth, leastLeft, leastPlot) = (760.0, 110.0, 400.0)

  /// The drawing: 760 pixels wide, or more where long names need it.
  package func svg() -> SVGDocument {
    let names = groups.map { SVGDocument.width(of: $0.name, size: 12) }.max() ?? 0
    let left = max(Self.leastLeft, Self.margin + names + 8)
    let texts = max(
      SVGDocument.width(of: title, size: 17, isBold: true), SVGDocument.width(of: subtitle, size: 12))
    let width = max(Self.leastWidth, left + Self.leastPlot + Self.right, texts + 2 * Self.margin).rounded(.up)
    let legend = ChartLegend(
      names: series.map(\.name), colours: series.map(colour), margin: Self.margin, width: width)
    let top = 72 + legend.height
    let groupHeight = Double(series.count) * Self.bar + Self.gap
    let bottom = top + Double(groups.count) * groupHeight
    var document = SVGDocument(width: width, height: bottom + 44)

    document.text(title, x: Self.margin, y: 26, size: 17, isBold: true)
    document.text(subtitle, x: Self.margin, y: 45, fill: "#555555")
    legend.draw(top: 55, in: &document)

    let values = groups.flatMap(\.values).compactMap(Self.drawable)
    let mark = reference.flatMap { reference in Self.drawable(reference.value).map { (reference.name, $0) } }
    let ticks = AxisTicks(reaching: max(values.max() ?? 0, mark?.1 ?? 0))
    let plot = Plot(left: left, right: width - Self.right, top: top, bottom: bottom, limit: ticks.limit)
    draw(ticks, plot, in: &document)
    let starts = groups.indices.map { top + Double($0) * groupHeight }
    for (group, start) in zip(groups, starts) { drawBars(of: group, from: start, plot, in: &document) }
    if let (name, value) = mark { draw(reference: name, value, plot, in: &document) }
    for (group, start) in zip(groups, starts) {
      drawNumbers(of: group, from: start, plot, markedAt: mark.map { plot.x($0.1) }, in: &document)
    }
    return document
  }

  /// Where the bars are.
  private struct Plot {
    let left: Double
    let right: Double
    let top: Double
    let bottom: Double
    /// The value at the right end.
    let limit: Double

    func x(_ value: Double) -> Double { left + value / limit * (right - left) }
  }

  private static func drawable(_ value: Double?) -> Double? {
    guard let value, (0...1e300).contains(value) else { return nil }
    return value
  }

  private func draw(_ ticks: AxisTicks, _ plot: Plot, in document: inout SVGDocument) {
    for (value, label) in zip(ticks.values, ticks.labels) {
      let x = plot.x(value)
      document.line(x1: x, y1: plot.top - 4, x2: x, y2: plot.bottom, stroke: "#e2e2e2")
      document.text(label, x: x, y: plot.bottom + 16, size: 11, anchor: .middle, fill: "#555555")
    }
    document.text(unit, x: (plot.left + plot.right) / 2, y: plot.bottom + 34, anchor: .middle, fill: "#555555")
  }

  private func drawBars(of group: Group, from start: Double, _ plot: Plot, in document: inout SVGDocument) {
    let middle = start + Double(series.count) * Self.bar / 2
    document.text(group.name, x: plot.left - 8, y: middle + 4, anchor: .end)
    for (index, (series, value)) in zip(series, group.values).enumerated() {
      guard let value = Self.drawable(value) else { continue }
      document.rectangle(
        x: plot.left, y: start + Double(index) * Self.bar, width: plot.x(value) - plot.left, height: Self.bar - 1.5,
        fill: colour(series).hexadecimal)
    }
  }

  /// The values beside the bars, or a dash where there is none.
  private func drawNumbers(
    of group: Group, from start: Double, _ plot: Plot, markedAt mark: Double?, in document: inout SVGDocument
  ) {
    for (index, (_, value)) in zip(series, group.values).enumerated() {
      let value = Self.drawable(value)
      let (x, y) = ((value.map(plot.x) ?? plot.left) + 4, start + Double(index) * Self.bar)
      let text = SignificantFigures(value).description
      let width = SVGDocument.width(of: text, size: 10)
      // The line across all groups stops where it would strike a number through.
      if let mark, mark > x - 2, mark < x + width {
        document.rectangle(x: x - 2, y: y - 0.5, width: width + 2, height: Self.bar - 1, fill: "#ffffff")
      }
      document.text(text, x: x, y: y + 9.5, size: 10, fill: value == nil ? "#aaaaaa" : "#444444")
    }
  }

  private func draw(reference name: String, _ value: Double, _ plot: Plot, in document: inout SVGDocument) {
    let x = plot.x(value)
    document.line(x1: x, y1: plot.top - 4, x2: x, y2: plot.bottom, stroke: "#222222", isDashed: true)
    // Beside the line rather than over the edge.
    let half = SVGDocument.width(of: name, size: 11) / 2
    let middle = max(half + 8, min(x, document.width - half - 8))
    document.text(name, x: middle, y: plot.top - 8, size: 11, anchor: .middle)
  }
}
