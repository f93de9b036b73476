/// A matrix of weights as an area of shades or colours, each row and column named.
///
/// Shades run from 0 to the largest value, by the square root, so that small weights can be told apart. How much room there is for a cell decides what stands in it: three decimals, two, or
/// the shade alone; columns that still don't fit follow below in a further panel.
package struct HeatMap: Equatable, Sendable {
  package let rowLabels: [String]
  package let columnLabels: [String]
  /// Not negative; a row a name of `rowLabels`, in it a value a name of `columnLabels`.
  package let values: [[Double]]
  /// What the strongest shade stands for; 1 where there is nothing above 0.
  package let largest: Double

  /// - Precondition: as many values as names.
  package init(rowLabels: [String], columnLabels: [String], values: [[Double]]) {
    precondition(values.count == rowLabels.count, "\(rowLabels.count) names for \(values.count) rows")
    precondition(
      values.allSatisfy { $0.count == columnLabels.count },
      "\(columnLabels.count) names for \(values.map(\.count)) columns")
    (self.rowLabels, self.columnLabels, self.values) = (rowLabels, columnLabels, values)
    let largest = values.joined().filter(\.isFinite).max() ?? 0
    self.largest = largest > 0 ? largest : 1
  }

  /// How strong a value's shade is, from 0 to 1; nil for what is no number.
  func strength(_ value: Double) -> Double? {
    value.isFinite ? min(max(value / largest, 0), 1).squareRoot() : nil
  }

  /// The value whose shade is this strong.
  func value(strength: Double) -> Double { strength * strength * largest }

  /// What stands in a cell.
  enum Density: CaseIterable {
    case threeDecimals
    case twoDecimals
    case shadeAlone

    /// Columns of the terminal, with the gap to the next cell.
    var cellWidth: Int {
      switch self {
      case .threeDecimals: 8
      case .twoDecimals: 5
      case .shadeAlone: 2
      }
    }
  }

  /// The richest cells of which all fit side by side, else the narrowest.
  static func density(columns: Int, room: Int) -> Density {
    Density.allCases.first { columns * $0.cellWidth <= room } ?? .shadeAlone
  }

  /// Widest name that is shown whole.
  static let labelLimit = 14
  /// Most lines for names written downwards.
  static let headingLimit = 8
}
