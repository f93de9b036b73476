/// The names of a chart's series with their colours: side by side as far as the width goes, then below.
struct ChartLegend {
  private static let (row, box, gap) = (18.0, 16.0, 22.0)

  let names: [String]
  let colours: [SeriesColour]
  /// Where each entry begins.
  private let places: [(x: Double, row: Int)]

  /// - Parameters:
  ///   - names: of the series.
  ///   - colours: as many.
  ///   - margin: free at both sides.
  ///   - width: of the picture.
  init(names: [String], colours: [SeriesColour], margin: Double, width: Double) {
    (self.names, self.colours) = (names, colours)
    var (x, row) = (margin, 0)
    places = names.map { name in
      let length = Self.box + SVGDocument.width(of: name, size: 12)
      if x > margin, x + length > width - margin { (x, row) = (margin, row + 1) }
      defer { x += length + Self.gap }
      return (x, row)
    }
  }

  var height: Double { Double((places.last?.row ?? 0) + 1) * Self.row }

  func draw(top: Double, in document: inout SVGDocument) {
    for (index, place) in places.enumerated() {
      let y = top + Double(place.row) * Self.row
      document.rectangle(x: place.x, y: y, width: 11, height: 11, fill: colours[index].hexadecimal)
      document.text(names[index], x: place.x + Self.box, y: y + 10)
    }
  }
}
