import Attention
import Testing

@Suite("Causal when L ≠ S")
struct CausalAlignmentTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var alignment: QueryAlignment?
    var keyLengths: [Int]?
    var patterns: [String]

    var testDescription: String {
      "\(alignment.map { "\($0)" } ?? "no alignment")\(keyLengths.map { " lengths \($0)" } ?? "") → \(patterns)"
    }

    var mask: AttentionMask<Double> { keyLengths.map { .causal & .keyLengths($0) } ?? .causal }
  }

  static let twoByFive = [
    Case(alignment: .start, patterns: ["10000/11000"]),
    Case(alignment: .end, patterns: ["11110/11111"]),
    Case(alignment: .offset(0), patterns: ["10000/11000"]),
    Case(alignment: .offset(1), patterns: ["11000/11100"]),
    Case(alignment: .offset(3), patterns: ["11110/11111"]),
    Case(alignment: .offset(4), patterns: ["11111/11111"]),
    Case(alignment: .offset(1 << 39), patterns: ["11111/11111"]),
    Case(alignment: .offset(-1), patterns: ["00000/10000"]),
    Case(alignment: .offset(-2), patterns: ["00000/00000"]),
    Case(alignment: .offset(-(1 << 39)), patterns: ["00000/00000"]),
    Case(alignment: .offsets([0, 3]), patterns: ["10000/11000", "11110/11111"]),
    Case(alignment: .offsets([-1, 2, 7]), patterns: ["00000/10000", "11100/11110", "11111/11111"]),
    // With lengths the end is each element's own: offset length − L, not clamped.
    Case(alignment: .end, keyLengths: [3, 1, 0], patterns: ["11000/11100", "00000/10000", "00000/00000"]),
    Case(alignment: .start, keyLengths: [1, 5], patterns: ["10000/10000", "10000/11000"]),
    Case(alignment: .offset(2), keyLengths: [2, 4], patterns: ["11000/11000", "11100/11110"]),
    Case(alignment: .offsets([0, 3]), keyLengths: [5, 4], patterns: ["10000/11000", "11110/11110"]),
  ]

  @Test("4: two queries, five keys", arguments: Way.all, twoByFive)
  func twoQueriesFiveKeys(way: Way, example: Case) throws {
    try expectAttended(example.patterns, way, mask: example.mask, alignment: example.alignment)
  }

  static let fiveByTwo = [
    Case(alignment: .start, patterns: ["10/11/11/11/11"]),
    Case(alignment: .end, patterns: ["00/00/00/10/11"]),
    Case(alignment: .offset(-2), patterns: ["00/00/10/11/11"]),
    Case(alignment: .offset(1), patterns: ["11/11/11/11/11"]),
    Case(alignment: .offsets([-4, 0]), patterns: ["00/00/00/00/10", "10/11/11/11/11"]),
    Case(alignment: .end, keyLengths: [2, 1], patterns: ["00/00/00/10/11", "00/00/00/00/10"]),
  ]

  @Test("4: five queries, two keys", arguments: Way.all, fiveByTwo)
  func fiveQueriesTwoKeys(way: Way, example: Case) throws {
    try expectAttended(example.patterns, way, mask: example.mask, alignment: example.alignment)
  }

  static let square = [
    Case(patterns: ["100/110/111"]), Case(alignment: .start, patterns: ["100/110/111"]),
    Case(alignment: .end, patterns: ["100/110/111"]), Case(alignment: .offset(1), patterns: ["110/111/111"]),
    Case(keyLengths: [2, 3], patterns: ["100/110/110", "100/110/111"]),
  ]

  @Test("4: as many queries as keys need no alignment", arguments: Way.all, square)
  func threeByThree(way: Way, example: Case) throws {
    try expectAttended(example.patterns, way, mask: example.mask, alignment: example.alignment)
  }

  @Test("4: the edge of the triangle across tiles of keys", arguments: Way.all, [-3, 0, 508, 509, 1020, 1030])
  func edgeAcrossKeyTiles(way: Way, offset: Int) throws {
    // Values 0 … 1029: a row that attends n keys gives their mean, (n − 1) / 2, or 0 where n is 0.
    let (queries, keys) = (5, 1030)
    let v = try Tensor((0..<keys).map { Double($0) }, shape: [1, 1, keys, 1]).broadcast(to: [1, 2, keys, 1])
    let outcome = try way.attend(
      Tensor(zeros: [1, 2, queries, 1]), Tensor(zeros: [1, 2, keys, 1]), v, mask: .causal, alignment: .offset(offset))
    let means = (0..<queries).map { Double(max(0, min(keys, offset + $0 + 1) - 1)) / 2 }
    expectClose(outcome.output, means + means, way)
  }

  @Test("4: the edge of the triangle across blocks of queries", arguments: Way.all)
  func edgeAcrossQueryBlocks(way: Way) throws {
    let (queries, keys) = (403, 7)
    let v = try Tensor((0..<keys).map { Double($0) }, shape: [1, 1, keys, 1])
    let outcome = try way.attend(
      Tensor(zeros: [1, 1, queries, 1]), Tensor(zeros: [1, 1, keys, 1]), v, mask: .causal, alignment: .end)
    // Offset −396: query 396 is the first with a key.
    expectClose(outcome.output, Array(repeating: 0, count: 397) + [0.5, 1, 1.5, 2, 2.5, 3], way)
  }

  @Test("4: causal or window without an alignment is an error that names the choices", arguments: Way.all)
  func missingAlignmentThrows(way: Way) throws {
    let (q, k) = (try numbers([1, 1, 2, 3]), try numbers([1, 1, 5, 3]))
    let error = AttentionError.alignmentNeeded(queries: 2, keys: 5)
    for mask in [AttentionMask<Double>.causal, .window(left: 1, right: nil), .window(left: nil, right: 0)] {
      #expect(throws: error) { try way.attend(q, k, k, mask: mask) }
    }
    for choice in [".start", ".end", ".offset", ".offsets"] { #expect(error.description.contains(choice)) }
    // An unbounded window depends on no place.
    _ = try way.attend(q, k, k, mask: .window(left: -1, right: nil))
  }
}
