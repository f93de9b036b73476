import Checkpoints
import Tensors
import Testing

/// A file with one fault, and the error that it must give.
struct BrokenFile: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let bytes: [UInt8]
  let error: CheckpointError

  init(_ name: String, bytes: [UInt8], _ error: CheckpointError) {
    testDescription = name
    self.bytes = bytes
    self.error = error
  }

  /// `error` is given the place that `§` marks in the header.
  init(_ name: String, _ header: String, data: Int = 0, _ error: (_ mark: Int) -> CheckpointError) {
    let sample = FileBytesSample(header: header, data: [UInt8](repeating: 0, count: data))
    self.init(name, bytes: sample.bytes, error(sample.mark))
  }

  /// A file whose only tensor, "a", has the given fields.
  init(_ name: String, fields: String, data: Int = 0, _ error: (_ mark: Int) -> CheckpointError) {
    self.init(name, "{\"a\":{\(fields)}}", data: data, error)
  }
}

@Suite struct SafetensorsHeaderTests {
  static let lengths: [BrokenFile] = [
    BrokenFile("no bytes", bytes: [], .emptyFile),
    BrokenFile("1 byte", bytes: [0], .headerLengthIncomplete(expected: 8, actual: 1)),
    BrokenFile("7 bytes", bytes: [2, 0, 0, 0, 0, 0, 0], .headerLengthIncomplete(expected: 8, actual: 7)),
    BrokenFile("no header", bytes: [0, 0, 0, 0, 0, 0, 0, 0], .headerStart(actual: nil)),
    BrokenFile(
      "header length 3 of 2", bytes: [3, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D], .headerBeyondFile(length: 3, available: 2)),
    BrokenFile(
      "header length at the limit", bytes: [0x00, 0xE1, 0xF5, 0x05, 0, 0, 0, 0, 0x7B, 0x7D],
      .headerBeyondFile(length: 100_000_000, available: 2)),
    BrokenFile(
      "header length above the limit", bytes: [0x01, 0xE1, 0xF5, 0x05, 0, 0, 0, 0, 0x7B, 0x7D],
      .headerTooLong(limit: 100_000_000, actual: 100_000_001)),
    BrokenFile(
      "header length 2^63", bytes: [0, 0, 0, 0, 0, 0, 0, 0x80, 0x7B, 0x7D],
      .headerTooLong(limit: 100_000_000, actual: 1 << 63)),
    BrokenFile(
      "header length 2^64 - 1", bytes: [255, 255, 255, 255, 255, 255, 255, 255, 0x7B, 0x7D],
      .headerTooLong(limit: 100_000_000, actual: .max)),
    BrokenFile(
      "header length 2^64 - 8", bytes: [248, 255, 255, 255, 255, 255, 255, 255, 0x7B, 0x7D],
      .headerTooLong(limit: 100_000_000, actual: .max - 7)),
    BrokenFile(
      "not UTF-8", bytes: [6, 0, 0, 0, 0, 0, 0, 0] + Array("{\"a".utf8) + [0xC3, 0x28] + Array("}".utf8),
      .headerNotUTF8(offset: 11)),
    BrokenFile(
      "UTF-8 cut off", bytes: [4, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8) + [0xE2, 0x82], .headerNotUTF8(offset: 10)),
    BrokenFile("array at the start", "[]") { _ in .headerStart(actual: 0x5B) },
    BrokenFile("space at the start", " {}") { _ in .headerStart(actual: 0x20) },
    BrokenFile("byte order mark", "\u{FEFF}{}") { _ in .headerStart(actual: 0xEF) },
  ]

  static let entries: [BrokenFile] = [
    BrokenFile("key twice", #"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},§"a":0}"#) {
      .duplicateKey(key: "a", offset: $0)
    },
    BrokenFile("key twice, once escaped", #"{"é":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},§"\u00e9":0}"#) {
      .duplicateKey(key: "é", offset: $0)
    },
    BrokenFile("field twice", fields: #""dtype":"U8",§"dtype":"U8""#) { .duplicateKey(key: "dtype", offset: $0) },
    BrokenFile("undefined field twice", fields: #""x":0,§"x":0"#) { .duplicateKey(key: "x", offset: $0) },
    BrokenFile("metadata twice", #"{"__metadata__":{},§"__metadata__":{}}"#) {
      .duplicateKey(key: "__metadata__", offset: $0)
    },
    BrokenFile("metadata key twice", #"{"__metadata__":{"k":"1",§"k":"1"}}"#) { .duplicateKey(key: "k", offset: $0) },
    BrokenFile("metadata an array", #"{"__metadata__":§[]}"#) {
      .wrongKind(key: "__metadata__", expected: "an object", actual: "an array", offset: $0)
    },
    BrokenFile("metadata null", #"{"__metadata__":§null}"#) {
      .wrongKind(key: "__metadata__", expected: "an object", actual: "null", offset: $0)
    },
    BrokenFile("metadata value a number", #"{"__metadata__":{"k":§1}}"#) {
      .metadataNotString(key: "k", actual: "a number", offset: $0)
    },
    BrokenFile("metadata value an object", #"{"__metadata__":{"k": §{}}}"#) {
      .metadataNotString(key: "k", actual: "an object", offset: $0)
    },
    BrokenFile("entry a number", #"{"a":§1}"#) {
      .wrongKind(key: "a", expected: "an object", actual: "a number", offset: $0)
    },
    BrokenFile("entry an array", #"{"a":§["U8",[0],[0,0]]}"#) {
      .wrongKind(key: "a", expected: "an object", actual: "an array", offset: $0)
    },
    BrokenFile("no fields", #"{§"a":{}}"#) { .missingField(tensor: "a", field: "dtype", offset: $0) },
    BrokenFile("no dtype", #"{§"a":{"shape":[0],"data_offsets":[0,0]}}"#) {
      .missingField(tensor: "a", field: "dtype", offset: $0)
    },
    BrokenFile("no shape", #"{§"a":{"dtype":"U8","data_offsets":[0,0]}}"#) {
      .missingField(tensor: "a", field: "shape", offset: $0)
    },
    BrokenFile("no data_offsets", #"{§"a":{"dtype":"U8","shape":[0],"offsets":[0,0]}}"#) {
      .missingField(tensor: "a", field: "data_offsets", offset: $0)
    },
    BrokenFile("dtype a number", fields: #""dtype":§8"#) {
      .wrongKind(key: "a.dtype", expected: "a string", actual: "a number", offset: $0)
    },
    BrokenFile("dtype in lower case", fields: #""dtype":§"f32""#) {
      .unknownElementType(tensor: "a", actual: "f32", offset: $0)
    },
    BrokenFile("dtype of no such width", fields: #""dtype":§"F128""#) {
      .unknownElementType(tensor: "a", actual: "F128", offset: $0)
    },
    BrokenFile("shape a number", fields: #""shape":§1"#) {
      .wrongKind(key: "a.shape", expected: "an array", actual: "a number", offset: $0)
    },
    BrokenFile("size a string", fields: #""shape":[2,§"3"]"#) {
      .wrongKind(key: "a.shape", expected: "a number", actual: "a string", offset: $0)
    },
    BrokenFile("size null", fields: #""shape":[§null]"#) {
      .wrongKind(key: "a.shape", expected: "a number", actual: "null", offset: $0)
    },
    BrokenFile("size true", fields: #""shape":[§true]"#) {
      .wrongKind(key: "a.shape", expected: "a number", actual: "a boolean", offset: $0)
    },
    BrokenFile("size negative", fields: #""shape":[2,§-3]"#) {
      .negativeNumber(tensor: "a", field: "shape", actual: "-3", offset: $0)
    },
    BrokenFile("size -0", fields: #""shape":[§-0]"#) {
      .negativeNumber(tensor: "a", field: "shape", actual: "-0", offset: $0)
    },
    BrokenFile("size with a fraction", fields: #""shape":[§2.0]"#) {
      .notAnInteger(tensor: "a", field: "shape", actual: "2.0", offset: $0)
    },
    BrokenFile("size with an exponent", fields: #""shape":[§1e1]"#) {
      .notAnInteger(tensor: "a", field: "shape", actual: "1e1", offset: $0)
    },
    BrokenFile("size 2^63", fields: #""shape":[§9223372036854775808]"#) {
      .numberTooLarge(tensor: "a", field: "shape", limit: .max, actual: "9223372036854775808", offset: $0)
    },
    BrokenFile("offset 2^64", fields: #""data_offsets":[0,§18446744073709551616]"#) {
      .numberTooLarge(tensor: "a", field: "data_offsets", limit: .max, actual: "18446744073709551616", offset: $0)
    },
    BrokenFile("offset negative", fields: #""data_offsets":[§-1,0]"#) {
      .negativeNumber(tensor: "a", field: "data_offsets", actual: "-1", offset: $0)
    },
    BrokenFile("one offset", fields: #""data_offsets": §[0]"#) { .offsetCount(tensor: "a", actual: 1, offset: $0) },
    BrokenFile("three offsets", fields: #""data_offsets":§[0,0,0]"#) {
      .offsetCount(tensor: "a", actual: 3, offset: $0)
    },
  ]

  static let layouts: [BrokenFile] = [
    BrokenFile("elements beyond Int", fields: #""dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]"#) {
      _ in .tooManyElements(tensor: "a", shape: [1 << 32, 1 << 32])
    },
    BrokenFile("bytes beyond Int", fields: #""dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]"#) {
      _ in .tooManyElements(tensor: "a", shape: [1 << 61])
    },
    BrokenFile("strides beyond Int", fields: #""dtype":"U8","shape":[0,9223372036854775807,3],"data_offsets":[0,0]"#) {
      _ in .tooManyElements(tensor: "a", shape: [0, .max, 3])
    },
    BrokenFile("half a byte", fields: #""dtype":"F4","shape":[3],"data_offsets":[0,2]"#, data: 2) { _ in
      .partialByte(tensor: "a", shape: [3], type: .float4)
    },
    BrokenFile("offsets reversed", fields: #""dtype":"U8","shape":[2],"data_offsets":[2,0]"#, data: 2) { _ in
      .offsetsReversed(tensor: "a", begin: 2, end: 0)
    },
    BrokenFile("too few bytes", fields: #""dtype":"F32","shape":[2,3],"data_offsets":[0,23]"#, data: 23) { _ in
      .sizeMismatch(tensor: "a", shape: [2, 3], type: .float32, expected: 24, actual: 23)
    },
    BrokenFile("too many bytes", fields: #""dtype":"BF16","shape":[],"data_offsets":[0,3]"#, data: 3) { _ in
      .sizeMismatch(tensor: "a", shape: [], type: .bfloat16, expected: 2, actual: 3)
    },
    BrokenFile("bytes of an empty tensor", fields: #""dtype":"U8","shape":[5,0],"data_offsets":[0,5]"#, data: 5) {
      _ in .sizeMismatch(tensor: "a", shape: [5, 0], type: .uint8, expected: 0, actual: 5)
    },
    BrokenFile("cut off", fields: #""dtype":"U8","shape":[7],"data_offsets":[0,7]"#, data: 6) { _ in
      .dataBeyondFile(tensor: "a", end: 7, available: 6)
    },
    BrokenFile(
      "offsets near Int.max",
      fields: #""dtype":"U8","shape":[1],"data_offsets":[9223372036854775806,9223372036854775807]"#
    ) { _ in .hole(tensor: "a", expected: 0, actual: .max - 1) },
    BrokenFile("hole at the start", fields: #""dtype":"U8","shape":[2],"data_offsets":[1,3]"#, data: 3) { _ in
      .hole(tensor: "a", expected: 0, actual: 1)
    },
    BrokenFile("hole between", two("[0,2]", "[3,5]"), data: 5) { _ in .hole(tensor: "b", expected: 2, actual: 3) },
    BrokenFile("overlap", two("[0,2]", "[1,3]"), data: 3) { _ in
      .overlap(tensor: "b", other: "a", expected: 2, actual: 1)
    },
    BrokenFile("the same bytes", two("[0,2]", "[0,2]"), data: 2) { _ in
      .overlap(tensor: "b", other: "a", expected: 2, actual: 0)
    },
    BrokenFile("reverse order, overlap", two("[1,3]", "[0,2]"), data: 3) { _ in
      .overlap(tensor: "a", other: "b", expected: 2, actual: 1)
    },
    BrokenFile(
      "empty tensor within another",
      #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}}"#,
      data: 2
    ) { _ in .overlap(tensor: "b", other: "a", expected: 2, actual: 1) },
    BrokenFile("bytes after the data", "{}", data: 1) { _ in .bytesAfterData(expectedSize: 10, actualSize: 11) },
    BrokenFile("one byte too many", two("[0,2]", "[2,4]"), data: 5) { _ in
      let dataStart = 8 + two("[0,2]", "[2,4]").utf8.count
      return .bytesAfterData(expectedSize: dataStart + 4, actualSize: dataStart + 5)
    },
  ]

  /// Two tensors of two bytes.
  private static func two(_ first: String, _ second: String) -> String {
    let fields = #""dtype":"U8","shape":[2],"data_offsets""#
    return "{\"a\":{\(fields):\(first)},\"b\":{\(fields):\(second)}}"
  }

  @Test(arguments: lengths + entries + layouts) func refuses(_ file: BrokenFile) {
    #expect(throws: file.error) { try SafetensorsFile(bytes: file.bytes) }
  }

  @Test func errorsNameExpectedAndActual() {
    let mismatch = CheckpointError.sizeMismatch(
      tensor: "w", shape: [2, 3], type: .float32, expected: 24, actual: 23)
    #expect(mismatch.description == #"tensor "w" of type F32 and shape [2, 3] takes 24 bytes, data_offsets span 23"#)
    let hostile = CheckpointError.duplicateKey(key: "\u{1B}[2J\n", offset: 9)
    #expect(hostile.description == #"the key "\u{1B}[2J\n" stands twice in one object, again at byte 9"#)
    let long = CheckpointError.reservedName(name: String(repeating: "n", count: 5000))
    #expect(long.description.count < 200)
  }

  @Test func opensTheSmallestFile() throws {
    let file = try SafetensorsFile(bytes: FileBytesSample(header: "{}").bytes)
    #expect(file.names.isEmpty)
    #expect(file.metadata.isEmpty)
  }

  @Test func opensWhatIsUnusualButAllowed() throws {
    let header = """
      { "b" : {"data_offsets":[0,2], "shape":[ 1 , 2 ],\t"dtype":"U8", "extra":[{"x":[null,true,false,-1.5e+3,""]}]},
      "__metadata__":{"note":"\\u00fc \\ud83d\\ude00 \\/","":""},
      "none":{"dtype":"F64","shape":[3,0,5],"data_offsets":[2,2]},
      "a":{"dtype":"I8","shape":[],"data_offsets":[2,3]}}     \u{20}
      """
    let file = try SafetensorsFile(bytes: FileBytesSample(header: header, data: [1, 2, 3]).bytes)
    #expect(file.names == ["b", "none", "a"])
    #expect(file.metadata == ["note": "ü 😀 /", "": ""])
    #expect(file.entries.map(\.shape) == [[1, 2], [3, 0, 5], []])
    #expect(file.entries.map(\.type) == [.uint8, .float64, .int8])
    #expect(file.entries.map(\.dataOffsets) == [0..<2, 2..<2, 2..<3])
    #expect(try file.tensor("a", as: Int8.self).item() == 3)
  }

  @Test func namesAreComparedByteForByte() throws {
    // The same letter, composed and decomposed: equal strings in Swift, two names in a file.
    let header = """
      {"\u{E9}":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},\
      "e\u{301}":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}
      """
    let file = try SafetensorsFile(bytes: FileBytesSample(header: header, data: [7, 9]).bytes)
    #expect(try file.tensor("\u{E9}", as: UInt8.self).elements == [7])
    #expect(try file.tensor("e\u{301}", as: UInt8.self).elements == [9])
  }

  @Test func allTypesOfTheFormatOpen() throws {
    for type in ElementType.allCases {
      let header = #"{"a":{"dtype":"\#(type)","shape":[4],"data_offsets":[0,\#(type.bitCount / 2)]}}"#
      let data = [UInt8](repeating: 0, count: type.bitCount / 2)
      let file = try SafetensorsFile(bytes: FileBytesSample(header: header, data: data).bytes)
      #expect(file.entries.map(\.type) == [type])
    }
  }
}
