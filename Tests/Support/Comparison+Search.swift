/// Loops over every element of a result. They count with `while` and read raw pointers: tests are built without
/// optimisation, where ranges, arrays and generic functions cost ten times the arithmetic.
extension Comparison {
  /// |a − b|, with 0 for what is the same (infinities, NaNs) and ∞ where only one is a number.
  public static func difference(_ a: Double, _ b: Double) -> Double {
    if a == b { return 0 }
    let difference = abs(a - b)
    if difference < .infinity { return difference }
    return a.isNaN && b.isNaN ? 0 : .infinity
  }

  /// The largest of all differences.
  static func largestDifference(_ first: [Double], _ second: [Double]) -> Double {
    guard let place = worstPlace(first, second, absolute: 0, relative: 0) else { return 0 }
    return difference(first[place], second[place])
  }

  /// Where actual − expected exceeds absolute + relative·|expected| most, or stays least below; nil for no elements.
  static func worstPlace(
    _ actual: [Double], _ expected: [Double], absolute: Double, relative: Double
  ) -> Int? {
    let count = min(actual.count, expected.count)
    let infinity = Double.infinity
    var worst = -1
    var worstExcess = -infinity
    actual.withUnsafeBufferPointer { actual in
      expected.withUnsafeBufferPointer { expected in
        guard let actual = actual.baseAddress, let expected = expected.baseAddress else { return }
        var place = 0
        while place < count {
          let (a, b) = (actual[place], expected[place])
          var error = a - b
          if error < 0 { error = -error }
          if !(error < infinity) { error = difference(a, b) }
          let size = b < 0 ? -b : b
          let excess = error - (absolute + (size < infinity ? relative * size : 0))
          if excess > worstExcess || worst < 0 {
            worst = place
            worstExcess = excess
          }
          place = place &+ 1
        }
      }
    }
    return worst < 0 ? nil : worst
  }
}
