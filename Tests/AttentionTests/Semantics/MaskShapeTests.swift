import Attention
import Testing

@Suite("Mask shapes")
struct MaskShapeTests {
  /// Broadcastable to [2, 3, 5, 7], right-aligned: rank 3 is (heads, queries, keys).
  static let shapes: [[Int]] = [
    [7], [1], [5, 7], [1, 7], [5, 1], [1, 1], [3, 5, 7], [3, 1, 7], [3, 5, 1], [1, 5, 7], [3, 1, 1], [2, 1, 5, 7],
    [1, 3, 5, 7], [2, 3, 5, 7], [2, 1, 1, 7], [2, 3, 1, 1], [2, 1, 5, 1], [1, 1, 1, 1], [1, 3, 1, 7],
  ]

  /// The flat index of a broadcast mask's element for a place of [2, 3, 5, 7].
  private static func index(_ shape: [Int], _ place: [Int]) -> Int {
    var index = 0
    for (size, coordinate) in zip(shape, place.suffix(shape.count)) {
      index = index * size + (size == 1 ? 0 : coordinate)
    }
    return index
  }

  private static func problem() throws -> DoubleOracle {
    DoubleOracle(
      try numbers([2, 3, 5, 2]), try numbers([2, 3, 7, 2], seed: 2), try numbers([2, 3, 7, 3], seed: 3))
  }

  @Test("16: a keep mask of every rank and broadcast", arguments: Way.all, shapes)
  func keep(way: Way, shape: [Int]) throws {
    var oracle = try Self.problem()
    let keep = try coins(shape, seed: 5)
    let kept = keep.elements
    oracle.attends = { b, h, i, j in kept[Self.index(shape, [b, h, i, j])] }
    let expected = oracle.computed()
    let (q, k, v) = (oracle.queries, oracle.keys, oracle.values)
    expectClose(try way.attend(q, k, v, mask: .keep(keep)).output, expected.output, way)
    let outcome = try way.attend(q, k, v, mask: .keep(keep), details: [.weights, .maskedScores])
    expectClose(outcome.weights, expected.weights, way, "weights")
    expectClose(outcome.maskedScores, expected.masked, way, "masked scores")
  }

  @Test("16: a bias of every rank and broadcast", arguments: Way.all, shapes)
  func bias(way: Way, shape: [Int]) throws {
    var oracle = try Self.problem()
    let bias = try numbers(shape, seed: 5).map { $0 > 1.2 ? -.infinity : $0 }
    let added = bias.elements
    oracle.bias = { b, h, i, j in added[Self.index(shape, [b, h, i, j])] }
    let expected = oracle.computed()
    let (q, k, v) = (oracle.queries, oracle.keys, oracle.values)
    expectClose(try way.attend(q, k, v, mask: .bias(bias)).output, expected.output, way)
    let outcome = try way.attend(q, k, v, mask: .bias(bias), details: [.weights, .maskedScores])
    expectClose(outcome.weights, expected.weights, way, "weights")
    expectClose(outcome.maskedScores, expected.masked, way, "masked scores")
  }

  /// Short last dimensions, other sizes, other ranks.
  static let misfits: [[Int]] = [
    [6], [8], [2], [0], [5], [5, 6], [4, 7], [0, 7], [7, 5], [2, 5, 7], [6, 5, 7], [3, 5, 6], [3, 3, 5, 7],
    [2, 2, 5, 7],
    [3, 2, 5, 7], [2, 3, 5, 6],
  ]

  @Test("16: a mask that does not broadcast, or is short, is an error", arguments: Way.all, misfits)
  func misfit(way: Way, shape: [Int]) throws {
    let oracle = try Self.problem()
    let (keep, bias) = (try Tensor<Bool>(zeros: shape), try Tensor<Double>(zeros: shape))
    for (mask, name) in [(AttentionMask<Double>.keep(keep), "keep mask"), (.bias(bias), "bias")] {
      #expect(throws: AttentionError.maskShape(name: name, shape: shape, expected: [2, 3, 5, 7])) {
        try way.attend(oracle.queries, oracle.keys, oracle.values, mask: mask)
      }
      // Beside one that fits, too.
      #expect(throws: AttentionError.maskShape(name: name, shape: shape, expected: [2, 3, 5, 7])) {
        try way.attend(
          oracle.queries, oracle.keys, oracle.values,
          mask: .keep(Tensor(repeating: true, shape: [7])) & .bias(Tensor(zeros: [7])) & mask)
      }
    }
  }

  @Test("16: ranks 0 and 5 are errors", arguments: Way.all, [[], [1, 2, 3, 5, 7]])
  func wrongRank(way: Way, shape: [Int]) throws {
    let oracle = try Self.problem()
    #expect(throws: AttentionError.rank(name: "keep mask", expected: "1, 2, 3 or 4", shape: shape)) {
      try way.attend(oracle.queries, oracle.keys, oracle.values, mask: .keep(Tensor(zeros: shape)))
    }
    #expect(throws: AttentionError.rank(name: "bias", expected: "1, 2, 3 or 4", shape: shape)) {
      try way.attend(oracle.queries, oracle.keys, oracle.values, mask: .bias(Tensor(zeros: shape)))
    }
  }

  @Test("16: a 1 where all keys are one key", arguments: Way.all)
  func oneKey(way: Way) throws {
    try expectAttended(
      ["1/0", "0/0"], way, mask: .keep(try Tensor([true, false, false, false], shape: [2, 1, 2, 1])))
  }

  @Test("16: masks of every row over several tiles and blocks", arguments: Way.all)
  func manyTiles(way: Way) throws {
    // 270 queries, 520 keys: query i keeps the keys i and i + 200, whose values are their places.
    let (queries, keys) = (270, 520)
    var kept = [Bool](repeating: false, count: queries * keys)
    var added = [Double](repeating: -.infinity, count: queries * keys)
    for query in 0..<queries {
      for key in [query, query + 200] {
        kept[query * keys + key] = true
        added[query * keys + key] = 0
      }
    }
    let v = try Tensor((0..<keys).map { Double($0) }, shape: [1, 1, keys, 1])
    let (q, k) = (try Tensor<Double>(zeros: [1, 1, queries, 1]), try Tensor<Double>(zeros: [1, 1, keys, 1]))
    let means = (0..<queries).map { Double($0) + 100 }
    let shape = [1, queries, keys]
    expectClose(try way.attend(q, k, v, mask: .keep(Tensor(kept, shape: shape))).output, means, way)
    expectClose(try way.attend(q, k, v, mask: .bias(Tensor(added, shape: shape))).output, means, way, "with a bias")
  }
}
