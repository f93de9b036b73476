/// An amount of memory as a table shows it, in binary units: `512 B`, `12.3 MiB`; a missing amount is `–`.
package struct ByteCount: CustomStringConvertible, Equatable, Sendable {
  package let bytes: Int?

  package init(_ bytes: Int?) {
    self.bytes = bytes
  }

  package var description: String {
    guard let bytes else { return SignificantFigures.missing }
    guard bytes.magnitude >= 1024 else { return "\(bytes) B" }
    var amount = Double(bytes)
    var unit = "B"
    for larger in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
      // Rounded, since 1023.7 KiB would otherwise be shown as 1024 KiB.
      guard abs(amount.rounded()) >= 1024 else { break }
      amount /= 1024
      unit = larger
    }
    return "\(SignificantFigures(amount)) \(unit)"
  }
}
