/// How the elements of a tensor are written; see ``Tensor/description``.
enum TensorDescription {
  /// numpy's print threshold, number of edge items and line width.
  static let elementsShownWhole = 1000
  static let edge = 3
  static let lineWidth = 75
  /// numpy's default is 8.
  static let decimals = 4

  /// A tensor of rank 0: every digit that tells the element from its neighbours.
  static func scalar(_ element: some TensorElement) -> String {
    guard let real = element as? any RealElement else { return text(of: element) }
    let value = real.asDouble
    guard value.isFinite else { return special(value) }
    let digits = DecimalDigits(shortest: real)
    let (magnitude, limit) = (abs(value), limits(of: element).scalar)
    guard magnitude == 0 || (magnitude >= 1e-4 && magnitude < limit) else {
      return digits.mantissa.whole + (digits.digits.count > 1 ? "." + digits.mantissa.fraction : "")
        + exponentText(digits.exponent, width: 2)
    }
    let (whole, fraction) = digits.positional
    return whole + "." + (fraction.isEmpty ? "0" : fraction)
  }

  /// The elements of a tensor of higher rank, each as wide as the others.
  static func cells(of elements: [some TensorElement]) -> [String] {
    if let reals = elements as? [any RealElement], let first = elements.first {
      return cells(ofReals: reals, limit: limits(of: first).array)
    }
    let texts = elements.map(text)
    // Booleans are as wide as "False", whether or not there is one.
    let width = elements is [Bool] ? 5 : texts.map(\.count).max() ?? 0
    return texts.map { padded($0, to: width) }
  }

  /// The cells of a row in as few lines as the width allows.
  static func lines(_ cells: [String], indent: String) -> [String] {
    var lines: [String] = []
    // A bracket closes for each one opened, and one column stays free.
    let width = lineWidth - indent.count
    var line = ""
    for cell in cells {
      if line.isEmpty {
        line = cell
      } else if indent.count + line.count + 1 + cell.count > width {
        lines.append(trimmed(line))
        line = cell
      } else {
        line += " " + cell
      }
    }
    return lines + [line]
  }

  private static func trimmed(_ line: String) -> String {
    String(line.reversed().drop { $0 == " " }.reversed())
  }

  private static func text(of element: some TensorElement) -> String {
    if let truth = element as? Bool { return truth ? "True" : "False" }
    return "\(element)"
  }

  /// From where on an element type is written in scientific notation: ten to the number of decimal digits that it holds, at most
  /// 10⁸ in arrays.
  private static func limits(of element: some TensorElement) -> (scalar: Double, array: Double) {
    if element is Double { return (1e16, 1e8) }
    #if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
      if element is Float16 { return (1e3, 1e3) }
    #endif
    return (1e6, 1e6)
  }

  private static func cells(ofReals reals: [any RealElement], limit: Double) -> [String] {
    let finite = reals.filter { $0.asDouble.isFinite }
    let isScientific = needsScientific(finite, limit: limit)
    let parts = isScientific ? scientificParts(finite) : positionalParts(finite)
    let rightWidth = parts.map(\.fraction.count).max() ?? 0
    var leftWidth = parts.map(\.whole.count).max() ?? 0
    for real in reals where !real.asDouble.isFinite {
      leftWidth = max(leftWidth, special(real.asDouble).count - rightWidth - 1)
    }
    var next = parts.makeIterator()
    return reals.map { real in
      guard real.asDouble.isFinite, let part = next.next() else {
        return padded(special(real.asDouble), to: leftWidth + 1 + rightWidth)
      }
      return padded(part.whole, to: leftWidth) + "." + part.fraction
        + String(repeating: " ", count: rightWidth - part.fraction.count)
    }
  }

  /// Whether four decimals would hide too much: numbers of 10⁸ (less in narrow types), below 10⁻⁴, or more than a factor of
  /// 1,000 apart. Compared in the element's own type, in which 10⁻⁴ is itself rounded.
  private static func needsScientific(_ finite: [any RealElement], limit: Double) -> Bool {
    func rounded<Real: RealElement>(_ value: Double, as _: Real) -> Double { Real(rounding: value).asDouble }
    let magnitudes = finite.map { abs($0.asDouble) }.filter { $0 != 0 }
    guard let sample = finite.first, let largest = magnitudes.max(), let least = magnitudes.min() else { return false }
    return largest >= limit || least < rounded(1e-4, as: sample) || rounded(largest / least, as: sample) > 1000
  }

  private static func positionalParts(_ reals: [any RealElement]) -> [(whole: String, fraction: String)] {
    reals.map { real in
      let shortest = DecimalDigits(shortest: real)
      if shortest.positional.fraction.count <= decimals { return shortest.positional }
      return DecimalDigits.fixed(real.asDouble, decimals: decimals)
    }
  }

  /// All with as many decimals as the one that needs the most of them, and exponents of one width.
  private static func scientificParts(_ reals: [any RealElement]) -> [(whole: String, fraction: String)] {
    let shown = reals.map { real in
      let shortest = DecimalDigits(shortest: real)
      return shortest.digits.count - 1 <= decimals
        ? shortest : DecimalDigits(real.asDouble, decimals: decimals)
    }
    let kept = shown.map(\.mantissa.fraction.count).max() ?? 0
    let exact = reals.map { DecimalDigits($0.asDouble, decimals: kept) }
    let exponentWidth = shown.map { max(2, String($0.exponent.magnitude).count) }.max() ?? 2
    return exact.map { number in
      let (whole, fraction) = number.mantissa
      let zeros = String(repeating: "0", count: kept - fraction.count)
      return (whole, fraction + zeros + exponentText(number.exponent, width: exponentWidth))
    }
  }

  private static func exponentText(_ exponent: Int, width: Int) -> String {
    let digits = String(exponent.magnitude)
    return (exponent < 0 ? "e-" : "e+") + String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  private static func special(_ value: Double) -> String {
    value.isNaN ? "nan" : value > 0 ? "inf" : "-inf"
  }

  private static func padded(_ text: String, to width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
