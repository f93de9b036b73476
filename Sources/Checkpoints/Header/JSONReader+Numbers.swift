extension JSONReader {
  /// A number as it is written.
  struct Number {
    var text: String
    var offset: Int
    /// Whether it is written with digits and sign alone.
    var isInteger: Bool

    var isNegative: Bool { text.utf8.first == UInt8(ascii: "-") }
  }

  /// The number that comes next, by JSON's grammar: no leading zeros, no `+`, digits around the point.
  mutating func number() throws(CheckpointError) -> Number {
    let start = position
    let startOffset = offset
    var isInteger = true
    if next == UInt8(ascii: "-") { advance() }
    if next == UInt8(ascii: "0") {
      advance()
      if isDigit(next) { throw unexpected("no digit after a leading zero") }
    } else {
      try digits()
    }
    if next == UInt8(ascii: ".") {
      isInteger = false
      advance()
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isInteger = false
      advance()
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { advance() }
      try digits()
    }
    return Number(
      text: String(decoding: bytes[start..<position], as: UTF8.self), offset: startOffset, isInteger: isInteger)
  }

  private func isDigit(_ byte: UInt8?) -> Bool {
    byte.map { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } ?? false
  }

  private mutating func digits() throws(CheckpointError) {
    guard isDigit(next) else { throw unexpected("a digit") }
    while isDigit(next) { advance() }
  }
}
