/// How far a result may be from the exact one.
public enum ErrorBound {
  /// In Float: twice what plain loops in Float are off, and 10⁻⁶ for where they happen to be right: the order of summation
  /// is BLAS's own, so an error may fall differently but not be of another size.
  public static func float(naive: [Double], exact: [Double]) -> Double {
    2 * Comparison.largestDifference(naive, exact) + 1e-6
  }

  /// In Double: 10⁻¹² of the largest value that goes into it.
  public static func double(_ values: [Double], least: Double = 0) -> Double {
    var largest = least
    for value in values where value.isFinite { largest = max(largest, abs(value)) }
    return 1e-12 * largest
  }

  /// In Float against numbers that were computed elsewhere in Double: 10⁻⁵ + 2·10⁻⁵·|expected|.
  public static let floatAbsolute = 1e-5
  public static let floatRelative = 2e-5
}
