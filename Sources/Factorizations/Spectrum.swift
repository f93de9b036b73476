internal import Glibc

/// What singular values say of their matrix.
enum Spectrum {
  /// exp of the Shannon entropy of the values, each divided by their sum; 0 where all are 0.
  ///
  /// - Parameter values: descending, none below 0, finite.
  static func effectiveRank(of values: [Double]) -> Double {
    guard let largest = values.first, largest > 0 else { return 0 }
    // By the largest first: a sum of values near the end of the range would overflow.
    let relative = values.map { $0 / largest }
    let sum = relative.reduce(0, +)
    var entropy = 0.0
    for value in relative where value > 0 {
      let share = value / sum
      entropy -= share * log(share)
    }
    return exp(entropy)
  }
}
