internal import Glibc

/// A finite number in decimal: ±d.ddd · 10^exponent, without trailing zeros.
struct DecimalDigits {
  let isNegative: Bool
  /// At least one digit; the first is 0 only for zero.
  let digits: String
  let exponent: Int

  /// The fewest digits that tell the number from every other of its type; BFloat16 counts as the Float it is.
  init(shortest real: some RealElement) {
    switch real {
    case let real as Float: self.init(parsing: "\(real)")
    case let real as BFloat16: self.init(parsing: "\(Float(real))")
    #if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
      case let real as Float16:
        // Swift writes Float16's whole numbers out (65504, not 6.55e+04); five digits always tell.
        let value = real.asDouble
        let count = (0..<4).first { Float16(rounding: DecimalDigits(value, decimals: $0).value) == real } ?? 4
        self.init(value, decimals: count)
    #endif
    default: self.init(parsing: "\(real.asDouble)")
    }
  }

  /// The exact number rounded to `decimals` digits after the first one, ties to even.
  init(_ value: Double, decimals: Int) {
    self.init(parsing: formatted("%.*e", decimals, value))
  }

  /// The exact number rounded to `decimals` digits after the point, ties to even, trailing zeros dropped.
  static func fixed(_ value: Double, decimals: Int) -> (whole: String, fraction: String) {
    let parts = formatted("%.*f", decimals, value).split(separator: ".")
    let fraction = parts.count > 1 ? parts[1] : ""
    return (String(parts[0]), withoutTrailingZeros(fraction))
  }

  /// What C and Swift print: "-12.5", "1e-05", "5.0".
  private init(parsing text: String) {
    isNegative = text.hasPrefix("-")
    let halves = text.drop { $0 == "-" }.split(separator: "e")
    let mantissa = halves[0].split(separator: ".")
    let all = mantissa.joined()
    let significant = all.drop { $0 == "0" }
    let trimmed = Self.withoutTrailingZeros(significant)
    digits = trimmed.isEmpty ? "0" : trimmed
    let written = halves.count > 1 ? Int(halves[1]) ?? 0 : 0
    exponent = trimmed.isEmpty ? 0 : written + mantissa[0].count - 1 - (all.count - significant.count)
  }

  private static func withoutTrailingZeros(_ digits: some StringProtocol) -> String {
    String(digits.reversed().drop { $0 == "0" }.reversed())
  }

  private var sign: String { isNegative ? "-" : "" }

  /// The number that the digits name, rounded to Double.
  private var value: Double { Double("\(sign)\(digits)e\(exponent - digits.count + 1)") ?? .nan }

  /// Before and after the point in scientific notation.
  var mantissa: (whole: String, fraction: String) {
    (sign + digits.prefix(1), digits == "0" ? "" : String(digits.dropFirst()))
  }

  /// Before and after the point, written out.
  var positional: (whole: String, fraction: String) {
    if exponent < 0 {
      return (sign + "0", String(repeating: "0", count: -exponent - 1) + digits)
    }
    let whole = digits.prefix(exponent + 1)
    let zeros = String(repeating: "0", count: exponent + 1 - whole.count)
    return (sign + whole + zeros, String(digits.dropFirst(exponent + 1)))
  }
}

private func formatted(_ format: String, _ decimals: Int, _ value: Double) -> String {
  // The longest: 309 digits, sign, point and decimals.
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
    guard let start = buffer.baseAddress else { return "" }
    _ = withVaList([Int32(decimals), value]) { vsnprintf(start, buffer.count, format, $0) }
    return String(cString: start)
  }
}
