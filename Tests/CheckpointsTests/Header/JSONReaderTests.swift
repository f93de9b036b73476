import Checkpoints
import Testing

/// A header that is no JSON; `§` marks the byte at fault.
struct BrokenJSON: CustomTestStringConvertible, Sendable {
  let header: String
  let expected: String
  let actual: String

  init(_ header: String, _ expected: String, _ actual: String) {
    self.header = header
    self.expected = expected
    self.actual = actual
  }

  var testDescription: String { header.debugDescription }
}

@Suite struct JSONReaderTests {
  static let broken: [BrokenJSON] = [
    BrokenJSON("{§", "'\"'", "the end of the header"),
    BrokenJSON("{§]", "'\"'", "']'"),
    BrokenJSON("{§a:1}", "'\"'", "'a'"),
    BrokenJSON("{§'a':1}", "'\"'", "'''"),
    BrokenJSON("{§,}", "'\"'", "','"),
    BrokenJSON(#"{"a"§}"#, "':'", "'}'"),
    BrokenJSON(#"{"a" §1}"#, "':'", "'1'"),
    BrokenJSON(#"{"a":§}"#, "a value", "'}'"),
    BrokenJSON(#"{"a":§"#, "a value", "the end of the header"),
    BrokenJSON(#"{"a":§+1}"#, "a value", "'+'"),
    BrokenJSON(#"{"a":§.5}"#, "a value", "'.'"),
    BrokenJSON(#"{"a":§NaN}"#, "a value", "'N'"),
    BrokenJSON(#"{"a":{"x":1 §"y":2}}"#, "',' or '}'", "'\"'"),
    BrokenJSON(#"{"a":{"x":1,§}}"#, "'\"'", "'}'"),
    BrokenJSON(#"{"a":{"x":[1,§]}}"#, "a value", "']'"),
    BrokenJSON(#"{"a":{"x":[1§}}"#, "',' or ']'", "'}'"),
    BrokenJSON(#"{"a":{"x":[1§;2]}}"#, "',' or ']'", "';'"),
    BrokenJSON(#"{"a":{"x":0§1}}"#, "no digit after a leading zero", "'1'"),
    BrokenJSON(#"{"a":{"x":-§}}"#, "a digit", "'}'"),
    BrokenJSON(#"{"a":{"x":1.§}}"#, "a digit", "'}'"),
    BrokenJSON(#"{"a":{"x":1e§}}"#, "a digit", "'}'"),
    BrokenJSON(#"{"a":{"x":1e+§}}"#, "a digit", "'}'"),
    BrokenJSON(#"{"a":{"x":0§x10}}"#, "',' or '}'", "'x'"),
    BrokenJSON(#"{"a":{"x":tr§eu}}"#, "true", "'e'"),
    BrokenJSON(#"{"a":{"x":nul§}}"#, "null", "'}'"),
    BrokenJSON(#"{"a":{"x":false§r}}"#, "',' or '}'", "'r'"),
    BrokenJSON(#"{"a§"#, "'\"' at the end of a string", "the end of the header"),
    BrokenJSON(#"{"a\§"#, #"one of "\/bfnrtu after '\'"#, "the end of the header"),
    BrokenJSON(#"{"\§x":1}"#, #"one of "\/bfnrtu after '\'"#, "'x'"),
    BrokenJSON(#"{"\§U0041":1}"#, #"one of "\/bfnrtu after '\'"#, "'U'"),
    BrokenJSON(#"{"\u00§g1":1}"#, "a hexadecimal digit", "'g'"),
    BrokenJSON(#"{"\u004§":1}"#, "a hexadecimal digit", "'\"'"),
    BrokenJSON("{\"a§\nb\":1}", "a character of a string, control characters escaped", "byte 0x0A"),
    BrokenJSON("{\"§\0\":1}", "a character of a string, control characters escaped", "byte 0x00"),
    BrokenJSON(#"{"§\ud800":1}"#, "a surrogate pair", "half of one"),
    BrokenJSON(#"{"§\udc00":1}"#, "a surrogate pair", "half of one"),
    BrokenJSON(#"{"§\ud800\n":1}"#, "a surrogate pair", "half of one"),
    BrokenJSON(#"{"§\ud800\ud800":1}"#, "a surrogate pair", "half of one"),
    BrokenJSON(#"{"§\ud800\u0041":1}"#, "a surrogate pair", "half of one"),
    BrokenJSON(#"{"§\ud800x":1}"#, "a surrogate pair", "half of one"),
    BrokenJSON(#"{"a":§/*none*/1}"#, "a value", "'/'"),
    BrokenJSON("{§\u{A0}}", "'\"'", "byte 0xC2"),
  ]

  @Test(arguments: broken) func refuses(_ json: BrokenJSON) {
    let sample = FileBytesSample(header: json.header)
    #expect(throws: CheckpointError.syntax(offset: sample.mark, expected: json.expected, actual: json.actual)) {
      try SafetensorsFile(bytes: sample.bytes)
    }
  }

  @Test(arguments: [("{}§\n", UInt8(0x0A)), ("{}   §x ", 0x78), ("{}§{}", 0x7B), ("{}§\0", 0), ("{} §\t", 9)])
  func refusesWhatFollowsTheHeader(_ header: String, _ actual: UInt8) {
    let sample = FileBytesSample(header: header)
    #expect(throws: CheckpointError.charactersAfterHeader(offset: sample.mark, actual: actual)) {
      try SafetensorsFile(bytes: sample.bytes)
    }
  }

  @Test(arguments: ["[", #"{"x":"#]) func refusesDeepNesting(_ opening: String) {
    // The root is the first level; the 65th opens behind 63 more.
    let allowed = String(repeating: opening, count: 63)
    let sample = FileBytesSample(header: #"{"a":"# + allowed + "§" + String(repeating: opening, count: 100_000))
    #expect(throws: CheckpointError.nestingTooDeep(offset: sample.mark, limit: 64)) {
      try SafetensorsFile(bytes: sample.bytes)
    }
  }

  @Test func readsNestingUpToTheLimit() throws {
    // Two levels are the header's own.
    let nested = String(repeating: "[", count: 62) + String(repeating: "]", count: 62)
    let header = #"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":\#(nested)}}"#
    #expect(try SafetensorsFile(bytes: FileBytesSample(header: header).bytes).names == ["a"])
  }

  @Test(arguments: [
    (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{C}\n\r\t"),
    (#"\u0041\u00e9\u20AC\uFFFF"#, "A\u{E9}\u{20AC}\u{FFFF}"),
    (#"\ud834\udd1e \uD83D\uDE00 \udbff\udfff"#, "\u{1D11E} \u{1F600} \u{10FFFF}"),
    (#"\u0000\u001f\ud7ff\ue000"#, "\0\u{1F}\u{D7FF}\u{E000}"),
    ("tensor.0 ü 😀 \u{7F}", "tensor.0 ü 😀 \u{7F}"),
    ("", ""),
  ])
  func readsStrings(_ written: String, _ read: String) throws {
    let header = #"{"__metadata__":{"k":"\#(written)"}}"#
    let file = try SafetensorsFile(bytes: FileBytesSample(header: header).bytes)
    let value = try #require(file.metadata["k"])
    #expect(Array(value.utf8) == Array(read.utf8))
  }

  @Test(arguments: ["0", "-0", "10", "-1", "0.0", "1.5", "-0.25e10", "1E5", "1e-05", "0e0", "12345678901234567890123"])
  func passesOverNumbersOfUndefinedFields(_ number: String) throws {
    let header = #"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":\#(number)}}"#
    #expect(try SafetensorsFile(bytes: FileBytesSample(header: header).bytes).names == ["a"])
  }
}
