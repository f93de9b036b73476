extension SafetensorsWriter {
  /// The length of the header, the header, and spaces up to a multiple of 8, so that the data are aligned.
  func header(
    of tensors: [ErasedTensor], lengthLimit: Int = SafetensorsHeader.lengthLimit
  ) throws(CheckpointError) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      let content = pairs.map { "\(Self.json($0.key)):\(Self.json($0.value))" }.joined(separator: ",")
      members.append("\(Self.json(SafetensorsHeader.metadataKey)):{\(content)}")
    }
    var begin = 0
    for tensor in tensors {
      let (end, overflows) = begin.addingReportingOverflow(tensor.byteCount)
      guard !overflows else { throw .tooMuchData(tensor: tensor.name) }
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(Self.json(tensor.name)):{\"dtype\":\"\(tensor.type)\",\"shape\":[\(shape)],\"data_offsets\":[\(begin),\(end)]}"
      )
      begin = end
    }
    var text = Array("{\(members.joined(separator: ","))}".utf8)
    let alignment = 8
    text += [UInt8](repeating: UInt8(ascii: " "), count: (alignment - text.count % alignment) % alignment)
    guard text.count <= lengthLimit else { throw .headerTooLong(limit: lengthLimit, actual: UInt64(text.count)) }
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
  }

  /// A JSON string: what must be escaped is, everything else stands as it is.
  static func json(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{8}": result += "\\b"
      case "\u{C}": result += "\\f"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
