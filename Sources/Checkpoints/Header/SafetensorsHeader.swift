/// A validated header: what lies where, every byte of the data accounted for.
///
/// - seealso: huggingface/safetensors, README, "Format", and `Metadata::validate`: what is refused there is refused
///   here. Duplicate keys, which the README disallows, are refused here as well.
struct SafetensorsHeader {
  /// The bytes of the header's length, a little-endian 64-bit integer.
  static let lengthSize = 8
  /// The format's limit to a header, in bytes.
  static let lengthLimit = 100_000_000
  /// The key that holds text instead of a tensor.
  static let metadataKey = "__metadata__"

  /// In the order of their data.
  private(set) var entries: [SafetensorsEntry] = []
  private(set) var metadata: [String: String] = [:]
  /// Where the data begin in the file.
  let dataStart: Int

  /// Reads the header of a whole file and checks it against the file's size.
  init(of file: UnsafeRawBufferPointer) throws(CheckpointError) {
    guard !file.isEmpty else { throw .emptyFile }
    guard file.count >= Self.lengthSize else {
      throw .headerLengthIncomplete(expected: Self.lengthSize, actual: file.count)
    }
    let written = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
    guard written <= UInt64(Self.lengthLimit) else { throw .headerTooLong(limit: Self.lengthLimit, actual: written) }
    let length = Int(written)
    let available = file.count - Self.lengthSize
    guard length <= available else { throw .headerBeyondFile(length: length, available: available) }
    dataStart = Self.lengthSize + length
    let json = [UInt8](file[Self.lengthSize..<dataStart])
    try Self.checkUTF8(json)
    guard json.first == UInt8(ascii: "{") else { throw .headerStart(actual: json.first) }
    try readRoot(JSONReader(json, origin: Self.lengthSize))
    try checkLayout(dataSize: available - length)
  }

  private static func checkUTF8(_ json: [UInt8]) throws(CheckpointError) {
    do {
      _ = try UTF8Span(validating: json.span)
    } catch {
      throw .headerNotUTF8(offset: lengthSize + error.byteOffsets.lowerBound)
    }
  }

  private mutating func readRoot(_ json: JSONReader) throws(CheckpointError) {
    var reader = json
    var root = try reader.beginObject()
    while let key = try reader.nextKey(in: &root) {
      if key.name == Self.metadataKey {
        try readMetadata(&reader)
      } else {
        entries.append(try SafetensorsEntry(name: key, from: &reader))
      }
    }
    while let byte = reader.next {
      guard byte == UInt8(ascii: " ") else { throw .charactersAfterHeader(offset: reader.offset, actual: byte) }
      reader.advance()
    }
  }

  private mutating func readMetadata(_ reader: inout JSONReader) throws(CheckpointError) {
    try reader.require(.object, for: Self.metadataKey)
    var object = try reader.beginObject()
    while let key = try reader.nextKey(in: &object) {
      let kind = try reader.kind()
      guard kind == .string else {
        let offset = reader.offset
        try reader.skipValue()
        throw .metadataNotString(key: key.name, actual: kind.rawValue, offset: offset)
      }
      // A dictionary of strings can't tell canonically equivalent keys apart.
      guard metadata[key.name] == nil else { throw .duplicateKey(key: key.name, offset: key.offset) }
      metadata[key.name] = try reader.string()
    }
  }

  /// Sorts the entries by their data and checks that these follow each other from the first byte to the last.
  private mutating func checkLayout(dataSize: Int) throws(CheckpointError) {
    let order = entries.indices.sorted { left, right in
      let (first, second) = (entries[left].dataOffsets, entries[right].dataOffsets)
      return (first.lowerBound, first.upperBound, left) < (second.lowerBound, second.upperBound, right)
    }
    entries = order.map { entries[$0] }
    var end = 0
    for (index, entry) in entries.enumerated() {
      let begin = entry.dataOffsets.lowerBound
      guard begin >= end else {
        throw .overlap(tensor: entry.name, other: entries[index - 1].name, expected: end, actual: begin)
      }
      guard begin == end else { throw .hole(tensor: entry.name, expected: end, actual: begin) }
      end = entry.dataOffsets.upperBound
      guard end <= dataSize else { throw .dataBeyondFile(tensor: entry.name, end: end, available: dataSize) }
    }
    guard end == dataSize else {
      throw .bytesAfterData(expectedSize: dataStart + end, actualSize: dataStart + dataSize)
    }
  }
}
