import Support
import Testing

@testable import Attention

/// Patterns on every path, in Float and Double, against the oracle, beside the edges of tiles.
@Suite struct PatternPathTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var pattern: PatternCase
    var queries: Int
    var keys: Int
    var offset: Int
    var heads = (1, 1)
    var isCausal = false
    var seed: UInt64 = 1
    var testDescription: String {
      "\(pattern.pattern)\(isCausal ? " & causal" : ""), L \(queries), S \(keys), offset \(offset), H, G \(heads)"
    }
  }

  private static let patterns: [PatternCase] = [
    .blockLocal(100), .blockLocal(512), .window(300, 40), .window(700, nil, 3), .strided(7), .globalTokens(5),
    .summaries(64, 3), .segments((0..<3000).map { $0 / 333 % 4 }), .window(30, 30) | .globalTokens(3),
    .strided(128) | .window(127, 0), !.blockLocal(512), .blockLocal(256) & .strided(2),
  ]

  /// Sizes beside the edges of tiles (192 and 256 rows, 512 keys), each with patterns in turn.
  static let cases: [Case] = {
    var cases: [Case] = []
    let sizes = [
      (255, 513), (256, 512), (257, 511), (191, 1025), (193, 1023), (3, 1537), (1, 511), (2, 2049), (513, 67),
    ]
    for (index, pattern) in patterns.enumerated() {
      for step in 0..<3 {
        let (queries, keys) = sizes[(index + 4 * step) % sizes.count]
        cases.append(
          Case(
            pattern: pattern, queries: queries, keys: keys, offset: [0, keys - queries, 37, -50][(index + step) % 4],
            heads: queries < 10 ? (4, 2) : (1, 1), isCausal: step == 2, seed: UInt64(1 + index * 3 + step)))
      }
    }
    return cases
  }()

  @Test(arguments: cases) func oracle(_ example: Case) throws {
    try check(example, as: Float.self)
    try check(example, as: Double.self)
  }

  private func check<Scalar: BLASScalar>(_ example: Case, as type: Scalar.Type) throws {
    var random = SeededGenerator(seed: example.seed)
    let (h, g) = example.heads
    let (d, dv) = (3, 2)
    let queries: Tensor<Scalar> = try random.normal([1, h, example.queries, d])
    let keys: Tensor<Scalar> = try random.normal([1, g, example.keys, d])
    let values: Tensor<Scalar> = try random.normal([1, g, example.keys, dv])
    var oracle = AttentionOracle()
    (oracle.heads, oracle.keyValueHeads, oracle.queryCount, oracle.keyCount) = (h, g, example.queries, example.keys)
    (oracle.headSize, oracle.valueHeadSize) = (d, dv)
    (oracle.queries, oracle.keys, oracle.values) = (queries.doubles, keys.doubles, values.doubles)
    oracle.isAttended = { _, _, query, key in
      let place = example.offset + query
      return example.pattern.attends(place, key) && (!example.isCausal || key <= place)
    }
    let exact = oracle.solve()
    let naive = Scalar.self == Float.self ? oracle.solve(.float) : nil
    func bound(_ member: KeyPath<AttentionOracle.Answer, [Double]>, _ least: Double) -> Double {
      guard let naive else { return ErrorBound.double(oracle.values, least: least) }
      return ErrorBound.float(naive: naive[keyPath: member], exact: exact[keyPath: member])
    }
    let mask = AttentionMask<Scalar>.pattern(example.pattern.pattern) & (example.isCausal ? .causal : .none)
    for path in [AttentionPath.blas, .tiled] {
      for (details, workers): (AttentionDetailSet, Int) in [([.logSumExp], 1), ([.weights, .maskedScores], 2)] {
        let result = try scaledDotProductAttention(
          queries: queries, keys: keys, values: values, mask: mask,
          options: AttentionOptions(alignment: .offset(example.offset), details: details, path: path, workers: workers))
        let name = "\(Scalar.self) \(path) details \(details.rawValue)"
        let rows = [1, h, example.queries]
        let output = Comparison(result.output, exact.output, shape: rows + [dv], absolute: bound(\.output, 0))
        #expect(output.isWithin, "\(name): output: \(output)")
        if details.contains(.logSumExp) {
          let sums = Comparison(result.logSumExp, exact.logSumExp, shape: rows, absolute: bound(\.logSumExp, 1))
          #expect(sums.isWithin, "\(name): log-sum-exp: \(sums)")
        } else {
          let weights = Comparison(
            result.weights, exact.weights, shape: rows + [example.keys], absolute: bound(\.weights, 1))
          #expect(weights.isWithin, "\(name): weights: \(weights)")
          let scores = Comparison(
            result.details.maskedScores, exact.maskedScores, shape: rows + [example.keys],
            absolute: bound(\.maskedScores, 1))
          #expect(scores.isWithin, "\(name): masked scores: \(scores)")
        }
      }
    }
  }

  @Test("A predicate and a pattern of a causal mask or a window are that mask", arguments: Way.all)
  func identities(way: Way) throws {
    let q = try numbers([2, 2, 40, 3])
    let (k, v) = (try numbers([2, 1, 61, 3], seed: 2), try numbers([2, 1, 61, 2], seed: 3))
    let causal = try way.attend(q, k, v, mask: .causal, alignment: .offset(9), details: .all)
    let window = try way.attend(q, k, v, mask: .window(left: 7, right: 2), alignment: .offset(9), details: .all)
    func expect(_ pattern: MaskPattern, _ expected: Outcome) throws {
      let result = try way.attend(q, k, v, mask: .pattern(pattern), alignment: .offset(9), details: .all)
      expectClose(result.output, expected.output.elements, way, "\(pattern): output")
      for (mine, other) in [
        (result.rawScores, expected.rawScores), (result.maskedScores, expected.maskedScores),
        (result.weights, expected.weights), (result.logSumExp, expected.logSumExp),
      ] { expectClose(mine, try #require(other).elements, way, "\(pattern)") }
    }
    try expect(.causal, causal)
    try expect(.predicate { _, _, query, key in key <= query + 9 }, causal)
    try expect(try .predicate(queries: 40, keys: 61) { _, _, query, key in key <= query + 9 }, causal)
    try expect(!(!.causal), causal)
    try expect(.window(left: 7, right: 2), window)
    try expect(.dilatedWindow(left: 7, right: 2, dilation: 1), window)
    try expect(.predicate { _, _, query, key in key >= query + 2 && key <= query + 11 }, window)
  }

  @Test("Two workers give bitwise what one gives", arguments: [AttentionPath.blas, .tiled])
  func workers(path: AttentionPath) throws {
    var random = SeededGenerator(seed: 3)
    let x: Tensor<Float> = try random.normal([1, 2, 600, 8])
    let mask = AttentionMask<Float>.pattern(.blockLocal(size: 100) | .globalTokens(2))
    func run(_ workers: Int) throws -> Tensor<Float> {
      try scaledDotProductAttention(queries: x, keys: x, values: x, mask: mask, path: path, workers: workers)
    }
    #expect(try run(1).isBitwiseEqual(to: run(2)))
  }
}
