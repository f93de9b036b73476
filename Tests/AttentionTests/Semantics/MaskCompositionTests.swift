import Attention
import Testing

@Suite("Masks together")
struct MaskCompositionTests {
  @Test("6: causal and keep intersect", arguments: Way.all)
  func causalAndKeep(way: Way) throws {
    let keep = AttentionMask<Double>.keep(try Tensor([true, false, true], shape: [3]))
    try expectAttended(["100/100/101"], way, mask: .causal & keep)
    try expectAttended(["100/100/101"], way, mask: keep & .causal)
  }

  @Test("6: a bias adds under a causal mask, by hand", arguments: Way.all)
  func causalAndBias(way: Way) throws {
    // Row 0 attends key 0 alone whatever the bias; row 1 weighs keys 0 and 1 as 1 : 3.
    let bias = try Tensor([0, 50, 50, 0, 1.0986122886681098, 50, 0, 0, 0], shape: [3, 3])
    let v = try Tensor<Double>([4, 8, 12], shape: [1, 1, 3, 1])
    let outcome = try way.attend(
      Tensor(zeros: [1, 1, 3, 2]), numbers([1, 1, 3, 2]), v, mask: .causal & .bias(bias), details: [.maskedScores])
    expectClose(outcome.output, [4, 7, 8], way)
    let low = -Double.infinity
    expectClose(
      outcome.maskedScores, [0, low, low, 0, 1.0986122886681098, low, 0, 0, 0], way, "masked scores")
  }

  @Test("6: two keeps intersect, two biases add, of different ranks", arguments: Way.all)
  func severalOfAKind(way: Way) throws {
    let first = AttentionMask<Double>.keep(try Tensor([true, false, true], shape: [3]))
    let second = AttentionMask<Double>.keep(try Tensor([true, true, false, false, true, true], shape: [2, 1, 1, 3]))
    try expectAttended(["100/100", "001/001"], way, mask: first & second)
    let masking = AttentionMask<Double>.bias(try Tensor([0, -.infinity], shape: [2, 1]))
    let other = AttentionMask<Double>.bias(try Tensor([-.infinity, 0, 0], shape: [3]))
    try expectAttended(["011/000", "011/000"], way, mask: masking & other)
    // 0.25 + 0.75 = 1 above the other key: weights e : 1.
    let sum =
      AttentionMask<Double>.bias(try Tensor([0.25, 0], shape: [2]))
      & .bias(try Tensor([0.75, 0], shape: [1, 1, 1, 2]))
    let outcome = try way.attend(
      Tensor(zeros: [1, 1, 1, 1]), Tensor(zeros: [1, 1, 2, 1]), Tensor([1, 0], shape: [1, 1, 2, 1]), mask: sum)
    expectClose(outcome.output, [0.7310585786300049], way)
  }

  @Test("6: −∞ of one bias masks whatever another holds", arguments: Way.all, [Double.infinity, .nan, 1e30])
  func infiniteBiasMasks(way: Way, other: Double) throws {
    let masking = AttentionMask<Double>.bias(try Tensor([0, -.infinity, 0], shape: [3]))
    let added = AttentionMask<Double>.bias(try Tensor([0, other, 0], shape: [3]))
    try expectAttended(["101/101"], way, mask: masking & added)
    try expectAttended(["101/101"], way, mask: added & masking)
  }

  @Test("6: everything at once", arguments: Way.all)
  func everythingAtOnce(way: Way) throws {
    let (q, k, v) = (
      try numbers([2, 6, 5, 3]), try numbers([2, 2, 11, 3], seed: 2), try numbers([2, 2, 11, 7], seed: 3)
    )
    let (keep, bias) = (try coins([2, 1, 5, 11]), try numbers([6, 5, 11], seed: 4))
    let (kept, added) = (keep.elements, bias.elements)
    let lengths = [9, 11]
    var oracle = DoubleOracle(q, k, v)
    oracle.scale = 0.5
    oracle.softcap = 3
    oracle.bias = { _, h, i, j in added[(h * 5 + i) * 11 + j] }
    oracle.attends = { b, _, i, j in
      let place = lengths[b] - 5 + i
      return j < lengths[b] && j <= place && j >= place - 4 && kept[(b * 5 + i) * 11 + j]
    }
    let expected = oracle.computed()
    let mask =
      AttentionMask<Double>.causal & .window(left: 4, right: 2) & .keyLengths(lengths) & .keep(keep) & .bias(bias)
    for details in [AttentionDetailSet(), .logSumExp, .weights, .all] {
      let outcome = try way.attend(
        q, k, v, mask: mask, scale: 0.5, softcap: 3, alignment: .end, details: details)
      expectClose(outcome.output, expected.output, way)
      if details.contains(.weights) { expectClose(outcome.weights, expected.weights, way, "weights") }
      if details.contains(.logSumExp) { expectClose(outcome.logSumExp, expected.logSumExp, way, "log-sum-exp") }
      if details.contains(.maskedScores) { expectClose(outcome.maskedScores, expected.masked, way, "masked scores") }
    }
  }
}
