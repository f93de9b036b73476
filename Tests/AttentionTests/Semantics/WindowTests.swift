import Attention
import Testing

@Suite("Windows")
struct WindowTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var left: Int?
    var right: Int?
    var isCausal = false
    var alignment = QueryAlignment.start
    var pattern: String

    var testDescription: String {
      "(\(left.map(String.init) ?? "∞"), \(right.map(String.init) ?? "∞"))\(isCausal ? " causal" : "") \(alignment) → \(pattern)"
    }
  }

  /// Three queries, five keys: places 0 1 2 from the start, 2 3 4 from the end.
  static let byHand = [
    Case(left: nil, right: nil, pattern: "11111/11111/11111"),
    Case(left: -1, right: -1, pattern: "11111/11111/11111"),
    Case(left: 0, right: 0, pattern: "10000/01000/00100"),
    Case(left: 1, right: 0, pattern: "10000/11000/01100"),
    Case(left: 0, right: 1, pattern: "11000/01100/00110"),
    Case(left: 1, right: 1, pattern: "11000/11100/01110"),
    Case(left: 1, right: nil, pattern: "11111/11111/01111"),
    Case(left: nil, right: 1, pattern: "11000/11100/11110"),
    Case(left: 1, right: -1, pattern: "11111/11111/01111"),
    Case(left: -1, right: 1, pattern: "11000/11100/11110"),
    Case(left: .max, right: .max, pattern: "11111/11111/11111"),
    Case(left: 1, right: 1, alignment: .end, pattern: "01110/00111/00011"),
    Case(left: 0, right: nil, alignment: .end, pattern: "00111/00011/00001"),
    Case(left: nil, right: 0, alignment: .end, pattern: "11100/11110/11111"),
    Case(left: 1, right: 1, isCausal: true, pattern: "10000/11000/01100"),
    Case(left: 1, right: nil, isCausal: true, alignment: .end, pattern: "01100/00110/00011"),
    Case(left: nil, right: nil, isCausal: true, alignment: .end, pattern: "11100/11110/11111"),
    Case(left: 0, right: 3, isCausal: true, alignment: .end, pattern: "00100/00010/00001"),
    Case(left: 1, right: 1, alignment: .offset(-2), pattern: "00000/10000/11000"),
    Case(left: 1, right: nil, alignment: .offset(4), pattern: "00011/00001/00000"),
    Case(left: 0, right: 0, alignment: .offset(5), pattern: "00000/00000/00000"),
  ]

  @Test("7: three queries, five keys, by hand", arguments: Way.all, byHand)
  func threeByFive(way: Way, example: Case) throws {
    let window = AttentionMask<Double>.window(left: example.left, right: example.right)
    try expectAttended(
      [example.pattern, example.pattern], way, mask: example.isCausal ? .causal & window : window,
      alignment: example.alignment)
  }

  @Test("7: offsets per batch element", arguments: Way.all)
  func offsetsPerElement(way: Way) throws {
    let mask = AttentionMask<Double>.window(left: 1, right: 0)
    try expectAttended(
      ["100000/110000", "000110/000011", "000000/100000"], way, mask: mask, alignment: .offsets([0, 4, -1]))
    // From the end of each element's own keys.
    try expectAttended(
      ["001100/000110", "110000/011000", "000000/100000"], way, mask: mask & .keyLengths([5, 3, 1]), alignment: .end)
  }

  @Test("7: every combination of sides, alignments, causal or not", arguments: Way.all)
  func everyCombination(way: Way) throws {
    let (queries, keys) = (3, 4)
    let sides: [Int?] = [nil, -1, 0, 2]
    for (alignment, offset) in [(QueryAlignment.start, 0), (.end, 1), (.offset(3), 3), (.offset(-2), -2)] {
      for isCausal in [false, true] {
        for left in sides {
          for right in sides {
            let rows = (0..<queries).map { i in
              (0..<keys).map { j in
                let place = offset + i
                let isBefore = left == nil || left == -1 || j >= place - (left ?? 0)
                let isAfter = right == nil || right == -1 || j <= place + (right ?? 0)
                return isBefore && isAfter && (!isCausal || j <= place) ? "1" : "0"
              }.joined()
            }
            let window = AttentionMask<Double>.window(left: left, right: right)
            try expectAttended(
              [rows.joined(separator: "/")], way, mask: isCausal ? .causal & window : window, alignment: alignment,
              heads: 1, checksDetails: false)
          }
        }
      }
    }
  }

  @Test("7: a window that slides over tiles of keys", arguments: Way.all, [1, 3, 300, 511, 512, 513])
  func slidingOverTiles(way: Way, left: Int) throws {
    // Eleven queries about place 600, and values equal to their place: a row gives the middle of its window.
    let (queries, keys, offset, right) = (11, 1100, 595, 2)
    let v = try Tensor((0..<keys).map { Double($0) }, shape: [1, 1, keys, 1])
    let outcome = try way.attend(
      Tensor(zeros: [1, 1, queries, 1]), Tensor(zeros: [1, 1, keys, 1]), v, mask: .window(left: left, right: right),
      alignment: .offset(offset))
    let middles = (0..<queries).map { i in Double(offset + i) + Double(right - left) / 2 }
    expectClose(outcome.output, middles, way)
  }

  @Test("7: a window that slides over blocks of queries", arguments: Way.all)
  func slidingOverBlocks(way: Way) throws {
    let count = 410
    let v = try Tensor((0..<count).map { Double($0) }, shape: [1, 1, count, 1])
    let outcome = try way.attend(
      Tensor(zeros: [1, 1, count, 1]), Tensor(zeros: [1, 1, count, 1]), v, mask: .window(left: 2, right: 1))
    let middles = (0..<count).map { i in Double(max(0, i - 2) + min(count - 1, i + 1)) / 2 }
    expectClose(outcome.output, middles, way)
  }
}
