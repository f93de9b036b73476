import Tensors
import Testing

@Suite struct TensorErrorTests {
  @Test(
    "Each error says what was expected and what was given",
    arguments: [
      (.negativeDimension(shape: [2, -3]), "shape [2, -3] has a negative dimension"),
      (.tooManyElements(shape: [.max, 2]), "shape [9223372036854775807, 2] has more elements than can be addressed"),
      (.elementCount(shape: [2, 3], expected: 6, actual: 5), "shape [2, 3] takes 6 elements, 5 were given"),
      (.raggedRows(expected: 3, actual: 2, row: 1), "row 1 has 2 elements, the first row has 3"),
      (.rank(expected: "2 or more", actual: [7]), "expected rank 2 or more, got shape [7] of rank 1"),
      (.axis(actual: 3, rank: 2), "axis 3 is outside 0..<2"),
      (.range(actual: 1..<9, axis: 0, size: 5), "range 1..<9 is outside axis 0 of size 5"),
      (.permutation(actual: [0, 0], rank: 2), "[0, 0] does not name each of the 2 axes once"),
      (.shape(operation: "broadcast", expected: [2], actual: [3]), "broadcast: expected shape [2], got [3]"),
      (.division(axis: 1, size: 7, parts: 2), "axis 1 of size 7 can't be divided into 2 equal parts"),
      (.argument(name: "lda", expected: "5...9", actual: 4), "lda is 4, expected 5...9"),
      (.spanTooShort(name: "A", expected: 6, actual: 5), "A holds 5 elements, at least 6 are needed"),
      (.outOfMemory(bytes: 64), "the system gave no 64 bytes"),
    ] as [(TensorError, String)])
  func describes(error: TensorError, text: String) {
    #expect(error.description == text)
  }
}
