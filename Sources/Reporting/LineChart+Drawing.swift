internal import Foundation

extension LineChart {
  private static let (margin, leastWidth) = (16.0, 760.0)
  /// Above a panel, for its unit.
  private static let head = 30.0

  /// The drawing: 760 pixels wide, or more where long names need it.
  package func svg() -> SVGDocument {
    let scales = panels.map { panel in DecadeTicks(reaching: panel.values.flatMap { $0 }.compactMap { $0 }) }
    let labels = scales.flatMap(\.labels).map { SVGDocument.width(of: $0, size: 11) }.max() ?? 0
    let texts = max(
      SVGDocument.width(of: title, size: 17, isBold: true), SVGDocument.width(of: subtitle, size: 12),
      (panels.map { SVGDocument.width(of: $0.unit, size: 12) }.max() ?? 0))
    let width = max(Self.leastWidth, texts + 2 * Self.margin).rounded(.up)
    let legend = ChartLegend(
      names: series.map(\.name), colours: series.map(colour), margin: Self.margin, width: width)
    let top = 60 + legend.height
    let height = panels.reduce(top) { $0 + Self.head + $1.height }
    var document = SVGDocument(width: width, height: height + 44)

    document.text(title, x: Self.margin, y: 26, size: 17, isBold: true)
    document.text(subtitle, x: Self.margin, y: 45, fill: "#555555")
    legend.draw(top: 55, in: &document)
    var y = top
    for (panel, scale) in zip(panels, scales) {
      y += Self.head
      let plot = Plot(
        left: Self.margin + labels + 6, right: width - 2 * Self.margin, top: y, bottom: y + panel.height, x: x,
        scale: scale)
      y += panel.height
      document.text(panel.unit, x: Self.margin, y: plot.top - 10, fill: "#555555")
      drawGrid(plot, in: &document)
      for (series, values) in zip(series, panel.values) {
        draw(values, plot, colour: colour(series).hexadecimal, in: &document)
      }
      if y >= height { drawPlaces(plot, in: &document) }
    }
    return document
  }

  /// Where a panel's lines are.
  private struct Plot {
    let left: Double
    let right: Double
    let top: Double
    let bottom: Double
    let x: [Double]
    let scale: DecadeTicks

    func horizontal(_ value: Double) -> Double {
      guard let first = x.first, let last = x.last, first > 0, last > first else { return (left + right) / 2 }
      // Half a mark of room at both sides.
      return left + 8 + log(value / first) / log(last / first) * (right - left - 16)
    }

    func vertical(_ value: Double) -> Double { bottom - scale.place(value) * (bottom - top) }
  }

  private func drawGrid(_ plot: Plot, in document: inout SVGDocument) {
    for (value, label) in zip(plot.scale.values, plot.scale.labels) {
      let y = plot.vertical(value)
      document.line(x1: plot.left, y1: y, x2: plot.right, y2: y, stroke: "#e2e2e2")
      document.text(label, x: plot.left - 6, y: y + 4, size: 11, anchor: .end, fill: "#555555")
    }
    for value in x {
      let place = plot.horizontal(value)
      document.line(x1: place, y1: plot.top, x2: place, y2: plot.bottom, stroke: "#f0f0f0")
    }
  }

  /// The places x under the last panel, as many as there is room for.
  private func drawPlaces(_ plot: Plot, in document: inout SVGDocument) {
    var free = -Double.infinity
    for value in x {
      let place = plot.horizontal(value)
      let label = SignificantFigures(value, digits: 1).description
      let half = SVGDocument.width(of: label, size: 11) / 2
      guard place - half >= free, place + half <= document.width else { continue }
      document.text(label, x: place, y: plot.bottom + 16, size: 11, anchor: .middle, fill: "#555555")
      free = place + half + 4
    }
    document.text(xName, x: (plot.left + plot.right) / 2, y: plot.bottom + 34, anchor: .middle, fill: "#555555")
  }

  private func draw(_ values: [Double?], _ plot: Plot, colour: String, in document: inout SVGDocument) {
    var before: (x: Double, y: Double)?
    for (x, value) in zip(x, values) {
      guard let value, DecadeTicks.isDrawable(value) else {
        before = nil
        continue
      }
      let point = (x: plot.horizontal(x), y: plot.vertical(value))
      if let before {
        document.line(x1: before.x, y1: before.y, x2: point.x, y2: point.y, stroke: colour, width: 1.5)
      }
      document.circle(x: point.x, y: point.y, radius: 2.5, fill: colour)
      before = point
    }
  }
}
