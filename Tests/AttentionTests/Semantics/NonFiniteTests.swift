import Attention
import Testing

@Suite("NaN and infinities")
struct NonFiniteTests {
  @Test("12: NaN in a query makes its row NaN and no other", arguments: Way.all, [0, 3, 6])
  func nanInQuery(way: Way, row: Int) throws {
    let (k, v) = (try numbers([2, 1, 5, 3], seed: 2), try numbers([2, 1, 5, 2], seed: 3))
    let clean = try numbers([2, 2, 7, 3])
    var spoiled = clean
    spoiled[1, 0, row, 1] = .nan
    for mask in [AttentionMask<Double>.none, .causal] {
      for details in [AttentionDetailSet(), [.logSumExp], .all] {
        let expected = try way.attend(clean, k, v, mask: mask, alignment: .start, details: details)
        let actual = try way.attend(spoiled, k, v, mask: mask, alignment: .start, details: details)
        var output = expected.output
        for e in 0..<2 { output[1, 0, row, e] = .nan }
        #expect(isNaNEqual(actual.output, output))
        if var logSumExp = expected.logSumExp {
          logSumExp[1, 0, row] = .nan
          #expect(isNaNEqual(actual.logSumExp, logSumExp))
        }
        if var weights = expected.weights, var scores = expected.maskedScores {
          for j in 0..<5 where mask.isCausal == false || j <= row {
            weights[1, 0, row, j] = .nan
            scores[1, 0, row, j] = .nan
          }
          // Masked places of a NaN row stay 0 and −∞.
          #expect(isNaNEqual(actual.weights, weights), "weights of row \(row), \(mask)")
          #expect(isNaNEqual(actual.maskedScores, scores), "scores of row \(row), \(mask)")
        }
      }
    }
  }

  /// Equal bits, any NaN equal to any other.
  private func isNaNEqual(_ left: Tensor<Double>?, _ right: Tensor<Double>?) -> Bool {
    guard let left, let right, left.shape == right.shape else { return false }
    return zip(left.elements, right.elements).allSatisfy { ($0.isNaN && $1.isNaN) || $0.bitPattern == $1.bitPattern }
  }

  @Test("12: masked places of a NaN row stay 0 and −∞ by every kind of mask", arguments: Way.all)
  func maskedPlacesOfNaNRow(way: Way) throws {
    let q = try Tensor<Double>([.nan, 1], shape: [1, 1, 2, 1])
    let k = try Tensor<Double>([1, 2, 3], shape: [1, 1, 3, 1])
    let masks: [AttentionMask<Double>] = [
      .keep(try Tensor([true, false, true], shape: [3])), .bias(try Tensor([0, -.infinity, 0], shape: [3])),
    ]
    for mask in masks {
      for details in [AttentionDetailSet.weights, .all] {
        let outcome = try way.attend(q, k, k, mask: mask, scale: 1, details: details)
        let weights = try #require(outcome.weights).elements
        #expect(weights[0].isNaN && weights[1] == 0 && weights[2].isNaN, "\(mask) \(weights)")
        expectClose(try outcome.weights?.sliced(axis: 2, 1..<2), [0.11920292202211755, 0, 0.8807970779778823], way)
        #expect(outcome.output.elements[0].isNaN)
      }
    }
  }

  @Test("12: a score of +∞ makes its row NaN", arguments: Way.all)
  func infiniteScore(way: Way) throws {
    let q = try Tensor<Double>([1, 0.5, -1], shape: [1, 1, 3, 1])
    let k = try Tensor<Double>([0, .infinity, 0], shape: [1, 1, 3, 1])
    let v = try Tensor<Double>([2, 100, 4], shape: [1, 1, 3, 1])
    for details in [AttentionDetailSet(), .all] {
      // Query −1 sees −∞ there: a weight of 0.
      let outcome = try way.attend(q, k, v, scale: 1, details: details)
      expectClose(outcome.output, [.nan, .nan, 3], way)
      if !details.isEmpty {
        expectClose(outcome.rawScores, [0, .infinity, 0, 0, .infinity, 0, 0, -.infinity, 0], way, "raw scores")
        expectClose(outcome.logSumExp, [.nan, .nan, 0.6931471805599453], way, "log-sum-exp")
      }
      // Masked, it has no effect; capped, it is the cap: keys weigh 1 : e^100 : 1.
      let masked = try way.attend(
        q, k, v, mask: .keep(Tensor([true, false, true], shape: [3])), scale: 1, details: details)
      expectClose(masked.output, [3, 3, 3], way, "masked output")
      let capped = try way.attend(q, k, v, scale: 1, softcap: 100, details: details)
      expectClose(capped.output, [100, 100, 3], way, "capped output")
    }
  }

  @Test("12: a bias of +∞ or NaN makes its row NaN where it is attended", arguments: Way.all, [Double.infinity, .nan])
  func nonFiniteBias(way: Way, value: Double) throws {
    let bias = AttentionMask<Double>.bias(try Tensor([0, value, 0, 0, 0, 0], shape: [2, 3]))
    let v = try Tensor<Double>([2, 100, 4], shape: [1, 1, 3, 1])
    let zeros = try Tensor<Double>(zeros: [1, 1, 2, 1])
    let keys = try Tensor<Double>(zeros: [1, 1, 3, 1])
    expectClose(try way.attend(zeros, keys, v, mask: bias).output, [.nan, 35.333333333333336], way)
    let keep = AttentionMask<Double>.keep(try Tensor([true, false, true], shape: [3]))
    expectClose(try way.attend(zeros, keys, v, mask: bias & keep).output, [3, 3], way, "masked output")
  }

  @Test("12: a NaN that is attended stays visible", arguments: Way.all, [2, 514])
  func attendedNaNIsVisible(way: Way, place: Int) throws {
    // Causal with the first query at place − 1: row 0 does not see the NaN, rows 1 and 2 do.
    let keys = place + 3
    let q = try numbers([1, 2, 3, 2])
    let (k, v) = (try numbers([1, 1, keys, 2], seed: 2), try numbers([1, 1, keys, 3], seed: 3))
    var (spoiledKeys, spoiledValues) = (k, v)
    spoiledKeys[0, 0, place, 0] = .nan
    spoiledValues[0, 0, place, 1] = .nan
    for details in [AttentionDetailSet(), [.weights]] {
      func attend(_ k: Tensor<Double>, _ v: Tensor<Double>) throws -> Tensor<Double> {
        try way.attend(q, k, v, mask: .causal, alignment: .offset(place - 1), details: details).output
      }
      let clean = try attend(k, v).elements
      let nan = Double.nan
      expectClose(
        try attend(spoiledKeys, v), (0..<18).map { $0 % 9 < 3 ? clean[$0] : nan }, way, "output with a NaN key")
      // A NaN value spoils its own column alone.
      expectClose(
        try attend(k, spoiledValues), (0..<18).map { $0 % 9 < 3 || $0 % 3 != 1 ? clean[$0] : nan }, way,
        "output with a NaN value")
    }
  }

  @Test("12: a scale of 0 does not hide a NaN", arguments: Way.all)
  func nanUnderZeroScale(way: Way) throws {
    let q = try Tensor<Double>([.nan, 5], shape: [1, 1, 2, 1])
    let outcome = try way.attend(
      q, Tensor([1, 2], shape: [1, 1, 2, 1]), Tensor([1, 3], shape: [1, 1, 2, 1]), scale: 0, details: [.logSumExp])
    expectClose(outcome.output, [.nan, 2], way)
    expectClose(outcome.logSumExp, [.nan, 0.6931471805599453], way, "log-sum-exp")
  }
}
