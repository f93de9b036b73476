import Testing

@testable import Attention

/// Patterns drawn by hand, their words, and their errors.
@Suite struct MaskPatternTests {
  struct Drawn: Sendable, CustomTestStringConvertible {
    var pattern: MaskPattern
    var rows: [String]
    var alignment: QueryAlignment?
    var testDescription: String { "\(pattern) \(alignment.map { "\($0) " } ?? "")→ \(rows)" }
  }

  static let drawn = [
    Drawn(pattern: .blockLocal(size: 2), rows: ["11000/11000/00110/00110/00001"]),
    Drawn(pattern: .blockLocal(size: 3), rows: ["11100/00011"], alignment: .offset(2)),
    Drawn(pattern: .blockLocal(size: 2), rows: ["00000/11000"], alignment: .offset(-1)),
    Drawn(pattern: .blockLocal(size: 5), rows: ["11111/11111"], alignment: .end),
    Drawn(pattern: .blockLocal(size: 1), rows: ["100/010", "010/001"], alignment: .offsets([0, 1])),
    Drawn(pattern: .window(left: 1, right: 0), rows: ["1000/1100/0110/0011"]),
    Drawn(pattern: .causal, rows: ["100/110/111"]),
    Drawn(pattern: .dilatedWindow(left: 4, right: 2, dilation: 2), rows: ["101000/010100/101010/010101/101010/010101"]),
    Drawn(pattern: .dilatedWindow(left: -1, right: 0, dilation: 3), rows: ["10010/01001"], alignment: .end),
    Drawn(pattern: .strided(2), rows: ["1010/0101/1010/0101"]),
    Drawn(pattern: .globalTokens(1), rows: ["1111/1000/1000/1000"]),
    Drawn(pattern: .globalTokens(1), rows: ["1000/1000"], alignment: .offset(2)),
    Drawn(pattern: .globalTokens(2), rows: ["11000/11111/11111/11000"], alignment: .offset(-1)),
    Drawn(pattern: .blockSummaries(size: 3, count: 1), rows: ["00100/00100"], alignment: .start),
    Drawn(pattern: .segments([4, 4, 9, 4]), rows: ["1101/1101/0010/1101"]),
    Drawn(pattern: .segments([4, 4, 9]), rows: ["001/000"], alignment: .offset(2)),
    Drawn(pattern: .segments([[0, 0, 1], [0, 1, 1]]), rows: ["110/110/001", "100/011/011"]),
    Drawn(pattern: .segments(queries: [[1, 2]], keys: [[2, 1, 3, 1]]), rows: ["0101/1000", "0101/1000"]),
    Drawn(pattern: .window(left: 0, right: 0) | .globalTokens(1), rows: ["1111/1100/1010/1001"]),
    Drawn(
      pattern: (.window(left: 1, right: 0) | .strided(3)) & .causal, rows: ["10000/11000/01100/10110/01011"]),
    Drawn(
      pattern: (.blockLocal(size: 2) | .blockSummaries(size: 2, count: 1)) & .causal,
      rows: ["1000/1100/0110/0111"]),
    Drawn(pattern: !.blockLocal(size: 2), rows: ["001/001/110"]),
    Drawn(pattern: !(.strided(2) | .causal), rows: ["0101/0010/0001/0000"]),
    Drawn(pattern: .predicate { batch, head, query, key in (query + key) % 2 == batch }, rows: ["101/010", "010/101"]),
  ]

  @Test("Attended places by hand", arguments: Way.all, drawn)
  func attendedPlaces(way: Way, example: Drawn) throws {
    try expectAttended(example.rows, way, mask: .pattern(example.pattern), alignment: example.alignment)
  }

  @Test("Patterns with all else that masks", arguments: Way.all)
  func composed(way: Way) throws {
    let keep = AttentionMask<Double>.keep(try Tensor([true, true, false, true], shape: [4]))
    try expectAttended(
      ["1000/0100/0000/0001"], way, mask: .pattern(.strided(2)) & .causal & .pattern(.blockLocal(size: 2)) & keep)
    try expectAttended(
      ["1100/1100/0000/0000", "1100/1100/0010/0010"], way, mask: .pattern(.blockLocal(size: 2)) & .keyLengths([2, 3]))
    let bias = AttentionMask<Double>.bias(try Tensor([0, -.infinity, 0, 0], shape: [4]))
    try expectAttended(["1010/0001/1010/0001"], way, mask: bias & .pattern(.strided(2)))
  }

  @Test("Needs an alignment where queries stand among keys, and only there")
  func alignment() throws {
    let shape = try AttentionShape(queries: 2, keys: 5, headSize: 3)
    let aligned: [MaskPattern] = [
      .blockLocal(size: 2), .causal, .window(left: 1, right: 1), .dilatedWindow(left: 2, right: 2, dilation: 2),
      .strided(3), .globalTokens(1), .segments([1, 1, 2, 2, 2]), .blockSummaries(size: 2, count: 1) | .causal, !.causal,
    ]
    for pattern in aligned {
      #expect(throws: AttentionError.alignmentNeeded(queries: 2, keys: 5), "\(pattern)") {
        _ = try AttentionPlan<Float>(shape: shape, mask: .pattern(pattern))
      }
    }
    let others: [MaskPattern] = [
      .blockSummaries(size: 2, count: 1), .predicate { _, _, _, key in key > 0 },
      try .predicate(queries: 2, keys: 5) { _, _, _, key in key > 0 },
      .segments(queries: [[1, 1]], keys: [[1, 1, 2, 2, 2]]),
    ]
    for pattern in others { _ = try AttentionPlan<Float>(shape: shape, mask: .pattern(pattern)) }
  }

  @Test("In words")
  func words() throws {
    func expect(_ pattern: MaskPattern, _ words: String) { #expect("\(pattern)" == words) }
    expect(.blockLocal(size: 64), "blockLocal(64)")
    expect(.causal, "causal")
    expect(.window(left: 3, right: -1), "window(left: 3, right: ∞)")
    expect(.dilatedWindow(left: nil, right: 0, dilation: 4), "dilatedWindow(left: ∞, right: 0, dilation: 4)")
    expect(.strided(8), "strided(8)")
    expect(.globalTokens(2), "globalTokens(2)")
    expect(.blockSummaries(size: 8, count: 2), "blockSummaries(2 of 8)")
    expect(.segments([1, 1, 2]), "segments[3]")
    expect(.segments(queries: [[1], [2]], keys: [[1, 1], [2]]), "segments(queries[1, 1], keys[2, 1])")
    expect(.predicate { _, _, _, _ in true }, "predicate")
    expect(try .predicate(heads: 2, queries: 3, keys: 5) { _, _, _, _ in true }, "predicate[1, 2, 3, 5]")
    let local = MaskPattern.blockLocal(size: 4)
    expect(
      (local | .causal) & !.strided(2) | .globalTokens(1), "(blockLocal(4) | causal) & !strided(2) | globalTokens(1)")
    expect(!(local & .causal), "!(blockLocal(4) & causal)")
    #expect(AttentionMask<Float>.pattern(local | .causal).description == "blockLocal(4) | causal")
    #expect(
      (AttentionMask<Float>.pattern(local | .causal) & .causal & .pattern(.strided(2))).description
        == "causal & (blockLocal(4) | causal) & strided(2)")
    #expect(
      (AttentionMask<Float>.pattern(local | .causal) & .causal).description == "causal & (blockLocal(4) | causal)")
  }

  struct Bad: Sendable, CustomTestStringConvertible {
    var pattern: MaskPattern
    var error: AttentionError
    var testDescription: String { "\(error)" }

    init(_ pattern: MaskPattern, _ name: String, _ expected: String, _ actual: String) {
      self.pattern = pattern
      error = .argument(name: name, expected: expected, actual: actual)
    }
  }

  static let bad = [
    Bad(.blockLocal(size: 0), "block size", "1 or more", "0"),
    Bad(.blockLocal(size: -3), "block size", "1 or more", "-3"),
    Bad(.blockLocal(size: .min), "block size", "1 or more", "\(Int.min)"),
    Bad(.window(left: -2, right: 0), "window left", "0 or more, or -1 for unbounded", "-2"),
    Bad(.window(left: 0, right: .min), "window right", "0 or more, or -1 for unbounded", "\(Int.min)"),
    Bad(.dilatedWindow(left: 2, right: 2, dilation: 0), "dilation", "1 or more", "0"),
    Bad(.dilatedWindow(left: 2, right: 2, dilation: -1), "dilation", "1 or more", "-1"),
    Bad(.dilatedWindow(left: 2, right: -5, dilation: 1), "window right", "0 or more, or -1 for unbounded", "-5"),
    Bad(.strided(0), "stride", "1 or more", "0"),
    Bad(.strided(.min), "stride", "1 or more", "\(Int.min)"),
    Bad(.globalTokens(-1), "global tokens", "0 or more", "-1"),
    Bad(.blockSummaries(size: 0, count: 0), "block size", "1 or more", "0"),
    Bad(.blockSummaries(size: 4, count: 5), "block summaries", "0...4", "5"),
    Bad(.blockSummaries(size: 4, count: -1), "block summaries", "0...4", "-1"),
    Bad(.segments([1, 1]), "segment ids of keys", "3 or more", "2"),
    Bad(.segments([[1, 1, 1], [1]]), "segment ids of keys", "3 or more", "1"),
    Bad(.segments([Int]()), "segment ids of keys", "3 or more", "0"),
    Bad(.segments([[Int]]()), "segments", "1 list of ids, or 2, one per batch element", "0"),
    Bad(.segments(queries: [[1, 2]], keys: [[1, 2, 3]]), "segment ids of queries", "3 or more", "2"),
    Bad(
      .segments(queries: [[1, 2, 3]], keys: [[1, 2, 3], [1, 2, 3]]), "segments of keys",
      "1 lists of ids, as of queries",
      "2"),
    Bad(.causal & !(.blockLocal(size: 0) | .causal), "block size", "1 or more", "0"),
  ]

  @Test("Parameters out of range, in the plan and in a call", arguments: Way.all, bad)
  func outOfRange(way: Way, example: Bad) throws {
    let q = try Tensor<Double>(zeros: [2, 1, 3, 5])
    #expect(throws: example.error) {
      _ = try AttentionPlan<Double>(
        shape: AttentionShape(batch: 2, queries: 3, keys: 3, headSize: 5), mask: .pattern(example.pattern),
        options: way.options())
    }
    #expect(throws: example.error) { _ = try way.attend(q, q, q, mask: .pattern(example.pattern)) }
  }

  @Test("Absurd sizes do not overflow", arguments: Way.all)
  func absurdSizes(way: Way) throws {
    for pattern: MaskPattern in [
      .blockLocal(size: .max), .window(left: .max, right: .max),
      .dilatedWindow(left: .max, right: .max, dilation: .max),
      .strided(.max), .globalTokens(.max), .blockSummaries(size: .max, count: .max),
    ] {
      for offset in [-(1 << 40) + 1, -1, 0, (1 << 40) - 1] {
        let q = try Tensor<Double>(repeating: 1, shape: [1, 1, 3, 2])
        let result = try way.attend(q, q, q, mask: .pattern(pattern), alignment: .offset(offset))
        #expect(result.output.elements.allSatisfy { $0 == 0 || abs($0 - 1) < 1e-6 }, "\(pattern)")
      }
    }
  }
}
