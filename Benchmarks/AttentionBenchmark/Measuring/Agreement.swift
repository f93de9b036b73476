/// How far an output is from the same rows in Double, and how far it may be.
struct Agreement: Equatable, Sendable {
  /// The largest |actual − expected|; +∞ for a number that is none.
  var maxError = 0.0
  /// Where it is: a row of the output and a column.
  var row = 0
  var column = 0
  var actual: Float = 0
  var expected = 0.0

  /// Compares the rows given by number.
  ///
  /// - Parameters:
  ///   - actual: those rows alone, or the whole output.
  ///   - expected: [rows, rowSize].
  init(_ actual: [Float], _ expected: [Double], rows: [Int], rowSize: Int) {
    let holdsAll = actual.count != expected.count
    var isFirst = true
    for (place, row) in rows.enumerated() {
      for column in 0..<rowSize {
        let value = actual[(holdsAll ? row : place) * rowSize + column]
        let exact = expected[place * rowSize + column]
        let difference = abs(Double(value) - exact)
        let error = difference.isNaN ? Double.infinity : difference
        if isFirst || error > maxError {
          (maxError, self.row, self.column, self.actual, self.expected) = (error, row, column, value, exact)
          isFirst = false
        }
      }
    }
  }

  /// What the naive kernel's own error may be: rounding in Float, not a wrong result.
  var naiveBound: Double { 1e-5 + 2e-5 * abs(expected) }

  /// What a path's error may be: twice the naive kernel's, as rounding differs with the order of sums.
  static func bound(naiveError: Double) -> Double { 2 * naiveError + 1e-6 }
}

/// A path that computes something else.
struct Disagreement: Error, Equatable, CustomStringConvertible {
  let caseName: String
  let path: String
  let threads: Int
  let error: Double
  let bound: Double
  let index: [Int]
  let actual: Float
  let expected: Double

  var description: String {
    "\(caseName): \(path) on \(threads) thread\(threads == 1 ? "" : "s") disagrees with Double: largest error \(error) at "
      + "\(index), where it gives \(actual) for \(expected); allowed \(bound)"
  }
}
