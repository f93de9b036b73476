import Attention
import Support
import Testing

/// Figures from tiles against those from a whole matrix.
@Suite struct InspectionSweepTests {
  private static let k = 5

  /// Every kind of mask, with heads that share keys, in all layouts.
  static let maskCases: [SweepCase] = SweepMask.allCases.enumerated().map { index, mask in
    SweepCase(
      sizes: SweepSizes(
        batch: 2, heads: 6, keyValueHeads: [1, 2, 3, 6][index % 4], queries: 13, keys: 37, headSize: 5, valueHeadSize: 3
      ),
      mask: mask, layout: SweepCase.Layout.allCases[index % 3], softcap: index % 2 == 0 ? nil : 2,
      seed: UInt64(300 + index))
  }

  /// Just beside the edges of tiles, with masks that cut them in all ways.
  static let tileCases: [SweepCase] = [191, 192, 193, 256, 257].enumerated().flatMap { row, queries in
    [511, 512, 513, 1100].enumerated().map { column, keys in
      let masks: [SweepMask] = [.none, .causalEnd, .windowCausal, .keepRows, .biasAll, .keyLengths, .causalOffset]
      return SweepCase(
        sizes: SweepSizes(queries: queries, keys: keys, headSize: 7, valueHeadSize: 2),
        mask: masks[(4 * row + column) % masks.count], seed: UInt64(400 + 4 * row + column))
    }
  }

  @Test("every kind of mask", arguments: maskCases)
  func masks(_ sweepCase: SweepCase) throws {
    try check(SweepProblem<Double>(sweepCase))
    try check(SweepProblem<Float>(sweepCase))
  }

  @Test("edges of tiles", arguments: tileCases)
  func tiles(_ sweepCase: SweepCase) throws {
    if sweepCase.seed % 2 == 0 {
      try check(SweepProblem<Double>(sweepCase))
    } else {
      try check(SweepProblem<Float>(sweepCase))
    }
  }

  private func check<Scalar: BLASScalar>(_ problem: SweepProblem<Scalar>) throws {
    let (sweepCase, s) = (problem.sweepCase, problem.sweepCase.sizes)
    let exact = problem.oracle.solve()
    let isFloat = Scalar.self == Float.self
    var former: (output: Tensor<Scalar>, insight: AttentionInsight<Scalar>)?
    for workers in [1, 2] {
      let plan = try AttentionPlan<Scalar>(
        shape: AttentionShape(
          batch: s.batch, heads: s.heads, keyValueHeads: s.keyValueHeads, queries: s.queries, keys: s.keys,
          headSize: s.headSize, valueHeadSize: s.valueHeadSize), mask: problem.mask.mask,
        options: AttentionOptions(softcap: sweepCase.softcap, alignment: problem.mask.alignment, workers: workers))
      let inspection = AttentionInspection.everything(topKeys: Self.k)
      let both = try plan.inspect(
        inspection, queries: problem.queries, keys: problem.keys, values: problem.values)
      let differences = both.insight.differences(
        fromWeights: exact.weights, logSumExp: exact.logSumExp, shape: [s.batch, s.heads, s.queries, s.keys], k: Self.k,
        absolute: isFloat ? ErrorBound.floatAbsolute : 1e-12, relative: isFloat ? ErrorBound.floatRelative : 1e-12)
      #expect(differences.isEmpty, "\(Scalar.self), \(sweepCase): \(differences)")
      let comparison = Comparison(
        try problem.headsFirst(both.output), exact.output, shape: [s.batch, s.heads, s.queries, s.valueHeadSize],
        absolute: isFloat ? ErrorBound.floatAbsolute : 1e-12, relative: isFloat ? ErrorBound.floatRelative : 1e-12)
      #expect(comparison.isWithin, "\(Scalar.self), \(sweepCase): output: \(comparison)")
      #expect(both.output.rank == problem.queries.rank)

      if let former {
        #expect(former.insight.isBitwiseEqual(to: both.insight), "1 and 2 workers: \(sweepCase)")
        #expect(former.output.isBitwiseEqual(to: both.output), "1 and 2 workers: \(sweepCase)")
        let alone = try plan.inspect(inspection, queries: problem.queries, keys: problem.keys)
        #expect(alone.isBitwiseEqual(to: both.insight), "with values and without: \(sweepCase)")
      }
      former = both
    }
  }

  // MARK: Modifiers

  enum Modifier: String, CaseIterable, Sendable { case none, sinks, scores, probabilities, dropout, all }

  private func modifiers(_ modifier: Modifier, heads: Int) -> AttentionModifiers<Double> {
    var modifiers = AttentionModifiers<Double>.none
    if modifier == .sinks || modifier == .all { modifiers.sinks = Array([0.5, -.infinity, 3, -2, 0, 1].prefix(heads)) }
    if modifier == .scores || modifier == .all {
      modifiers.scoreProgram = ScoreProgram { score, batch, head, query, key in
        score + 0.05 * Double((batch + 2 * head + 3 * query + 5 * key) % 11)
      }
    }
    if modifier == .probabilities || modifier == .all {
      modifiers.probabilityProgram = ScoreProgram { weight, _, head, query, key in
        weight * Double(1 + (head + query + key) % 3)
      }
    }
    if modifier == .dropout || modifier == .all {
      modifiers.dropout = AttentionDropout(probability: 0.3, seed: 17)
    }
    return modifiers
  }

  @Test("with modifiers: the weights that multiply the values", arguments: Modifier.allCases)
  func weightsAfterModifiers(_ modifier: Modifier) throws {
    try check(modifier, path: .reference, heads: 6, queries: 11, keys: 29, masks: [.none, .causalEnd, .keepHeads])
    // Several blocks of queries and tiles of keys, heads stacked in none.
    try check(modifier, path: .blas, heads: 2, queries: 201, keys: 530, masks: [.causalEnd])
  }

  /// Compares with the whole matrix of a path.
  private func check(
    _ modifier: Modifier, path: AttentionPath, heads: Int, queries: Int, keys: Int, masks: [SweepMask]
  ) throws {
    let sizes = SweepSizes(
      batch: 1, heads: heads, keyValueHeads: heads / 2, queries: queries, keys: keys, headSize: 5, valueHeadSize: 3)
    for mask in masks {
      let problem = try SweepProblem<Double>(SweepCase(sizes: sizes, mask: mask, seed: 31))
      let plan = try AttentionPlan<Double>(
        shape: AttentionShape(queries: problem.queries, keys: problem.keys, values: problem.values),
        mask: problem.mask.mask, modifiers: modifiers(modifier, heads: heads),
        options: AttentionOptions(
          alignment: problem.mask.alignment, details: [.weights, .logSumExp], path: path, workers: 2))
      let whole = try plan(queries: problem.queries, keys: problem.keys, values: problem.values)
      let both = try plan.inspect(
        .everything(topKeys: Self.k), queries: problem.queries, keys: problem.keys, values: problem.values)
      let differences = both.insight.differences(
        fromWeights: try #require(whole.weights).elements, logSumExp: try #require(whole.logSumExp).elements,
        shape: [1, heads, queries, keys], k: Self.k, absolute: 1e-12, relative: 1e-12)
      #expect(differences.isEmpty, "\(modifier), \(mask): \(differences)")
      let comparison = Comparison(both.output, whole.output.elements, shape: whole.output.shape, absolute: 1e-12)
      #expect(comparison.isWithin, "\(modifier), \(mask): \(comparison)")
    }
  }

  // MARK: Workers and views

  @Test("the same bits on 1, 2 and 3 workers, where one head's queries are shared out")
  func workers() throws {
    var random = SeededGenerator(seed: 8)
    let queries: Tensor<Float> = try random.normal([1, 1, 1000, 3])
    let keys: Tensor<Float> = try random.normal([1, 1, 600, 3])
    let insights = try [1, 2, 3].map { workers in
      try inspectAttention(
        AttentionInspection([.entropy, .keyTotals], topKeys: 2), queries: queries, keys: keys, mask: .causal,
        alignment: .end, workers: workers)
    }
    #expect(insights[1].isBitwiseEqual(to: insights[0]))
    #expect(insights[2].isBitwiseEqual(to: insights[0]))
    // Queries 0 to 399 stand before the first key.
    let sum = insights[0].keyTotals?.elements.reduce(0.0) { $0 + Double($1) }
    #expect(abs((sum ?? 0) - 600) < 1e-3)
  }

  @Test("views are read where they lie")
  func views() throws {
    var random = SeededGenerator(seed: 9)
    let queries: Tensor<Double> = try random.normal([2, 5, 3, 4])
    let keys: Tensor<Double> = try random.normal([2, 7, 1, 4])
    let inspection = AttentionInspection.everything(topKeys: 2)
    let copied = try inspectAttention(
      inspection, queries: queries.transposed(1, 2).copy(), keys: keys.transposed(1, 2).copy())
    let viewed = try inspectAttention(inspection, queries: queries.transposed(1, 2), keys: keys.transposed(1, 2))
    #expect(viewed.isBitwiseEqual(to: copied))
    let joined = try inspectAttention(
      inspection, queries: queries.reshaped(to: [2, 5, 12]), keys: keys.reshaped(to: [2, 7, 4]), heads: 3,
      keyValueHeads: 1)
    #expect(joined.isBitwiseEqual(to: copied))
  }
}
