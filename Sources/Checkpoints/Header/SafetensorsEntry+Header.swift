extension SafetensorsEntry {
  private enum Field: String, CaseIterable {
    case type = "dtype"
    case shape = "shape"
    case offsets = "data_offsets"
  }

  /// Reads a tensor's object from the header and checks that its type, shape and offsets agree.
  ///
  /// Fields that the format does not define are passed over, as the reference implementation does.
  init(name key: JSONReader.Key, from reader: inout JSONReader) throws(CheckpointError) {
    let name = key.name
    try reader.require(.object, for: name)
    var type: ElementType?
    var shape: [Int]?
    var offsets: (begin: Int, end: Int)?
    var object = try reader.beginObject()
    while let field = try reader.nextKey(in: &object) {
      switch Field(rawValue: field.name) {
      case .type: type = try Self.readType(of: name, from: &reader)
      case .shape: shape = try Self.readIntegers(.shape, of: name, from: &reader)
      case .offsets: offsets = try Self.readOffsets(of: name, from: &reader)
      case nil: try reader.skipValue()
      }
    }
    guard let type else { throw .missingField(tensor: name, field: Field.type.rawValue, offset: key.offset) }
    guard let shape else { throw .missingField(tensor: name, field: Field.shape.rawValue, offset: key.offset) }
    guard let offsets else { throw .missingField(tensor: name, field: Field.offsets.rawValue, offset: key.offset) }
    guard offsets.begin <= offsets.end else {
      throw .offsetsReversed(tensor: name, begin: offsets.begin, end: offsets.end)
    }
    let size = try Self.byteCount(of: name, shape: shape, type: type)
    guard offsets.end - offsets.begin == size else {
      throw .sizeMismatch(
        tensor: name, shape: shape, type: type, expected: size, actual: offsets.end - offsets.begin)
    }
    self.init(name: name, type: type, shape: shape, dataOffsets: offsets.begin..<offsets.end)
  }

  /// The bytes that a tensor takes, computed without overflow.
  ///
  /// Axes of size 0 count as 1 until the end: the other axes' product, which becomes a stride, must fit as well.
  static func byteCount(of name: String, shape: [Int], type: ElementType) throws(CheckpointError) -> Int {
    var product = 1
    for size in shape {
      let (next, overflows) = product.multipliedReportingOverflow(by: max(size, 1))
      guard !overflows else { throw .tooManyElements(tensor: name, shape: shape) }
      product = next
    }
    if shape.contains(0) { return 0 }
    let (bits, overflows) = product.multipliedReportingOverflow(by: type.bitCount)
    guard !overflows else { throw .tooManyElements(tensor: name, shape: shape) }
    guard bits % 8 == 0 else { throw .partialByte(tensor: name, shape: shape, type: type) }
    return bits / 8
  }

  private static func readType(of name: String, from reader: inout JSONReader) throws(CheckpointError) -> ElementType {
    try reader.require(.string, for: "\(name).\(Field.type.rawValue)")
    let offset = reader.offset
    let text = try reader.string()
    guard let type = ElementType(rawValue: text) else {
      throw .unknownElementType(tensor: name, actual: text, offset: offset)
    }
    return type
  }

  private static func readOffsets(
    of name: String, from reader: inout JSONReader
  ) throws(CheckpointError) -> (begin: Int, end: Int) {
    _ = try reader.kind()
    let offset = reader.offset
    let numbers = try readIntegers(.offsets, of: name, from: &reader)
    guard numbers.count == 2 else { throw .offsetCount(tensor: name, actual: numbers.count, offset: offset) }
    return (numbers[0], numbers[1])
  }

  private static func readIntegers(
    _ field: Field, of name: String, from reader: inout JSONReader
  ) throws(CheckpointError) -> [Int] {
    let path = "\(name).\(field.rawValue)"
    try reader.require(.array, for: path)
    var integers: [Int] = []
    var array = try reader.beginArray()
    while try reader.nextElement(in: &array) {
      try reader.require(.number, for: path)
      let number = try reader.number()
      guard number.isInteger else {
        throw .notAnInteger(tensor: name, field: field.rawValue, actual: number.text, offset: number.offset)
      }
      guard !number.isNegative else {
        throw .negativeNumber(tensor: name, field: field.rawValue, actual: number.text, offset: number.offset)
      }
      guard let integer = Int(number.text) else {
        throw .numberTooLarge(
          tensor: name, field: field.rawValue, limit: .max, actual: number.text, offset: number.offset)
      }
      integers.append(integer)
    }
    return integers
  }
}

extension JSONReader {
  /// Checks that the value that comes next, the one of `key`, is of a kind.
  mutating func require(_ expected: Kind, for key: String) throws(CheckpointError) {
    let actual = try kind()
    guard actual != expected else { return }
    let start = offset
    // What is no JSON at all, or nested without end, is reported as that.
    try skipValue()
    throw .wrongKind(key: key, expected: expected.rawValue, actual: actual.rawValue, offset: start)
  }
}
