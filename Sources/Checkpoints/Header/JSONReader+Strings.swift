extension JSONReader {
  /// The string that comes next, its escapes resolved.
  ///
  /// - Throws: ``CheckpointError/syntax(offset:expected:actual:)`` for a control character, an unknown escape or half of
  ///   a surrogate pair.
  mutating func string() throws(CheckpointError) -> String {
    guard next == UInt8(ascii: "\"") else { throw unexpected("'\"'") }
    advance()
    var content: [UInt8] = []
    var plainStart = position
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        content += bytes[plainStart..<position]
        advance()
        return String(decoding: content, as: UTF8.self)
      case UInt8(ascii: "\\"):
        content += bytes[plainStart..<position]
        content += Array(String(Character(try escape())).utf8)
        plainStart = position
      case 0..<0x20:
        throw unexpected("a character of a string, control characters escaped")
      default:
        advance()
      }
    }
    throw unexpected("'\"' at the end of a string")
  }

  private mutating func escape() throws(CheckpointError) -> Unicode.Scalar {
    advance()
    let letter = next
    let scalar: Unicode.Scalar
    switch letter {
    case UInt8(ascii: "\""): scalar = "\""
    case UInt8(ascii: "\\"): scalar = "\\"
    case UInt8(ascii: "/"): scalar = "/"
    case UInt8(ascii: "b"): scalar = "\u{8}"
    case UInt8(ascii: "f"): scalar = "\u{C}"
    case UInt8(ascii: "n"): scalar = "\n"
    case UInt8(ascii: "r"): scalar = "\r"
    case UInt8(ascii: "t"): scalar = "\t"
    case UInt8(ascii: "u"): return try unicodeEscape()
    default: throw unexpected("one of \"\\/bfnrtu after '\\'")
    }
    advance()
    return scalar
  }

  /// `uXXXX`, or two of them that are a surrogate pair (RFC 8259, section 7).
  private mutating func unicodeEscape() throws(CheckpointError) -> Unicode.Scalar {
    let start = offset - 1
    let first = try codeUnit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard UTF16.isLeadSurrogate(first), next == UInt8(ascii: "\\") else {
      throw .syntax(offset: start, expected: "a surrogate pair", actual: "half of one")
    }
    advance()
    guard next == UInt8(ascii: "u") else {
      throw .syntax(offset: start, expected: "a surrogate pair", actual: "half of one")
    }
    let second = try codeUnit()
    guard UTF16.isTrailSurrogate(second) else {
      throw .syntax(offset: start, expected: "a surrogate pair", actual: "half of one")
    }
    return UTF16.decode(UTF16.EncodedScalar([first, second]))
  }

  /// The four hexadecimal digits after the `u` that comes next.
  private mutating func codeUnit() throws(CheckpointError) -> UInt16 {
    advance()
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = next.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
        throw unexpected("a hexadecimal digit")
      }
      unit = unit << 4 | UInt16(digit)
      advance()
    }
    return unit
  }
}
