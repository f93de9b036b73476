/// Lines over common places x, both axes logarithmic: a power of x is a straight line, its exponent the slope. One or several panels
/// below each other, each with a unit of its own.
package struct LineChart {
  package typealias Series = BarChart.Series

  /// One plot.
  package struct Panel {
    /// What the numbers are.
    package let unit: String
    /// In pixels.
    package let height: Double
    /// For each series a value for each x. nil, or what is not above 0: the line has a gap there.
    package let values: [[Double?]]

    package init(unit: String, height: Double, values: [[Double?]]) {
      self.unit = unit
      self.height = height
      self.values = values
    }
  }

  package let title: String
  package let subtitle: String
  /// What x is.
  package let xName: String
  /// Above 0, ascending.
  package let x: [Double]
  package let series: [Series]
  package let panels: [Panel]

  package init(title: String, subtitle: String, xName: String, x: [Double], series: [Series], panels: [Panel]) {
    self.title = title
    self.subtitle = subtitle
    self.xName = xName
    self.x = x
    self.series = series
    self.panels = panels
  }

  /// A series' colour: of its own as long as no two have both hue and shade in common.
  func colour(_ series: Series) -> SeriesColour {
    SeriesColour(hue: series.hue, shade: series.shade, of: (self.series.map(\.shade).max() ?? 0) + 1)
  }
}
