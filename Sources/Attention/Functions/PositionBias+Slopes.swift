internal import Glibc

extension PositionBias {
  /// The slopes of ALiBi for H heads: 2^(−8/H), 2^(−16/H), … 2^(−8) where H is a power of two; else those of the next smaller
  /// power of two n, and then every other one of 2·n heads.
  ///
  /// - Parameter headCount: H; below 1 there are none.
  /// - Returns: one for each head [H].
  /// - SeeAlso: Press et al. (2022), section 3, and their implementation for other numbers of heads.
  public static func alibiSlopes(headCount: Int) -> [Double] {
    guard headCount > 0 else { return [] }
    return (0..<headCount).map { alibiSlope(head: $0, headCount: headCount) }
  }

  static func alibiSlope(head: Int, headCount: Int) -> Double {
    let power = 1 << (Int.bitWidth - 1 - headCount.leadingZeroBitCount)
    return head < power
      ? exp2(-8 * Double(head + 1) / Double(power)) : exp2(-4 * Double(2 * (head - power) + 1) / Double(power))
  }
}
