import Attention
import Testing

@Suite("Stages of the score matrix")
struct ScoreStageTests {
  @Test("18: by hand", arguments: Way.all)
  func byHand(way: Way) throws {
    // Scale ½: raw scores 1, 2 / 3, 4; cap 2; a bias of 1 on key 0; causal.
    let q = try Tensor<Double>([2, 0, 0, 2], shape: [1, 1, 2, 2])
    let k = try Tensor<Double>([1, 3, 2, 4], shape: [1, 1, 2, 2])
    let v = try Tensor<Double>([1, 0], shape: [1, 1, 2, 1])
    let bias = try Tensor<Double>([1, 0], shape: [2])
    let outcome = try way.attend(
      q, k, v, mask: .causal & .bias(bias), scale: 0.5, softcap: 2, details: .all)
    expectClose(outcome.rawScores, [1, 2, 3, 4], way, "raw scores")
    expectClose(
      outcome.cappedScores, [0.9242343145200195, 1.5231883119115297, 1.8102965072897328, 1.9280551601516338], way,
      "capped scores")
    expectClose(
      outcome.maskedScores, [1.9242343145200196, -.infinity, 2.810296507289733, 1.9280551601516338], way,
      "masked scores")
    expectClose(outcome.weights, [1, 0, 0.7072864678871533, 0.29271353211284673], way, "weights")
    expectClose(outcome.logSumExp, [1.9242343145200196, 3.1566160144825726], way, "log-sum-exp")
    expectClose(outcome.output, [1, 0.7072864678871533], way)
  }

  @Test("18: every set of stages gives the same numbers", arguments: Way.all)
  func everySet(way: Way) throws {
    let (q, k, v) = (
      try numbers([2, 4, 3, 5]), try numbers([2, 2, 7, 5], seed: 2), try numbers([2, 2, 7, 2], seed: 3)
    )
    let (keep, bias) = (try coins([2, 1, 3, 7], seed: 4), try numbers([4, 1, 7], seed: 5))
    let (kept, added) = (keep.elements, bias.elements)
    var oracle = DoubleOracle(q, k, v)
    oracle.softcap = 1.5
    oracle.bias = { _, h, _, j in added[h * 7 + j] }
    oracle.attends = { b, _, i, j in j <= i + 2 && kept[(b * 3 + i) * 7 + j] }
    let expected = oracle.computed()
    let mask = AttentionMask<Double>.causal & .keep(keep) & .bias(bias)
    for bits in 0..<32 {
      let details = AttentionDetailSet(rawValue: bits)
      let outcome = try way.attend(q, k, v, mask: mask, softcap: 1.5, alignment: .offset(2), details: details)
      expectClose(outcome.output, expected.output, way)
      for (detail, actual, numbers, name) in [
        (AttentionDetailSet.rawScores, outcome.rawScores, expected.raw, "raw scores"),
        (.cappedScores, outcome.cappedScores, expected.capped, "capped scores"),
        (.maskedScores, outcome.maskedScores, expected.masked, "masked scores"),
        (.weights, outcome.weights, expected.weights, "weights"),
        (.logSumExp, outcome.logSumExp, expected.logSumExp, "log-sum-exp"),
      ] {
        #expect((actual != nil) == details.contains(detail), "\(name) with details \(bits)")
        if actual != nil { expectClose(actual, numbers, way, "\(name) with details \(bits)") }
      }
    }
  }

  @Test("18: stages 0 and 1 at masked places, 2 is −∞ and 3 is 0 there", arguments: Way.all)
  func maskedPlaces(way: Way) throws {
    let (q, k, v) = (
      try numbers([1, 2, 3, 5]), try numbers([1, 2, 4, 5], seed: 2), try numbers([1, 2, 4, 2], seed: 3)
    )
    let expected = DoubleOracle(q, k, v).computed().raw
    let masks: [(AttentionMask<Double>, QueryAlignment)] = [
      (.causal, .offset(-9)), (.causal, .offset(0)), (.keyLengths([0]), .start), (.keyLengths([2]), .start),
      (.window(left: 0, right: 0), .offset(1)), (.keep(try Tensor(zeros: [4])), .start),
      (.bias(try Tensor(repeating: -.infinity, shape: [3, 1])), .start),
    ]
    for (mask, alignment) in masks {
      let outcome = try way.attend(q, k, v, mask: mask, alignment: alignment, details: .all)
      expectClose(outcome.rawScores, expected, way, "raw scores, \(mask)")
      expectClose(outcome.cappedScores, expected, way, "capped scores, \(mask)")
      let (masked, weights) = (try #require(outcome.maskedScores).elements, try #require(outcome.weights).elements)
      for index in masked.indices {
        #expect((masked[index] == -.infinity) == (weights[index] == 0), "\(mask) at \(index)")
      }
      #expect(masked.contains(-.infinity))
    }
  }

  @Test("18: over several tiles of keys, where whole tiles are masked", arguments: Way.all)
  func overTiles(way: Way) throws {
    // Two queries over 1100 keys: tiles before, at and after what is attended.
    let keys = 1100
    let (q, k, v) = (
      try numbers([1, 1, 2, 2]), try numbers([1, 1, keys, 2], seed: 2), try numbers([1, 1, keys, 1], seed: 3)
    )
    var oracle = DoubleOracle(q, k, v)
    oracle.attends = { _, _, i, j in j >= 600 + i - 40 && j <= 600 + i + 3 }
    let expected = oracle.computed()
    let mask = AttentionMask<Double>.window(left: 40, right: 3)
    for details in [AttentionDetailSet.all, .weights, .maskedScores, [.rawScores, .weights]] {
      let outcome = try way.attend(q, k, v, mask: mask, alignment: .offset(600), details: details)
      expectClose(outcome.output, expected.output, way)
      if details.contains(.rawScores) { expectClose(outcome.rawScores, expected.raw, way, "raw scores") }
      if details.contains(.maskedScores) { expectClose(outcome.maskedScores, expected.masked, way, "masked scores") }
      if details.contains(.weights) { expectClose(outcome.weights, expected.weights, way, "weights") }
    }
  }
}
