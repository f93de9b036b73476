import Attention
import Testing

@Suite("Softcap")
struct SoftcapOrderTests {
  @Test("14: before the mask, so that a masked weight is exactly 0", arguments: Way.all)
  func maskedWeightIsZero(way: Way) throws {
    let (q, k, v) = (
      try numbers([1, 2, 3, 5]), try numbers([1, 2, 4, 5], seed: 2), try numbers([1, 2, 4, 2], seed: 3)
    )
    let keep = try Tensor([true, false, true, true], shape: [4])
    let bias = try Tensor<Double>([0, 0, 0, -.infinity], shape: [4])
    for details in [AttentionDetailSet.weights, .all] {
      let outcome = try way.attend(
        q, k, v, mask: .keep(keep) & .bias(bias), softcap: 0.5, details: details)
      for (index, weight) in try #require(outcome.weights).elements.enumerated() {
        #expect((weight == 0) == (index % 4 == 1 || index % 4 == 3), "weight \(index) is \(weight)")
      }
    }
  }

  @Test("14: c·tanh(score/c), by hand, then the bias", arguments: Way.all)
  func byHand(way: Way) throws {
    // Scores 2·tanh(1) and 0 with c = 2, and a bias that the cap does not reach.
    let (q, k) = (try Tensor<Double>([1], shape: [1, 1, 1, 1]), try Tensor<Double>([2, 0], shape: [1, 1, 2, 1]))
    let v = try Tensor<Double>([1, 0], shape: [1, 1, 2, 1])
    let capped = try way.attend(q, k, v, scale: 1, softcap: 2, details: .all)
    expectClose(capped.rawScores, [2, 0], way, "raw scores")
    expectClose(capped.cappedScores, [1.5231883119115297, 0], way, "capped scores")
    expectClose(capped.output, [0.8210074960059999], way)
    let bias = try Tensor<Double>([100, 0], shape: [2])
    let biased = try way.attend(q, k, v, mask: .bias(bias), scale: 1, softcap: 2, details: [.maskedScores])
    expectClose(biased.maskedScores, [101.52318831191153, 0], way, "masked scores")
    expectClose(biased.output, [1], way)
    expectClose(try way.attend(q, k, v, scale: 1, softcap: 2).output, [0.8210074960059999], way, "output alone")
  }

  @Test("14: nil and 0 cap nothing; scores far above the cap become it", arguments: Way.all)
  func limits(way: Way) throws {
    let (q, k) = (
      try Tensor<Double>([1], shape: [1, 1, 1, 1]), try Tensor<Double>([9000, -9000], shape: [1, 1, 2, 1])
    )
    let v = try Tensor<Double>([1, 0], shape: [1, 1, 2, 1])
    for softcap in [nil, 0.0] {
      let outcome = try way.attend(q, k, v, scale: 1, softcap: softcap, details: [.cappedScores, .logSumExp])
      #expect(outcome.cappedScores?.elements == [9000, -9000])
      #expect(outcome.output.elements == [1] && outcome.logSumExp?.elements == [9000])
    }
    let outcome = try way.attend(q, k, v, scale: 1, softcap: 0.5, details: [.cappedScores])
    expectClose(outcome.cappedScores, [0.5, -0.5], way, "capped scores")
    expectClose(outcome.output, [0.7310585786300049], way)
  }
}
