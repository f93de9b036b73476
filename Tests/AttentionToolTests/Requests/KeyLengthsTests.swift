import Attention
import Checkpoints
import Testing

@testable import AttentionTool

@Suite struct KeyLengthsTests {
  private let shape: AttentionShape
  init() throws { shape = try AttentionShape(batch: 3, queries: 5, keys: 7, headSize: 11) }

  @Test func readsIntegers() throws {
    let wide = try Sample { try $0.set("kv_lengths", [Int64]([7, 0, 3]), [3]) }.file()
    #expect(try KeyLengths(wide, shape: shape, hasPast: false)?.lengths == [7, 0, 3])
    let narrow = try Sample { try $0.set("kv_lengths", [Int32]([7, 0, 3]), [3]) }.file()
    #expect(try KeyLengths(narrow, shape: shape, hasPast: false)?.lengths == [7, 0, 3])
    let none = try Sample { try $0.set("x", [true], [1]) }.file()
    #expect(try KeyLengths(none, shape: shape, hasPast: true) == nil)
  }

  @Test(
    arguments: [
      ([8, 1, 1], [3], "kv_lengths[0] is 8, expected 0...7, the number of keys"),
      ([1, 1, -1], [3], "kv_lengths[2] is -1, expected 0...7, the number of keys"),
      ([1, 1], [2], "kv_lengths has shape [2], expected [B] = [3]"),
      ([1, 1, 1], [3, 1], "kv_lengths has shape [3, 1], expected [B] = [3]"),
      ([1], [], "kv_lengths has shape [], expected [B] = [3]"),
    ] as [([Int64], [Int], String)])
  func saysWhatIsWrong(lengths: [Int64], shape: [Int], says: String) throws {
    let file = try Sample { try $0.set("kv_lengths", lengths, shape) }.file()
    let error = #expect(throws: AttentionError.self) { try KeyLengths(file, shape: self.shape, hasPast: false) }
    #expect(error?.description == says)
  }

  @Test func refusesOtherTypesAndAPastBesideThem() throws {
    let numbers = try Sample { try $0.set("kv_lengths", [Float]([1, 1, 1]), [3]) }.file()
    #expect(
      throws: CheckpointError.wrongElementType(tensor: "kv_lengths", expected: "an integer type", actual: .float32)
    ) { try KeyLengths(numbers, shape: shape, hasPast: false) }
    let lengths = try Sample {
      try $0.set("kv_lengths", [Int64]([1, 1, 1]), [3])
      try $0.set("past_key", random: [3, 1, 2, 11])
    }.file()
    #expect(
      throws: AttentionError.shape(name: "kv_lengths", expected: "none beside past_key [3, 1, 2, 11]", actual: [3])
    ) { try KeyLengths(lengths, shape: shape, hasPast: true) }
  }
}
