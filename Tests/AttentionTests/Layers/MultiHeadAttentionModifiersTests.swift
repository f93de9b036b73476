import Attention
import Support
import Testing

/// Sinks, dropout and programs in a layer are those of the functions.
@Suite("A layer with modifiers")
struct MultiHeadAttentionModifiersTests {
  static let modifiers: [AttentionModifiers<Double>] = [
    AttentionModifiers(sinks: [0.5, -1, 2]),
    AttentionModifiers(dropout: AttentionDropout(probability: 0.4, seed: 3)),
    AttentionModifiers(
      scoreProgram: ScoreProgram { score, b, h, i, j in score * 0.5 - Double(h + 1) * 0.1 * Double(abs(i - j)) }),
    AttentionModifiers(probabilityProgram: ScoreProgram { weight, b, _, i, j in weight * Double(1 + (b + i + j) % 3) }),
    AttentionModifiers(
      sinks: [0, 1, -.infinity], dropout: AttentionDropout(probability: 0.25, seed: 9),
      scoreProgram: ScoreProgram { score, _, _, _, j in j == 2 ? 0 : score },
      probabilityProgram: ScoreProgram { weight, _, _, _, _ in weight * weight }),
  ]

  private func x(_ rows: Int = 7) throws -> Tensor<Double> {
    var random = SeededGenerator(seed: 7)
    return try random.normal([2, rows, 15])
  }

  @Test("As the functions by hand", arguments: modifiers, [AttentionPath.reference, .blas, .tiled])
  func byHand(modifiers: AttentionModifiers<Double>, path: AttentionPath) throws {
    let hand = try LayerByHand<Double>()
    let x = try x()
    let heads = try scaledDotProductAttention(
      queries: hand.queries(x), keys: hand.keys(x), values: hand.values(x), mask: .causal, modifiers: modifiers,
      options: AttentionOptions(details: [.weights, .logSumExp], path: path))
    let weights = try #require(heads.weights)
    for needsWeights in HeadWeights.allCases {
      let options = AttentionOptions(details: [.logSumExp], path: path)
      let result = try hand.layer(
        x, mask: .causal, modifiers: modifiers, needsWeights: needsWeights, options: options)
      expectClose(result.output, try hand.output(heads.output))
      expectClose(result.details.logSumExp, try #require(heads.logSumExp), "log-sum-exp")
      if needsWeights == .perHead { expectClose(result.weights, weights, "weights") }
      // They are not what they would be without.
      let plain = try hand.layer(x, mask: .causal, path: path)
      #expect(!Comparison(result.output, plain.doubles, shape: plain.shape, absolute: 1e-3).isWithin)
    }
    // Over a cache in one piece they see the same places.
    var cache = try hand.layer.makeCache(batch: 2, capacity: 9)
    let cached = try hand.layer(
      x, appendingTo: &cache, mask: .causal, modifiers: modifiers, options: AttentionOptions(path: path))
    expectClose(cached.output, try hand.output(heads.output), "over a cache")
    let borrowed = try hand.layer(
      x, borrowing: cache, mask: .causal, modifiers: modifiers, options: AttentionOptions(path: path))
    expectClose(borrowed.output, try hand.output(heads.output), "over a borrowed cache")
  }

  @Test("A query and a key are counted from 0 in a run over a cache: the query within the run, the key in the cache")
  func placesInACache() throws {
    let hand = try LayerByHand<Double>()
    let x = try x()
    // Each query but for its own place's key, which stands five before.
    let program = ScoreProgram<Double> { score, _, _, i, j in j == i + 5 ? -50 : score }
    var cache = try hand.layer.makeCache(batch: 2, capacity: 7)
    _ = try hand.layer(x.sliced(axis: 1, 0..<5), appendingTo: &cache)
    let last = try x.sliced(axis: 1, 5..<7)
    let result = try hand.layer(
      last, appendingTo: &cache, modifiers: AttentionModifiers(scoreProgram: program), needsWeights: .perHead)
    let weights = try #require(result.weights)
    for b in 0..<2 {
      for h in 0..<3 {
        for i in 0..<2 { for j in 0..<7 { #expect((weights[b, h, i, j] < 1e-15) == (j == i + 5)) } }
      }
    }
  }

  @Test("A plan's modifiers may change between its runs")
  func plan() throws {
    let hand = try LayerByHand<Double>()
    let x = try x()
    let own = AttentionModifiers<Double>(dropout: AttentionDropout(probability: 0.5, seed: 1))
    var plan = try hand.layer.plan(batch: 2, queries: 7, modifiers: own)
    #expect(plan.modifiers.dropout?.seed == 1)
    var workspace = try plan.makeWorkspace()
    var outputs: [Tensor<Double>] = []
    for seed in [1, 2, 1] as [UInt64] {
      plan.modifiers.dropout?.seed = seed
      let output = try plan(query: x, key: x, value: x, workspace: &workspace).output
      let modifiers = AttentionModifiers<Double>(dropout: AttentionDropout(probability: 0.5, seed: seed))
      expectClose(
        output, try hand.layer(x, modifiers: modifiers, needsWeights: .none, options: AttentionOptions()).output)
      outputs.append(output)
    }
    #expect(outputs[0] == outputs[2] && outputs[0] != outputs[1])
    plan.modifiers.sinks = [1]
    #expect(throws: AttentionError.argument(name: "sinks", expected: "3, one per head", actual: "1")) {
      try plan(query: x, key: x, value: x, workspace: &workspace)
    }
    plan.modifiers = .none
    expectClose(try plan(query: x, key: x, value: x, workspace: &workspace).output, try hand.layer(x))
  }

  @Test("Beside appended keys, which are keys S and S + 1 to a program")
  func appendedKeys() throws {
    let layer = try LayerByHand<Double>(appendsKeys: true).layer
    let program = ScoreProgram<Double> { score, _, _, _, j in j >= 7 ? 40 + Double(j) : score }
    let result = try layer(
      x(), modifiers: AttentionModifiers(scoreProgram: program), needsWeights: .averaged, options: AttentionOptions())
    let weights = try #require(result.weights)
    #expect(weights.shape == [2, 7, 9])
    // Scores 47 and 48: weights 1 and e over 1 + e.
    for b in 0..<2 { for i in 0..<7 { #expect(abs(weights[b, i, 8] - 0.731058578630005) < 1e-12) } }
    for modifiers in [AttentionModifiers<Double>(sinks: [1]), AttentionModifiers(sinks: [])] {
      #expect(
        throws: AttentionError.argument(
          name: "sinks", expected: "3, one per head", actual: "\(modifiers.sinks?.count ?? 0)")
      ) { try layer(x(), modifiers: modifiers, needsWeights: .none, options: AttentionOptions()) }
    }
    let dropout = AttentionModifiers<Double>(dropout: AttentionDropout(probability: 2, seed: 1))
    #expect(throws: AttentionError.argument(name: "dropout probability", expected: "0...1", actual: "2.0")) {
      try layer.plan(queries: 7, modifiers: dropout)
    }
  }
}
