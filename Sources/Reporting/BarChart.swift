/// Groups of horizontal bars with a common scale from 0: one group a case, one bar a series.
package struct BarChart {
  /// The bars of one group; nil: no bar.
  package struct Group {
    package let name: String
    package let values: [Double?]

    package init(name: String, values: [Double?]) {
      self.name = name
      self.values = values
    }
  }

  package let title: String
  package let subtitle: String
  /// What the numbers are, as the axis says it.
  package let unit: String
  package let series: [String]
  package let groups: [Group]
  /// A value marked by a dashed line across all groups, with its name.
  package let reference: (name: String, value: Double)?

  package init(
    title: String, subtitle: String, unit: String, series: [String], groups: [Group],
    reference: (name: String, value: Double)? = nil
  ) {
    self.title = title
    self.subtitle = subtitle
    self.unit = unit
    self.series = series
    self.groups = groups
    self.reference = reference
  }

  // Colours that differ in lightness as well as in hue (Okabe and Ito 2008).
  private static let colours = ["#999999", "#56b4e9", "#0072b2", "#e69f00", "#009e73", "#cc79a7"]
  private static let (bar, gap, left, right, top) = (13.0, 12.0, 110.0, 70.0, 84.0)

  /// The drawing.
  package func svg() -> SVGDocument {
    let groupHeight = Double(series.count) * Self.bar + Self.gap
    let plotHeight = Double(groups.count) * groupHeight
    var document = SVGDocument(width: 760, height: Self.top + plotHeight + 44)
    let plotWidth = document.width - Self.left - Self.right
    let largest = max(groups.flatMap(\.values).compactMap { $0 }.max() ?? 0, reference?.value ?? 0)
    let step = Self.tickStep(largest)
    let limit = max(step, (largest / step).rounded(.up) * step)
    func x(_ value: Double) -> Double { Self.left + value / limit * plotWidth }

    document.text(title, x: 16, y: 26, size: 17, isBold: true)
    document.text(subtitle, x: 16, y: 45, fill: "#555555")
    legend(in: &document)

    let bottom = Self.top + plotHeight
    var tick = 0.0
    while tick <= limit * 1.0001 {
      document.line(x1: x(tick), y1: Self.top - 4, x2: x(tick), y2: bottom, stroke: "#e2e2e2")
      document.text(
        SignificantFigures(tick).description, x: x(tick), y: bottom + 16, size: 11, anchor: .middle, fill: "#555555")
      tick += step
    }
    document.text(unit, x: Self.left + plotWidth / 2, y: bottom + 34, anchor: .middle, fill: "#555555")

    for (row, group) in groups.enumerated() {
      let start = Self.top + Double(row) * groupHeight
      document.text(
        group.name, x: Self.left - 8, y: start + Double(series.count) * Self.bar / 2 + 4, anchor: .end)
      for (index, value) in group.values.enumerated() {
        guard let value else { continue }
        let y = start + Double(index) * Self.bar
        document.rectangle(
          x: Self.left, y: y, width: x(value) - Self.left, height: Self.bar - 1.5, fill: Self.colour(index))
        document.text(SignificantFigures(value).description, x: x(value) + 4, y: y + 10, size: 10, fill: "#444444")
      }
    }
    if let reference {
      document.line(
        x1: x(reference.value), y1: Self.top - 4, x2: x(reference.value), y2: bottom, stroke: "#d55e00", isDashed: true)
      document.text(reference.name, x: x(reference.value), y: Self.top - 8, size: 11, anchor: .middle, fill: "#d55e00")
    }
    return document
  }

  private func legend(in document: inout SVGDocument) {
    var x = 16.0
    for (index, name) in series.enumerated() {
      document.rectangle(x: x, y: 55, width: 11, height: 11, fill: Self.colour(index))
      document.text(name, x: x + 16, y: 65, size: 12)
      x += 16 + Double(name.count) * 7 + 22
    }
  }

  private static func colour(_ index: Int) -> String { colours[index % colours.count] }

  /// A round step that gives four to ten ticks.
  static func tickStep(_ largest: Double) -> Double {
    guard largest > 0, largest.isFinite else { return 1 }
    var power = 1.0
    while power * 10 <= largest { power *= 10 }
    while power > largest { power /= 10 }
    for factor in [0.1, 0.2, 0.25, 0.5, 1] where largest / (power * factor) <= 8 { return power * factor }
    return power
  }
}
