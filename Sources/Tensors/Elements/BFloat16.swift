/// The upper half of a `Float`: 1 sign bit, 8 exponent bits, 7 fraction bits (bfloat16).
///
/// A storage type: convert to `Float` to compute. The conversion to `Float` is exact.
public struct BFloat16: RealElement, CustomStringConvertible {
  /// The 16 bits, as they stand in memory and in files.
  public var bitPattern: UInt16

  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// The nearest BFloat16 to `value`, ties to even; NaN stays NaN (quiet), overflow gives ±∞.
  public init(_ value: Float) {
    let bits = value.bitPattern
    if value.isNaN {
      // Truncation alone could clear every fraction bit and make NaN an infinity.
      bitPattern = UInt16(truncatingIfNeeded: bits >> 16) | 0x0040
    } else {
      let rounding = 0x7FFF + ((bits >> 16) & 1)
      bitPattern = UInt16(truncatingIfNeeded: (bits &+ rounding) >> 16)
    }
  }

  /// The nearest BFloat16 to `value`, ties to even, rounded once.
  public init(rounding value: Double) {
    let nearest = Float(value)
    // Rounding Double → Float → BFloat16 twice may go wrong at a tie of the second step: when the first step was
    // inexact, make the Float's last bit sticky ("round to odd"), so that the tie is seen for what it is.
    guard Double(nearest) != value, nearest.isFinite, nearest.bitPattern & 1 == 0 else {
      self.init(nearest)
      return
    }
    let nearestIsAbove = abs(Double(nearest)) > abs(value)
    self.init(Float(bitPattern: nearestIsAbove ? nearest.bitPattern &- 1 : nearest.bitPattern | 1))
  }

  public static var zero: BFloat16 { BFloat16(bitPattern: 0) }

  public var asDouble: Double { Double(Float(self)) }

  /// Numbers compare as `Float`s do: −0 equals 0, NaN equals nothing.
  public static func == (left: BFloat16, right: BFloat16) -> Bool { Float(left) == Float(right) }

  public var description: String { Float(self).description }
}

extension Float {
  /// The same number; exact.
  public init(_ value: BFloat16) { self.init(bitPattern: UInt32(value.bitPattern) << 16) }
}
