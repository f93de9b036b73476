/// Groups of horizontal bars with a common scale from 0: one group a case, one bar a series.
package struct BarChart {
  /// What the bars of one colour stand for.
  package struct Series: Equatable {
    package let name: String
    /// From 0; the same for series that belong together. The first is grey.
    package let hue: Int
    /// From 0, the lightest; tells apart the series of one hue.
    package let shade: Int

    package init(name: String, hue: Int, shade: Int = 0) {
      self.name = name
      self.hue = hue
      self.shade = shade
    }
  }

  /// The bars of one group, a value for each series: 0 or more. nil, or what is no such number: no bar.
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
  package let series: [Series]
  package let groups: [Group]
  /// A value marked by a dashed line across all groups, with its name.
  package let reference: (name: String, value: Double)?

  package init(
    title: String, subtitle: String, unit: String, series: [Series], groups: [Group],
    reference: (name: String, value: Double)? = nil
  ) {
    self.title = title
    self.subtitle = subtitle
    self.unit = unit
    self.series = series
    self.groups = groups
    self.reference = reference
  }

  /// A series' colour: of its own as long as no two have both hue and shade in common.
  func colour(_ series: Series) -> SeriesColour {
    SeriesColour(hue: series.hue, shade: series.shade, of: (self.series.map(\.shade).max() ?? 0) + 1)
  }
}
