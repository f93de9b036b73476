import Foundation

#if arch(x86_64) && !os(macOS) && !os(Windows)
  /// What a Double is compared with: 64 significant bits.
  typealias Wide = Float80
#else
  typealias Wide = Double
#endif

/// The distance of `value` from `exact` in units of the last place of a T near `exact`, subnormals included; 0 where
/// both are the same infinity or both are NaN, infinite where only one is.
func ulps<T: KernelElement>(_ value: T, from exact: Wide) -> Double {
  if exact.isNaN || value.isNaN { return exact.isNaN && value.isNaN ? 0 : .infinity }
  let rounded = T(exact)
  if rounded.isInfinite || value.isInfinite { return rounded == value ? 0 : .infinity }
  let unit = rounded.magnitude < T.leastNormalMagnitude ? T.leastNonzeroMagnitude : rounded.ulp
  return Double((Wide(value) - exact).magnitude / Wide(unit))
}

/// The greatest of many errors, and where it was.
struct Largest: CustomStringConvertible {
  private(set) var error = 0.0
  private(set) var place = "nowhere"

  mutating func record(_ error: Double, at place: @autoclosure () -> String) {
    if error > self.error || error.isNaN {
      self.error = error.isNaN ? .infinity : error
      self.place = place()
    }
  }

  var description: String { "largest error \(error) at \(place)" }
}
