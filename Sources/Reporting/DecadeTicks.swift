internal import Foundation

/// The ticks of a logarithmic axis: powers of ten, from the last that no value is below to the first that none is above.
struct DecadeTicks: Equatable {
  /// The exponent of the axis' start.
  let first: Int
  /// The exponent of its end, more than `first`.
  let last: Int

  /// - Parameter values: what the axis has to reach; those below 1e-300 or above 1e300, and what is no number, don't count.
  init(reaching values: [Double]) {
    let drawn = values.filter(Self.isDrawable)
    guard let least = drawn.min(), let largest = drawn.max() else {
      (first, last) = (0, 1)
      return
    }
    // No decade more for a rounding error.
    let start = Int((log10(least) + 1e-9).rounded(.down))
    first = start
    last = max(start + 1, Int((log10(largest) - 1e-9).rounded(.up)))
  }

  static func isDrawable(_ value: Double) -> Bool { (1e-300...1e300).contains(value) }

  /// At most nine of them, a whole number of decades apart.
  var values: [Double] {
    stride(from: first, through: last, by: (last - first + 7) / 8).map { pow(10, Double($0)) }
  }

  var labels: [String] { values.map { SignificantFigures($0, digits: 1).description } }

  /// Where a value is, from 0 at the axis' start to 1 at its end.
  func place(_ value: Double) -> Double { (log10(value) - Double(first)) / Double(last - first) }
}
