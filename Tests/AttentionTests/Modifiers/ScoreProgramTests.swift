import Attention
import Glibc
import Support
import Testing

/// Score programs by hand and by what they must be the same as.
@Suite struct ScoreProgramTests {
  /// A program of Double numbers in any element type.
  static func program<Scalar: BLASScalar>(
    _ body: @escaping @Sendable (Double, Int, Int, Int, Int) -> Double
  ) -> ScoreProgram<Scalar> {
    ScoreProgram { score, batch, head, query, key in Scalar(body(score.asDouble, batch, head, query, key)) }
  }

  @Test("Two keys by hand", arguments: Way.all)
  func byHand(way: Way) throws {
    // Scores 0 and 0 become log 3 and 0: weights 3/4 and 1/4.
    let q = try Tensor<Double>(zeros: [1, 1, 1, 2])
    let v = try Tensor<Double>([8, 4], shape: [1, 1, 2, 1])
    let k = try Tensor<Double>(repeating: 1, shape: [1, 1, 2, 2])
    let result = try way.attend(
      q, k, v, details: .all, score: { score, _, _, _, key in key == 0 ? score + log(3) : score })
    expectClose(result.output, [7], way)
    expectClose(result.weights, [0.75, 0.25], way)
    expectClose(result.rawScores, [0, 0], way, "raw scores: before the program")
    expectClose(result.cappedScores, [0, 0], way, "capped scores: before the program")
    expectClose(result.maskedScores, [log(3), 0], way, "masked scores: after the program")
    expectClose(result.logSumExp, [log(4)], way)
  }

  @Test("The place of each score: batch, query head, query and key", arguments: Way.all, [1, 3])
  func places(way: Way, queries: Int) throws {
    // Grouped heads, which are stacked into one block where queries are few.
    let q = try Tensor<Double>(zeros: [2, 4, queries, 2])
    let k = try Tensor<Double>(zeros: [2, 2, 5, 2])
    let result = try way.attend(q, k, k, details: [.maskedScores]) { score, batch, head, query, key in
      score + Double(((batch * 10 + head) * 10 + query) * 10 + key)
    }
    let expected = (0..<2 * 4 * queries * 5).map { index in
      Double(((index / (20 * queries) * 10 + index / (5 * queries) % 4) * 10 + index / 5 % queries) * 10 + index % 5)
    }
    expectClose(result.maskedScores, expected, way)
  }

  @Test("A linear bias is the bias tensor; a softcap is the softcap; a mask is the mask", arguments: Way.all)
  func identities(way: Way) throws {
    let (l, s) = (35, 61)
    let q = try numbers([2, 4, l, 3])
    let (k, v) = (try numbers([2, 2, s, 3], seed: 2), try numbers([2, 2, s, 2], seed: 3))
    func expectSame(_ left: Outcome, _ right: Outcome, _ what: String) throws {
      expectClose(left.output, right.output.elements, way, what)
      if let weights = right.weights { expectClose(left.weights, weights.elements, way, what) }
      if let sums = right.logSumExp { expectClose(left.logSumExp, sums.elements, way, what) }
      if let scores = right.maskedScores { expectClose(left.maskedScores, scores.elements, way, what) }
    }
    let slopes = [0.5, 0.25, 0.125, 0.0625]
    let bias = try Tensor(
      (0..<4 * l * s).map { -slopes[$0 / (l * s)] * Double(abs($0 / s % l - $0 % s)) }, shape: [4, l, s])
    for details: AttentionDetailSet in [[.logSumExp], [.weights, .maskedScores]] {
      for mask: AttentionMask<Double> in [.none, .causal & .pattern(.blockLocal(size: 20))] {
        try expectSame(
          way.attend(q, k, v, mask: mask, alignment: .start, details: details) { score, _, head, query, key in
            score - slopes[head] * Double(abs(query - key))
          },
          way.attend(q, k, v, mask: mask & .bias(bias), alignment: .start, details: details), "linear bias, \(mask)")
        try expectSame(
          way.attend(q, k, v, mask: mask, alignment: .start, details: details) { score, _, _, _, _ in
            1.5 * tanh(score / 1.5)
          }, way.attend(q, k, v, mask: mask, softcap: 1.5, alignment: .start, details: details), "softcap, \(mask)")
        try expectSame(
          way.attend(q, k, v, mask: mask, alignment: .start, details: details) { score, _, _, query, key in
            key > query + 3 || key < query - 9 ? -.infinity : score
          },
          way.attend(
            q, k, v, mask: mask & .window(left: 9, right: 3), alignment: .start, details: details), "window, \(mask)")
      }
    }
  }

  @Test("After softcap, before bias", arguments: Way.all)
  func order(way: Way) throws {
    // c·tanh(0/c) = 0, the program makes 10 of it, which a softcap of 1 would not leave, and the bias adds 1.
    let q = try Tensor<Double>(zeros: [1, 1, 1, 2])
    let k = try Tensor<Double>(repeating: 1, shape: [1, 1, 2, 2])
    let bias = AttentionMask<Double>.bias(try Tensor([1, 2], shape: [2]))
    let result = try way.attend(q, k, k, mask: bias, softcap: 1, details: .maskedScores) { _, _, _, _, _ in 10 }
    expectClose(result.maskedScores, [11, 12], way)
  }

  @Test("−∞ masks: weight 0, also with a bias and beside NaN; a row of nothing else is empty", arguments: Way.all)
  func infinityMasks(way: Way) throws {
    // Row 0 attends key 1 alone, row 1 nothing, row 2 keys 0 and 2.
    let attended = ["010", "000", "101"].map { $0.map { $0 == "1" } }
    let score: @Sendable (Double, Int, Int, Int, Int) -> Double = { score, _, _, query, key in
      attended[query][key] ? score : -.infinity
    }
    let q = try Tensor<Double>(zeros: [1, 2, 3, 2])
    let k = try numbers([1, 1, 3, 2])
    let identity = try Tensor<Double>([1, 0, 0, 0, 1, 0, 0, 0, 1], shape: [1, 1, 3, 3])
    let head: [Double] = [0, 1, 0, 0, 0, 0, 0.5, 0, 0.5]
    let weights = head + head
    for details: AttentionDetailSet in [[], [.weights, .maskedScores, .logSumExp], .all] {
      let result = try way.attend(q, k, identity, details: details, score: score)
      expectClose(result.output, weights, way, "output \(details.rawValue)")
      if details.contains(.weights) {
        expectClose(result.weights, weights, way)
        expectClose(result.maskedScores, weights.map { $0 == 0 ? -.infinity : 0 }, way)
        expectClose(result.logSumExp, [0, -.infinity, log(2), 0, -.infinity, log(2)], way)
      }
      // A probability program and an infinite bias leave masked what is masked.
      let changed = try way.attend(
        q, k, identity, mask: .bias(try Tensor([0, 0, 0], shape: [3])), details: details, score: score
      ) { weight, _, _, _, _ in weight + 1 }
      expectClose(changed.output, weights.map { $0 == 0 ? 0 : $0 + 1 }, way, "changed \(details.rawValue)")
      if details.contains(.weights) { expectClose(changed.weights, weights.map { $0 == 0 ? 0 : $0 + 1 }, way) }
    }
    // Key 2 is masked for rows 0 and 1: what its values are has no effect there.
    let spoiled = try Tensor<Double>([1, 0, 0, 0, 1, 0, .nan, .nan, .infinity], shape: [1, 1, 3, 3])
    for probability in [nil, { @Sendable (weight: Double, _: Int, _: Int, _: Int, _: Int) in weight }] {
      let result = try way.attend(q, k, spoiled, score: score, probability: probability)
      #expect(result.output.elements.prefix(6).elementsEqual([0, 1, 0, 0, 0, 0]))
      let last = result.output.elements[6..<9]
      #expect(last.first?.isNaN == true && last.last == .infinity)
    }
  }

  @Test("−∞ of a program with a keep mask, a pattern and key lengths", arguments: Way.all)
  func infinityAndMasks(way: Way) throws {
    let q = try numbers([2, 4, 7, 3])
    let (k, v) = (try numbers([2, 2, 11, 3], seed: 2), try numbers([2, 2, 11, 2], seed: 3))
    let keep = try coins([4, 7, 11])
    let lengths = [11, 6]
    let result = try way.attend(
      q, k, v, mask: .keep(keep) & .keyLengths(lengths) & .pattern(.window(left: 5, right: 4)), alignment: .start,
      details: [.weights, .logSumExp]
    ) { score, _, head, query, key in (query + key + head) % 3 == 0 ? -.infinity : score }
    let elements = keep.elements
    let kept = (0..<2 * 4 * 7 * 11).map { index in
      let (batch, head, query, key) = (index / 308, index / 77 % 4, index / 11 % 7, index % 11)
      return (query + key + head) % 3 != 0 && elements[index % 308] && key < lengths[batch] && key >= query - 5
        && key <= query + 4
    }
    let expected = try way.attend(
      q, k, v, mask: .keep(Tensor(kept, shape: [2, 4, 7, 11])), details: [.weights, .logSumExp])
    expectClose(result.output, expected.output.elements, way)
    expectClose(result.weights, try #require(expected.weights).elements, way)
    expectClose(result.logSumExp, try #require(expected.logSumExp).elements, way)
  }

  @Test("NaN from a program stays visible in its row, and is nothing where masked", arguments: Way.all)
  func notANumber(way: Way) throws {
    let q = try Tensor<Double>(zeros: [1, 1, 3, 2])
    let k = try Tensor<Double>(repeating: 1, shape: [1, 1, 3, 2])
    for details: AttentionDetailSet in [[], [.weights]] {
      let result = try way.attend(q, k, k, mask: .causal, details: details) { score, _, _, query, key in
        query == 1 && key == 0 || key > query ? .nan : score
      }
      let rows = result.output.elements
      #expect(rows[0] == 1 && rows[1] == 1)
      #expect(rows[2].isNaN && rows[3].isNaN)
      #expect(abs(rows[4] - 1) < 1e-6 && abs(rows[5] - 1) < 1e-6)
      if let weights = result.weights?.elements {
        #expect(weights[0] == 1 && weights[1] == 0 && weights[2] == 0)
        #expect(weights[3].isNaN && weights[4].isNaN && weights[5] == 0)
      }
    }
  }

  @Test("Weights change after the softmax; masked ones and empty rows stay 0", arguments: Way.all)
  func probabilities(way: Way) throws {
    // Causal at offset −1: row 0 is empty, row 1 attends key 0, row 2 keys 0 and 1.
    let q = try Tensor<Double>(zeros: [1, 2, 3, 2])
    let k = try numbers([1, 1, 3, 2])
    let identity = try Tensor<Double>([1, 0, 0, 0, 1, 0, 0, 0, 1], shape: [1, 1, 3, 3])
    let head: [Double] = [0, 0, 0, 3, 0, 0, 2, 2, 0]
    for details: AttentionDetailSet in [[], .all] {
      let result = try way.attend(
        q, k, identity, mask: .causal, alignment: .offset(-1), details: details,
        probability: { weight, _, _, _, _ in 2 * weight + 1 })
      expectClose(result.output, head + head, way)
      if details.contains(.weights) {
        expectClose(result.weights, head + head, way)
        expectClose(result.logSumExp, [-.infinity, 0, log(2), -.infinity, 0, log(2)], way, "of the softmax")
      }
    }
  }

  @Test("With sinks, programs see weights that the sink has taken from", arguments: Way.all)
  func sinks(way: Way) throws {
    // Two scores of 0 and a sink of log 2: weights 1/4; row 0 attends nothing.
    let q = try Tensor<Double>(zeros: [1, 1, 2, 2])
    let k = try numbers([1, 1, 2, 2])
    let v = try Tensor<Double>([1, 0, 0, 1], shape: [1, 1, 2, 2])
    let result = try way.attend(q, k, v, details: [.weights, .logSumExp], sinks: [log(2)]) { score, _, _, query, _ in
      query == 0 ? -.infinity : score
    } probability: { weight, _, _, _, _ in
      weight + 1
    }
    expectClose(result.output, [0, 0, 1.25, 1.25], way)
    expectClose(result.weights, [0, 0, 1.25, 1.25], way)
    expectClose(result.logSumExp, [log(2), log(4)], way)
  }

  @Test("D = 0: every score is 0 until the program", arguments: Way.all)
  func noHeadSize(way: Way) throws {
    let q = try Tensor<Double>(zeros: [1, 1, 1, 0])
    let k = try Tensor<Double>(zeros: [1, 1, 2, 0])
    let v = try Tensor<Double>([8, 4], shape: [1, 1, 2, 1])
    let result = try way.attend(q, k, v, score: { _, _, _, _, key in key == 0 ? log(3) : 0 })
    expectClose(result.output, [7], way)
  }

  @Test("No keys: 0, and no call", arguments: Way.all)
  func noKeys(way: Way) throws {
    let q = try numbers([1, 2, 3, 2])
    let k = try Tensor<Double>(zeros: [1, 2, 0, 2])
    let result = try way.attend(q, k, k, score: { _, _, _, _, _ in .nan }, probability: { _, _, _, _, _ in .nan })
    #expect(result.output.elements.allSatisfy { $0 == 0 })
  }

  @Test("A function as a type is the closure of the same body")
  func function() throws {
    struct LinearBias: ScoreFunction {
      let slopes: [Float]
      func callAsFunction(_ score: Float, batch: Int, head: Int, query: Int, key: Int) -> Float {
        score - slopes[head] * Float(abs(query - key))
      }
    }
    let slopes: [Float] = [0.5, 0.25]
    var random = SeededGenerator(seed: 5)
    let x: Tensor<Float> = try random.normal([1, 2, 40, 8])
    let closure = ScoreProgram<Float> { score, _, head, query, key in score - slopes[head] * Float(abs(query - key)) }
    for path in Way.paths {
      func run(_ program: ScoreProgram<Float>) throws -> Tensor<Float> {
        let result = try scaledDotProductAttention(
          queries: x, keys: x, values: x, modifiers: AttentionModifiers(scoreProgram: program),
          options: AttentionOptions(path: path))
        return result.output
      }
      #expect(try run(ScoreProgram(LinearBias(slopes: slopes))).isBitwiseEqual(to: run(closure)))
    }
  }

  @Test("Set after the plan is made")
  func setLater() throws {
    let x = try Tensor<Float>(zeros: [1, 1, 2, 3])
    var plan = try AttentionPlan<Float>(
      shape: AttentionShape(queries: 2, keys: 2, headSize: 3),
      options: AttentionOptions(details: .weights, path: .tiled))
    #expect(plan.modifiers.description == "none")
    plan.modifiers.scoreProgram = ScoreProgram { score, _, _, _, key in key == 0 ? -.infinity : score }
    plan.modifiers.probabilityProgram = ScoreProgram { weight, _, _, _, _ in 3 * weight }
    #expect(plan.modifiers.description == "score program & probability program")
    #expect(plan.explain().contains("modifiers  score program & probability program\n"))
    let weights = try plan(queries: x, keys: x, values: x).weights
    #expect(weights?.elements == [0, 3, 0, 3])
    plan.modifiers.scoreProgram = nil
    plan.modifiers.probabilityProgram = nil
    #expect(try plan(queries: x, keys: x, values: x).weights?.elements == [0.5, 0.5, 0.5, 0.5])
    #expect(!plan.explain().contains("modifiers"))
  }
}
