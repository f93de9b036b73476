import Attention
import Testing

@Suite("Key lengths")
struct KeyLengthsTests {
  @Test("8: keys at and after a batch element's length are masked", arguments: Way.all)
  func keysPastTheLength(way: Way) throws {
    try expectAttended(
      ["00000/00000", "10000/10000", "11100/11100", "11111/11111"], way, mask: .keyLengths([0, 1, 3, 5]))
  }

  @Test("8: lengths within keep and window", arguments: Way.all)
  func lengthsIntersect(way: Way) throws {
    let keep = AttentionMask<Double>.keep(try Tensor([true, false, true, true], shape: [4]))
    try expectAttended(["1000/1000", "1011/1011"], way, mask: .keyLengths([2, 4]) & keep)
    try expectAttended(
      ["1100/0100", "1110/0111"], way, mask: .keyLengths([2, 4]) & .window(left: 0, right: 2), alignment: .start)
  }

  @Test("8: lengths about the ends of tiles", arguments: Way.all)
  func lengthsAcrossTiles(way: Way) throws {
    let lengths = [0, 1, 511, 512, 513, 1024, 1025]
    let v = try Tensor((0..<1025).map { Double($0) }, shape: [1, 1, 1025, 1]).broadcast(to: [7, 1, 1025, 1])
    let outcome = try way.attend(
      Tensor(zeros: [7, 2, 1, 1]), Tensor(zeros: [7, 1, 1025, 1]), v, mask: .keyLengths(lengths))
    expectClose(outcome.output, lengths.flatMap { Array(repeating: max(0, Double($0) - 1) / 2, count: 2) }, way)
  }
}
