import Attention
import Checkpoints
import Support
import Testing

@testable import AttentionTool

@Suite struct KeyValuePastTests {
  @Test func joinedHeadsAreSplit() throws {
    // [B, S, G·D] = [1, 2, 2·2]: row 0 holds head 0's (1, 2) and head 1's (3, 4).
    let file = try Sample {
      try $0.set("key", (1...8).map(Float.init), [1, 2, 4])
      try $0.set("value", (1...8).map(Float.init), [1, 2, 4])
      try $0.set("past_key", (11...14).map(Float.init), [1, 2, 1, 2])
      try $0.set("past_value", (11...14).map(Float.init), [1, 2, 1, 2])
    }.file()
    var result = ResultFile()
    let past = try #require(try KeyValuePast(file, keyValueHeads: 2))
    #expect(past.length == 1)
    let keys = try past.prepended(to: "key", as: Double.self, into: &result)
    #expect(try keys == Tensor([11, 12, 1, 2, 5, 6, 13, 14, 3, 4, 7, 8], shape: [1, 2, 3, 2]))
    #expect(try result.file().entry("present_key").type == .float32)
  }

  /// What is wrong, and what the message must say.
  struct Wrong: CustomTestStringConvertible, Sendable {
    let key: [Int]?
    let value: [Int]?
    var isDouble = false
    let says: String
    var testDescription: String { says }
  }

  @Test(arguments: [
    Wrong(key: [2, 3, 4, 11], value: nil, says: "no tensor \"past_value\""),
    Wrong(key: nil, value: [2, 3, 4, 13], says: "no tensor \"past_key\""),
    Wrong(key: [2, 4, 33], value: [2, 3, 4, 13], says: "past_key has shape [2, 4, 33] of rank 3, expected rank 4"),
    Wrong(key: [1, 3, 4, 11], value: [2, 3, 4, 13], says: "expected [2, 3, P, 11] to go with key [2, 3, 7, 11]"),
    Wrong(key: [2, 6, 4, 11], value: [2, 3, 4, 13], says: "past_key has shape [2, 6, 4, 11], expected [2, 3, P, 11]"),
    Wrong(key: [2, 3, 4, 12], value: [2, 3, 4, 13], says: "past_key has shape [2, 3, 4, 12]"),
    Wrong(key: [2, 3, 4, 11], value: [2, 3, 4, 11], says: "expected [2, 3, P, 13] to go with value [2, 3, 7, 13]"),
    Wrong(
      key: [2, 3, 4, 11], value: [2, 3, 5, 13],
      says: "past_value has shape [2, 3, 5, 13], expected 4 rows to go with past_key [2, 3, 4, 11]"),
    Wrong(
      key: [2, 3, 4, 11], value: [2, 3, 4, 13], isDouble: true,
      says: "tensor \"past_key\" has type F64, expected F32, the type of key"),
  ])
  func saysWhatIsWrong(wrong: Wrong) throws {
    let file = try Sample {
      try $0.setInputs()
      for (name, shape) in [("past_key", wrong.key), ("past_value", wrong.value)] {
        guard let shape else { continue }
        if wrong.isDouble {
          try $0.set(name, Tensor<Double>(zeros: shape))
        } else {
          try $0.set(name, random: shape)
        }
      }
    }.file()
    let error = #expect(throws: (any Error).self) { try KeyValuePast(file, keyValueHeads: 3) }
    let message = error.map { "\($0)" } ?? ""
    #expect(message.contains(wrong.says), "\(message)")
  }
}
