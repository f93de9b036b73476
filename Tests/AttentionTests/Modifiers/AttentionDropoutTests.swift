import Attention
import Testing

@Suite("23: dropout")
struct AttentionDropoutTests {
  /// More rows and keys than one tile has, not in whole steps.
  private let shape = (b: 1, h: 2, g: 1, l: 131, s: 519, d: 3, dv: 1)

  private func operands() throws -> (q: Tensor<Double>, k: Tensor<Double>, v: Tensor<Double>) {
    (
      try numbers([shape.b, shape.h, shape.l, shape.d]), try numbers([shape.b, shape.g, shape.s, shape.d], seed: 2),
      try numbers([shape.b, shape.g, shape.s, shape.dv], seed: 3)
    )
  }

  @Test("Survivors are weights divided by 1 − p, the output is their product with V", arguments: Way.all)
  func survivors(way: Way) throws {
    let (q, k, v) = try operands()
    let dropout = AttentionDropout(probability: 0.25, seed: 11)
    let full = try #require(try way.attend(q, k, v, mask: .causal, alignment: .end, details: [.weights]).weights)
    let actual = try way.attend(q, k, v, mask: .causal, alignment: .end, details: [.weights], dropout: dropout)
    let weights = try #require(actual.weights).elements
    var expected: [Double] = []
    for (dropped, weight) in zip(weights, full.elements) { expected.append(dropped == 0 ? 0 : weight / 0.75) }
    expectClose(actual.weights, expected, way, "weights")
    // P·V with the weights that were given.
    let (values, group) = (v.elements, shape.h / shape.g)
    var output: [Double] = []
    for b in 0..<shape.b {
      for h in 0..<shape.h {
        for i in 0..<shape.l {
          let row = ((b * shape.h + h) * shape.l + i) * shape.s
          for e in 0..<shape.dv {
            var sum = 0.0
            for j in 0..<shape.s {
              sum += weights[row + j] * values[((b * shape.g + h / group) * shape.s + j) * shape.dv + e]
            }
            output.append(sum)
          }
        }
      }
    }
    expectClose(actual.output, output, way)
    let alone = try way.attend(q, k, v, mask: .causal, alignment: .end, dropout: dropout)
    expectClose(alone.output, output, way, "output alone")
  }

  @Test("Every path and number of workers drops the same weights, in about p of the places")
  func samePlaces() throws {
    let (q, k, v) = try operands()
    let dropout = AttentionDropout(probability: 0.3, seed: 0xDEAD_BEEF_0000_0007)
    var first: [Bool]?
    for way in Way.all {
      let weights = try #require(try way.attend(q, k, v, details: [.weights], dropout: dropout).weights).elements
      let dropped = weights.map { $0 == 0 }
      if let first { #expect(dropped == first, "\(way)") } else { first = dropped }
    }
    let dropped = try #require(first)
    let part = Double(dropped.count { $0 }) / Double(dropped.count)
    // Five standard deviations of a binomial part.
    let deviation = (0.3 * 0.7 / Double(dropped.count)).squareRoot()
    #expect(abs(part - 0.3) < 5 * deviation, "dropped \(part)")
  }

  @Test("Batch elements, heads, rows, keys and seeds draw apart")
  func independence() throws {
    let (b, h, l, s) = (2, 2, 64, 64)
    let (q, k) = (try Tensor<Double>(zeros: [b, h, l, 1]), try Tensor<Double>(zeros: [b, h, s, 1]))
    func dropped(seed: UInt64) throws -> [Bool] {
      let dropout = AttentionDropout(probability: 0.5, seed: seed)
      let way = Way(path: .tiled, element: .float, workers: 1)
      let outcome = try way.attend(q, k, k, details: [.weights], dropout: dropout)
      return try #require(outcome.weights).elements.map { $0 == 0 }
    }
    let one = try dropped(seed: 1)
    func agreement(_ left: some Sequence<Bool>, _ right: some Sequence<Bool>) -> Double {
      let same = zip(left, right).map { $0 == $1 }
      return Double(same.count { $0 }) / Double(same.count)
    }
    let head = l * s
    // 4096 coins or more agree in half of the places, within five standard deviations.
    for (name, part) in [
      ("seed", agreement(one, try dropped(seed: 2))), ("high seed", agreement(one, try dropped(seed: 1 | 1 << 40))),
      ("head", agreement(one[..<head], one[head..<(2 * head)])),
      ("batch", agreement(one[..<(2 * head)], one[(2 * head)...])),
      ("row", agreement(one[..<(head - s)], one[s..<head])), ("key", agreement(one[..<(head - 1)], one[1..<head])),
    ] {
      #expect(abs(part - 0.5) < 5 * 0.5 / 64, "\(name): \(part)")
    }
  }

  @Test("p = 0 is none, bitwise; p = 1 leaves 0", arguments: Way.complete)
  func limits(way: Way) throws {
    let (q, k, v) = try operands()
    let without = try way.attend(q, k, v, details: [.logSumExp])
    let none = try way.attend(
      q, k, v, details: [.logSumExp], dropout: AttentionDropout(probability: 0, seed: 5))
    #expect(isBitwiseEqual(none.output, without.output) && isBitwiseEqual(none.logSumExp, without.logSumExp))
    let all = try way.attend(
      q, k, v, details: [.logSumExp, .weights], dropout: AttentionDropout(probability: 1, seed: 5))
    #expect(all.output.elements.allSatisfy { $0 == 0 })
    #expect(try #require(all.weights).elements.allSatisfy { $0 == 0 })
    // The denominator is that of all weights.
    expectClose(all.logSumExp, try #require(without.logSumExp).elements, way, "log-sum-exp")
  }

  @Test("The mean over many seeds is the output without dropout")
  func unbiased() throws {
    let (q, k, v) = (
      try numbers([1, 1, 3, 4]), try numbers([1, 1, 9, 4], seed: 2), try numbers([1, 1, 9, 1], seed: 3)
    )
    let way = Way(path: .tiled, element: .double, workers: 1)
    let expected = try way.attend(q, k, v).output.elements
    var sums = [0.0, 0, 0]
    let count = 1000
    for seed in 0..<count {
      let output = try way.attend(
        q, k, v, dropout: AttentionDropout(probability: 0.5, seed: UInt64(seed))
      ).output.elements
      for row in 0..<3 { sums[row] += output[row] }
    }
    // A weight's variance is w²·p/(1 − p), at most; values are below 2 and weights sum to 1: deviation below 2/√1000.
    for row in 0..<3 { #expect(abs(sums[row] / Double(count) - expected[row]) < 5 * 2 / Double(count).squareRoot()) }
  }

  @Test("A probability outside 0…1", arguments: [-0.1, 1.5, .nan, .infinity])
  func wrongProbability(probability: Double) throws {
    let shape = try AttentionShape(queries: 2, keys: 2, headSize: 4)
    #expect(throws: AttentionError.argument(name: "dropout probability", expected: "0...1", actual: "\(probability)")) {
      try AttentionPlan<Float>(
        shape: shape, modifiers: AttentionModifiers(dropout: AttentionDropout(probability: probability, seed: 1)))
    }
  }
}
