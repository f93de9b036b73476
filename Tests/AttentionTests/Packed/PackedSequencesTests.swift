import Attention
import Testing

@Suite("PackedSequences")
struct PackedSequencesTests {
  @Test func offsetsAndLengths() throws {
    let sequences = try PackedSequences(lengths: [3, 0, 5])
    #expect(sequences.offsets == [0, 3, 3, 8])
    #expect(try sequences == PackedSequences(offsets: [0, 3, 3, 8]))
    #expect(sequences.count == 3 && sequences.total == 8 && sequences.longest == 5)
    #expect(sequences.lengths == [3, 0, 5] && sequences.length(2) == 5)
    let none = try PackedSequences(offsets: [0])
    #expect(none.count == 0 && none.total == 0 && none.longest == 0)
  }

  @Test("Offsets that do not begin at 0 or descend; negative lengths; sums beyond Int")
  func wrongOffsets() {
    func expectError(_ name: String, _ expected: String, _ actual: String, _ body: () throws -> PackedSequences) {
      #expect(throws: AttentionError.argument(name: name, expected: expected, actual: actual)) { try body() }
    }
    let form = "0 and then the end of each sequence"
    expectError("sequence offsets", form, "empty") { try PackedSequences(offsets: []) }
    expectError("sequence offsets", form, "beginning at 2") { try PackedSequences(offsets: [2, 5]) }
    expectError("end of sequence 1", "3 or more, where it begins", "2") { try PackedSequences(offsets: [0, 3, 2]) }
    expectError("end of sequence 0", "0 or more, where it begins", "-1") { try PackedSequences(offsets: [0, -1]) }
    let length = "0 or more, with a sum within Int"
    expectError("length of sequence 1", length, "-4") { try PackedSequences(lengths: [3, -4]) }
    expectError("length of sequence 1", length, "\(Int.max)") { try PackedSequences(lengths: [3, .max]) }
  }
}
