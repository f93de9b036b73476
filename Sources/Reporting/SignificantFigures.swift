internal import Foundation

/// A number as a table shows it: rounded to a few significant digits, without an exponent where it can do without.
///
/// - From 0.001 up to 10 000 000 (excluded) the value is printed in full: `0.00123`, `12.3`, `168`. Digits before the decimal
///   point are never replaced by zeros, so that 123 456 stays `123456`.
/// - Other values get an exponent: `1.19e-7`.
/// - 0 is `0`; a missing value is `–`; values that are not finite are `nan`, `inf` and `-inf`.
package struct SignificantFigures: CustomStringConvertible, Equatable, Sendable {
  package let value: Double?

  /// The number of significant digits, at least 1.
  package let digits: Int

  /// What is shown for a missing value.
  package static let missing = "–"

  /// - Precondition: `digits` is at least 1.
  package init(_ value: Double?, digits: Int = 3) {
    precondition(digits >= 1, "a number needs at least 1 significant digit, not \(digits)")
    self.value = value
    self.digits = digits
  }

  package var description: String {
    guard let value else { return Self.missing }
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    if value == 0 { return "0" }

    // The exponent is taken after rounding, which may carry: 9.996 has the digits of 10.0.
    let scientific = String(format: "%.\(digits - 1)e", value)
    let parts = scientific.split(separator: "e")
    guard parts.count == 2, let exponent = Int(parts[1]) else { return scientific }
    if (-3..<7).contains(exponent) {
      return String(format: "%.\(max(0, digits - 1 - exponent))f", value)
    }
    return "\(parts[0])e\(exponent)"
  }
}
