import Attention
import Glibc
import Support
import Testing

/// Figures about weights, by hand.
@Suite struct InspectAttentionTests {
  /// A column [1, 1, n, 1].
  private func column(_ numbers: [Double]) throws -> Tensor<Double> {
    try Tensor(numbers, shape: [1, 1, numbers.count, 1])
  }

  private func close(_ tensor: Tensor<Double>?, _ expected: [Double], tolerance: Double = 1e-15) -> Bool {
    guard let elements = tensor?.elements, elements.count == expected.count else { return false }
    return zip(elements, expected).allSatisfy { abs($0 - $1) <= tolerance || $0 == $1 }
  }

  @Test("weights ½ ¼ ¼ and ⅓ ⅓ ⅓")
  func twoQueries() throws {
    let insight = try inspectAttention(
      .everything(topKeys: 2), queries: column([1, 0]), keys: column([log(2), 0, 0]), scale: 1)
    #expect(close(insight.logSumExp, [log(4), log(3)]))
    #expect(close(insight.entropy, [1.5 * log(2), log(3)]))
    #expect(close(insight.maximumWeight, [0.5, 1 / 3.0]))
    #expect(insight.maximumKey?.elements == [0, 0])
    #expect(close(insight.topWeights, [0.5, 0.25, 1 / 3.0, 1 / 3.0]))
    #expect(insight.topKeys?.elements == [0, 1, 0, 1])
    #expect(close(insight.keyTotals, [0.5 + 1 / 3.0, 0.25 + 1 / 3.0, 0.25 + 1 / 3.0]))
    #expect(close(insight.weights, [0.5, 0.25, 0.25, 1 / 3.0, 1 / 3.0, 1 / 3.0]))
  }

  @Test("causal: the first query has one key, entropy exactly 0, and a second key that there is not")
  func causal() throws {
    let insight = try inspectAttention(
      .everything(topKeys: 4), queries: column([3, 0]), keys: column([5, 7]), mask: .causal)
    #expect(insight.entropy?.elements[0] == 0)
    #expect(close(insight.entropy, [0, log(2)]))
    #expect(insight.maximumWeight?.elements == [1, 0.5])
    #expect(insight.topKeys?.elements == [0, -1, -1, -1, 0, 1, -1, -1])
    #expect(insight.topWeights?.elements == [1, 0, 0, 0, 0.5, 0.5, 0, 0])
    #expect(insight.keyTotals?.elements == [1.5, 0.5])
    #expect(insight.weights?.elements == [1, 0, 0.5, 0.5])
  }

  @Test("a query with nothing to attend")
  func emptyRow() throws {
    let insight = try inspectAttention(
      .everything(topKeys: 1), queries: column([1, 1]), keys: column([2, 2]),
      mask: .keep(Tensor([false, false, true, true], shape: [2, 2])))
    #expect(insight.logSumExp?.elements[0] == -.infinity)
    #expect(close(insight.entropy, [0, log(2)]))
    #expect(insight.maximumWeight?.elements == [0, 0.5])
    #expect(insight.maximumKey?.elements == [-1, 0])
    #expect(insight.topKeys?.elements == [-1, 0])
    #expect(insight.keyTotals?.elements == [0.5, 0.5])
    #expect(insight.weights?.elements == [0, 0, 0.5, 0.5])
  }

  @Test("a sink takes its share and adds no term")
  func sink() throws {
    let insight = try inspectAttention(
      .everything(topKeys: 3), queries: column([1, 1]), keys: column([0, 0]),
      mask: .keep(Tensor([false, false, true, true], shape: [2, 2])), modifiers: AttentionModifiers(sinks: [0]))
    #expect(close(insight.logSumExp, [0, log(3)]))
    #expect(close(insight.entropy, [0, 2 / 3.0 * log(3)]))
    #expect(close(insight.keyTotals, [1 / 3.0, 1 / 3.0]))
    #expect(insight.topKeys?.elements == [-1, -1, -1, 0, 1, -1])
  }

  @Test("everything dropped: no key has a weight")
  func allDropped() throws {
    let insight = try inspectAttention(
      .everything(topKeys: 1), queries: column([1]), keys: column([0, 1]),
      modifiers: AttentionModifiers(dropout: AttentionDropout(probability: 1, seed: 3)))
    #expect(insight.entropy?.elements == [0] && insight.maximumWeight?.elements == [0])
    #expect(insight.maximumKey?.elements == [-1] && insight.topKeys?.elements == [-1])
    #expect(insight.keyTotals?.elements == [0, 0])
    #expect(close(insight.logSumExp, [log(1 + exp(1.0))]))
  }

  @Test("a probability program's weights: doubled, negative")
  func probabilityProgram() throws {
    func insight(_ factor: Double) throws -> AttentionInsight<Double> {
      try inspectAttention(
        .everything(topKeys: 2), queries: column([0]), keys: column([0, 0]),
        modifiers: AttentionModifiers(
          probabilityProgram: ScoreProgram { weight, _, _, _, key in key == 0 ? weight : factor * weight }))
    }
    let doubled = try insight(2)
    #expect(close(doubled.entropy, [0.5 * log(2)]))
    #expect(doubled.topKeys?.elements == [1, 0] && doubled.topWeights?.elements == [1, 0.5])
    let negative = try insight(-1)
    #expect(negative.entropy?.elements.first?.isNaN == true)
    #expect(negative.topKeys?.elements == [0, 1] && negative.topWeights?.elements == [0.5, -0.5])
    #expect(negative.keyTotals?.elements == [0.5, -0.5])
  }

  @Test("NaN stays where it is attended, and ranks first", arguments: [Double.nan, .infinity])
  func notANumber(score: Double) throws {
    let insight = try inspectAttention(
      .everything(topKeys: 2), queries: column([1, 1, 1]), keys: column([0, score, 0]), mask: .causal)
    #expect(insight.entropy?.elements.map(\.isNaN) == [false, true, true])
    #expect(insight.logSumExp?.elements.map(\.isNaN) == [false, true, true])
    #expect(insight.maximumWeight?.elements.map(\.isNaN) == [false, true, true])
    #expect(insight.maximumKey?.elements == [0, 0, 0])
    #expect(insight.topKeys?.elements == [0, -1, 0, 1, 0, 1])
    // Key 2 is masked for query 1, and NaN for query 2.
    #expect(insight.weights?.elements.map(\.isNaN) == [false, false, false, true, true, false, true, true, true])
    #expect(insight.keyTotals?.elements.map(\.isNaN) == [true, true, true])
  }

  @Test("scores of 10⁴ and a weight that vanishes", arguments: [Double(-1e4), 1e4])
  func largeScores(level: Double) throws {
    let keys = try Tensor<Float>([Float(level), Float(level), Float(level) - 200], shape: [1, 1, 3, 1])
    let one = try Tensor<Float>([1], shape: [1, 1, 1, 1])
    let insight = try inspectAttention(.everything(topKeys: 3), queries: one, keys: keys)
    #expect(abs((insight.entropy?.elements.first ?? 0) - Float(log(2.0))) < 1e-7)
    #expect(insight.topKeys?.elements == [0, 1, -1])
    #expect(insight.keyTotals?.elements == [0.5, 0.5, 0])
  }

  @Test("scores at the ends of Float")
  func greatestScores() throws {
    let end = Float.greatestFiniteMagnitude
    let one = try Tensor<Float>([1], shape: [1, 1, 1, 1])
    let apart = try inspectAttention(
      .everything(topKeys: 1), queries: one, keys: Tensor([end, -end], shape: [1, 1, 2, 1]))
    #expect(apart.entropy?.elements == [0] && apart.maximumKey?.elements == [0])
    let low = try inspectAttention(
      .everything(topKeys: 1), queries: one, keys: Tensor([-end, -end], shape: [1, 1, 2, 1]))
    #expect(abs((low.entropy?.elements.first ?? 0) - Float(log(2.0))) < 1e-7)
  }

  @Test("selected rows come in the order asked for, twice if asked twice")
  func selection() throws {
    var random = SeededGenerator(seed: 5)
    let (queries, keys): (Tensor<Double>, Tensor<Double>) = try (
      random.normal([2, 6, 5, 3]), random.normal([2, 2, 7, 3])
    )
    let whole = try inspectAttention(AttentionInspection(weights: WeightSelection()), queries: queries, keys: keys)
    let all = try #require(whole.weights)
    #expect(all.shape == [2, 6, 5, 7])
    let some = try inspectAttention(
      AttentionInspection(weights: WeightSelection(heads: [4, 1], queries: [3, 0, 3])), queries: queries, keys: keys)
    let chosen = try #require(some.weights)
    #expect(chosen.shape == [2, 2, 3, 7])
    for b in 0..<2 {
      for (h, head) in [4, 1].enumerated() {
        for (i, query) in [3, 0, 3].enumerated() {
          for j in 0..<7 { #expect(chosen[b, h, i, j] == all[b, head, query, j]) }
        }
      }
    }
    let none = try inspectAttention(
      AttentionInspection(weights: WeightSelection(heads: [])), queries: queries, keys: keys)
    #expect(none.weights?.shape == [2, 0, 5, 7])
  }

  @Test("nothing is given that was not asked for")
  func onlyWhatIsAskedFor() throws {
    let (queries, keys) = (try column([1, 2]), try column([1, 2, 3]))
    for (figures, isGiven) in [
      (AttentionFigureSet.logSumExp, [true, false, false, false]), (.entropy, [false, true, false, false]),
      (.maximum, [false, false, true, false]), (.keyTotals, [false, false, false, true]),
    ] {
      let insight = try inspectAttention(AttentionInspection(figures), queries: queries, keys: keys)
      #expect(
        [insight.logSumExp != nil, insight.entropy != nil, insight.maximumWeight != nil, insight.keyTotals != nil]
          == isGiven)
      #expect((insight.maximumKey != nil) == isGiven[2])
      #expect(insight.topKeys == nil && insight.topWeights == nil && insight.weights == nil)
    }
  }

  @Test("sizes of 0", arguments: [[0, 2, 3, 4], [2, 0, 3, 4], [2, 2, 0, 4], [2, 2, 3, 0]])
  func emptyProblems(sizes: [Int]) throws {
    let queries = try Tensor<Float>(zeros: [sizes[0], sizes[1], sizes[2], 5])
    let keys = try Tensor<Float>(zeros: [sizes[0], sizes[1], sizes[3], 5])
    let insight = try inspectAttention(.everything(topKeys: 2), queries: queries, keys: keys)
    #expect(insight.entropy?.shape == Array(sizes.prefix(3)))
    #expect(insight.topKeys?.elements.allSatisfy { $0 == -1 } == true)
    #expect(insight.topKeys?.shape == Array(sizes.prefix(3)) + [2])
    #expect(insight.logSumExp?.elements.allSatisfy { $0 == -.infinity } == true)
    #expect(insight.keyTotals?.elements == [Float](repeating: 0, count: sizes[0] * sizes[1] * sizes[3]))
    #expect(insight.weights?.shape == sizes)
  }

  @Test("heads of size 0: every score is 0")
  func headSizeZero() throws {
    let insight = try inspectAttention(
      .everything(topKeys: 1), queries: Tensor<Double>(zeros: [1, 1, 2, 0]), keys: Tensor(zeros: [1, 1, 4, 0]))
    #expect(insight.weights?.elements == [Double](repeating: 0.25, count: 8))
    #expect(close(insight.entropy, [log(4), log(4)]))
  }
}
