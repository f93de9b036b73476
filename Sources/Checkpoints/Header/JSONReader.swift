/// A strict reader of JSON (RFC 8259) in one pass, without building a tree: the caller asks for what it expects next.
///
/// What a general decoder does not give: the byte at fault, duplicate keys (compared byte for byte), a limit to
/// nesting, and numbers as they are written.
struct JSONReader {
  /// Far above the three levels that a header has, far below what a stack can take.
  static let nestingLimit = 64

  /// What a value is, known from its first byte.
  enum Kind: String {
    case object = "an object"
    case array = "an array"
    case string = "a string"
    case number = "a number"
    case boolean = "a boolean"
    case null = "null"
  }

  /// An object or array that is being read.
  struct Container {
    fileprivate var isFirst = true
    fileprivate var keys: Set<[UInt8]> = []
  }

  /// An object's key and where it stands.
  struct Key {
    var name: String
    var offset: Int
  }

  private(set) var position = 0
  private(set) var depth = 0
  let bytes: [UInt8]
  /// Where `bytes` begin in the file.
  let origin: Int

  /// - Parameters:
  ///   - bytes: valid UTF-8.
  ///   - origin: added to every offset that is reported.
  init(_ bytes: [UInt8], origin: Int) {
    self.bytes = bytes
    self.origin = origin
  }

  /// The offset in the file of the next byte.
  var offset: Int { origin + position }

  var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func advance(by count: Int = 1) { position += count }

  mutating func skipWhitespace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  /// The kind of the value that comes next.
  mutating func kind() throws(CheckpointError) -> Kind {
    skipWhitespace()
    switch next {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "-"): return .number
    case .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return .number
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
    case UInt8(ascii: "n"): return .null
    default: throw unexpected("a value")
    }
  }

  mutating func beginObject() throws(CheckpointError) -> Container {
    try begin(with: UInt8(ascii: "{"))
  }

  mutating func beginArray() throws(CheckpointError) -> Container {
    try begin(with: UInt8(ascii: "["))
  }

  private mutating func begin(with bracket: UInt8) throws(CheckpointError) -> Container {
    skipWhitespace()
    guard depth < Self.nestingLimit else { throw .nestingTooDeep(offset: offset, limit: Self.nestingLimit) }
    try expect(bracket)
    depth += 1
    return Container()
  }

  /// The next key of an object, its colon read; nil at the object's end, which is read.
  mutating func nextKey(in object: inout Container) throws(CheckpointError) -> Key? {
    guard try continues(&object, until: UInt8(ascii: "}")) else { return nil }
    let keyOffset = offset
    let name = try string()
    guard object.keys.insert(Array(name.utf8)).inserted else { throw .duplicateKey(key: name, offset: keyOffset) }
    skipWhitespace()
    try expect(UInt8(ascii: ":"))
    return Key(name: name, offset: keyOffset)
  }

  /// Whether an array has another element, which then is next; false at the array's end, which is read.
  mutating func nextElement(in array: inout Container) throws(CheckpointError) -> Bool {
    try continues(&array, until: UInt8(ascii: "]"))
  }

  private mutating func continues(
    _ container: inout Container, until bracket: UInt8
  ) throws(CheckpointError) -> Bool {
    skipWhitespace()
    if next == bracket {
      position += 1
      depth -= 1
      return false
    }
    if container.isFirst {
      container.isFirst = false
    } else {
      guard next == UInt8(ascii: ",") else { throw unexpected("',' or \(Self.name(of: bracket))") }
      position += 1
      skipWhitespace()
    }
    return true
  }

  private mutating func expect(_ byte: UInt8) throws(CheckpointError) {
    guard next == byte else { throw unexpected(Self.name(of: byte)) }
    position += 1
  }

  /// Reads a value of any kind and drops it; its syntax is checked.
  mutating func skipValue() throws(CheckpointError) {
    switch try kind() {
    case .object:
      var object = try beginObject()
      while try nextKey(in: &object) != nil { try skipValue() }
    case .array:
      var array = try beginArray()
      while try nextElement(in: &array) { try skipValue() }
    case .string: _ = try string()
    case .number: _ = try number()
    case .boolean: try skip(word: next == UInt8(ascii: "t") ? "true" : "false")
    case .null: try skip(word: "null")
    }
  }

  private mutating func skip(word: StaticString) throws(CheckpointError) {
    for index in 0..<word.utf8CodeUnitCount {
      guard next == word.withUTF8Buffer({ $0[index] }) else { throw unexpected("\(word)") }
      position += 1
    }
  }

  /// The error for what stands at the current position.
  func unexpected(_ expected: String) -> CheckpointError {
    .syntax(offset: offset, expected: expected, actual: next.map(Self.name(of:)) ?? "the end of the header")
  }

  static func name(of byte: UInt8) -> String {
    switch byte {
    case 0x21...0x7E: "'\(Character(Unicode.Scalar(byte)))'"
    case 0x20: "a space"
    default: "byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
  }
}
