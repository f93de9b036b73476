import Attention
import Checkpoints
import Testing

@testable import AttentionTool

/// Files and shapes that are wrong: exit code 65, one line that names what, OUT as it was.
@Suite struct BadInputTests {
  struct Bad: CustomTestStringConvertible, Sendable {
    let name: String
    var arguments: [String] = []
    let says: [String]
    let bytes: @Sendable () throws -> [UInt8]?
    var testDescription: String { name }

    init(_ name: String, _ arguments: String..., says: String..., bytes: @escaping @Sendable () throws -> [UInt8]?) {
      (self.name, self.arguments, self.says, self.bytes) = (name, arguments, says, bytes)
    }

    /// A file of query, key and value of these shapes, and more.
    init(
      _ name: String, _ arguments: String..., query: [Int] = [2, 6, 5, 11], key: [Int] = [2, 3, 7, 11],
      value: [Int] = [2, 3, 7, 13], says: String..., more: @escaping @Sendable (inout Sample) throws -> Void = { _ in }
    ) {
      (self.name, self.arguments, self.says) = (name, arguments, says)
      bytes = {
        try Sample {
          try $0.set("query", random: query)
          try $0.set("key", random: key)
          try $0.set("value", random: value)
          try more(&$0)
        }.bytes()
      }
    }
  }

  static let bad = [
    Bad("missing file", says: "can't open \"in.st\": No such file") { nil },
    Bad("empty file", says: "in.st: the file is empty") { [] },
    Bad("three bytes", says: "in.st: the file has 3 bytes") { [1, 2, 3] },
    Bad("truncated header", says: "in.st: the header is said to have") {
      try Array(Sample { try $0.setInputs() }.bytes().prefix(60))
    },
    Bad("truncated data", says: "in.st: tensor \"value\"", "it is cut off") {
      try Sample { try $0.setInputs() }.bytes().dropLast()
    },
    Bad("no safetensors file", says: "in.st: the header") { Array("PK\u{3}\u{4} and so on, not tensors".utf8) },
    Bad("no query", says: "no tensor \"query\"; the file has \"q\"") {
      try Sample { try $0.set("q", random: [2]) }.bytes()
    },
    Bad("no key", says: "no tensor \"key\"; the file has \"query\"") {
      try Sample { try $0.set("query", random: [2, 6, 5, 11]) }.bytes()
    },
    Bad("no value", says: "no tensor \"value\"") {
      try Sample {
        try $0.set("query", random: [2, 6, 5, 11])
        try $0.set("key", random: [2, 3, 7, 11])
      }.bytes()
    },
    Bad("no tensors", says: "no tensor \"query\"; the file has no tensors") { try Sample { _ in }.bytes() },
    Bad("integer query", says: "tensor \"query\" has type I64, expected a floating-point type") {
      try Sample { try $0.set("query", [Int64](repeating: 1, count: 4), [1, 1, 2, 2]) }.bytes()
    },
    Bad("query of rank 2", query: [5, 11], says: "query has shape [5, 11] of rank 2, expected rank 3 or 4"),
    Bad("query of rank 5", query: [1, 2, 6, 5, 11], says: "query has shape [1, 2, 6, 5, 11] of rank 5"),
    Bad("key of rank 1", key: [7], says: "key has shape [7] of rank 1, expected rank 3 or 4"),
    Bad("value of rank 0", value: [], says: "value has shape [] of rank 0"),
    Bad("other batch", key: [3, 3, 7, 11], says: "key has shape [3, 3, 7, 11]", "query [2, 6, 5, 11]"),
    Bad("other head size", key: [2, 3, 7, 10], says: "key has shape [2, 3, 7, 10]", "query [2, 6, 5, 11]"),
    Bad("other length", value: [2, 3, 8, 13], says: "value has shape [2, 3, 8, 13]", "key [2, 3, 7, 11]"),
    Bad("other heads", value: [2, 6, 7, 13], says: "value has shape [2, 6, 7, 13]", "key [2, 3, 7, 11]"),
    Bad(
      "heads no multiple", key: [2, 4, 7, 11], value: [2, 4, 7, 13], says: "key has shape [2, 4, 7, 11]",
      "query [2, 6, 5, 11]"),
    Bad("no key heads", key: [2, 0, 7, 11], value: [2, 0, 7, 13], says: "key has shape [2, 0, 7, 11]"),
    Bad(
      "heads against rank 4", "--heads", "3",
      says: "query has shape [2, 6, 5, 11], expected 3 heads", "(key has shape [2, 3, 7, 11])"),
    Bad(
      "kv-heads against rank 4", "--heads", "6", "--kv-heads", "2",
      says: "key has shape [2, 3, 7, 11], expected 2 heads", "(query has shape [2, 6, 5, 11])"),
    Bad(
      "heads that don't divide", "--heads", "4", query: [2, 5, 66], key: [2, 7, 33], value: [2, 7, 39],
      says: "query has shape [2, 5, 66], expected a last dimension divisible by 4 heads (key has shape [2, 7, 33])"),
    Bad(
      "key heads that don't divide", "--heads", "6", query: [2, 5, 66], key: [2, 7, 33], value: [2, 7, 39],
      says: "key has shape [2, 7, 33], expected a last dimension divisible by 6 heads (query has shape [2, 5, 66])",
      "without --kv-heads it has 6 heads"),
    Bad("mask too wide", says: "mask has shape [8]", "[2, 6, 5, 7]") { try $0.set("mask", random: [8]) },
    Bad("mask of rank 5", says: "mask has shape [1, 2, 6, 5, 7] of rank 5") {
      try $0.set("mask", random: [1, 2, 6, 5, 7])
    },
    Bad("mask by batch", says: "mask has shape [2, 5, 7]", "[2, 6, 5, 7]") { try $0.set("mask", random: [2, 5, 7]) },
    Bad("mask of integers", says: "tensor \"mask\" has type U8") {
      try $0.set("mask", [UInt8](repeating: 1, count: 7), [7])
    },
    Bad("lengths too long", "--causal", says: "kv_lengths[1] is 8, expected 0...7") {
      try $0.set("kv_lengths", [Int64(7), 8], [2])
    },
    Bad("lengths of floats", says: "tensor \"kv_lengths\" has type F32") { try $0.set("kv_lengths", random: [2]) },
    Bad("half a past", says: "no tensor \"past_value\"") { try $0.set("past_key", random: [2, 3, 4, 11]) },
    Bad("past of rank 3", says: "past_key has shape [2, 4, 33] of rank 3, expected rank 4") {
      try $0.set("past_key", random: [2, 4, 33])
      try $0.set("past_value", random: [2, 3, 4, 13])
    },
    Bad("past of another size", says: "past_key has shape [2, 3, 4, 12]", "key [2, 3, 7, 11]") {
      try $0.set("past_key", random: [2, 3, 4, 12])
      try $0.set("past_value", random: [2, 3, 4, 13])
    },
    Bad("past and lengths", says: "kv_lengths", "past_key") {
      try $0.set("past_key", random: [2, 3, 4, 11])
      try $0.set("past_value", random: [2, 3, 4, 13])
      try $0.set("kv_lengths", [Int64(7), 7], [2])
    },
    Bad("elements that overflow", says: "tensor \"query\" of shape", "more elements than can be addressed") {
      let shape = "[4294967296,4294967296,4294967296,1]"
      let header = Array("{\"query\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":[0,0]}}".utf8)
      return withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init) + header
    },
    Bad(
      "a dimension beyond 32 bits", query: [1, 1, 1 << 31, 0], key: [1, 1, 7, 0], value: [1, 1, 7, 0],
      says: "query has shape [1, 1, 2147483648, 0], expected queries of 0...2147483647 (key has shape [1, 1, 7, 0])"),
    Bad(
      "more elements than strides can count", query: [1 << 30, 1 << 30, 1, 0], key: [1 << 30, 1, 1, 0],
      value: [1 << 30, 1, 1, 0],
      says: "query has shape [1073741824, 1073741824, 1, 0], expected fewer elements",
      "(key has shape [1073741824, 1, 1, 0])"),
    Bad(
      "a past of more rows than can be counted", query: [1, 1, 2, 0], key: [1, 1, 3, 0], value: [1, 1, 3, 0],
      says: "past_key has shape [1, 1, 9223372036854775807, 0]", "key [1, 1, 3, 0]"
    ) { for name in ["past_key", "past_value"] { try $0.set(name, Tensor<Float>(zeros: [1, 1, .max, 0])) } },
    Bad(
      "a mask to be padded beyond memory", query: [1, 1, 2_147_483_647, 0], key: [1, 1, 4_194_304, 0],
      value: [1, 1, 4_194_304, 0], says: "tensor \"mask\": the system gave no 9007199250546688 bytes"
    ) { try $0.set("mask", Tensor<Bool>(zeros: [2_147_483_647, 0])) },
    Bad(
      "scores that overflow", "--stage", "raw", query: [2, 6, 1 << 30, 0], key: [2, 3, 1 << 30, 0],
      value: [2, 3, 1 << 30, 0], says: "scores of shape [2, 6, 1073741824, 1073741824] is too large"),
  ]

  @Test(arguments: bad)
  func exits65(bad: Bad) throws {
    let folder = try TemporaryFolder()
    if let bytes = try bad.bytes() { _ = try folder.write(bytes, "in.st") }
    let before: [UInt8] = [1, 2, 3]
    _ = try folder.write(before, "old.st")
    let names = try folder.names()
    for output in ["out.st", "old.st"] {
      let run = try ToolProcess(["run", "in.st", "--output", output] + bad.arguments, folder: folder)
      #expect(run.status == 65, "\(run.errors)")
      #expect(run.output.isEmpty)
      #expect(run.errors.hasPrefix("Error: ") && run.errors.hasSuffix("\n"))
      #expect(run.errors.filter { $0 == "\n" }.count == 1, "\(run.errors)")
      for words in bad.says { #expect(run.errors.contains(words), "\(run.errors)") }
    }
    #expect(try folder.names() == names)
    #expect(try folder.bytes("old.st") == before)
  }
}
