import Attention
import Support
import Testing

/// Score and probability programs on every path, in Float and Double, with details and without, against the oracle, beside the edges of
/// tiles.
@Suite struct ScoreProgramSweepTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var queries: Int
    var keys: Int
    var heads = (1, 1)
    var softcap: Double?
    var isCausal = false
    var hasKeep = false
    var hasBias = false
    var masks = false
    var changesWeights = false
    var pattern: MaskPattern?
    var seed: UInt64

    var testDescription: String {
      "L \(queries), S \(keys), H, G \(heads)" + (softcap == nil ? "" : ", softcap") + (isCausal ? ", causal" : "")
        + (hasKeep ? ", keep" : "") + (hasBias ? ", bias" : "") + (masks ? ", -inf" : "")
        + (changesWeights ? ", probability program" : "") + (pattern.map { ", \($0)" } ?? "")
    }
  }

  static let cases: [Case] = {
    let sizes = [
      (1, 511), (3, 1025), (31, 37), (191, 513), (193, 511), (192, 512), (255, 67), (257, 129), (256, 513), (67, 1537),
    ]
    return (0..<30).map { index in
      let (queries, keys) = sizes[index % sizes.count]
      return Case(
        queries: queries, keys: keys, heads: queries < 100 ? [(4, 2), (6, 1), (2, 2)][index % 3] : (1, 1),
        softcap: index % 4 == 1 ? 2.5 : nil, isCausal: index % 3 == 1, hasKeep: index % 5 == 2, hasBias: index % 7 == 3,
        masks: index % 2 == 0, changesWeights: index % 3 == 2,
        pattern: index % 4 == 3 ? .blockLocal(size: 100) : nil, seed: UInt64(index + 1))
    }
  }()

  @Test(arguments: cases) func oracle(_ example: Case) throws {
    try check(example, as: Float.self)
    try check(example, as: Double.self)
  }

  private func check<Scalar: BLASScalar>(_ example: Case, as type: Scalar.Type) throws {
    let problem = try ProgramProblem<Scalar>(example)
    let exact = problem.oracle.solve()
    let naive = Scalar.self == Float.self ? problem.oracle.solve(.float) : nil
    func bound(_ member: KeyPath<AttentionOracle.Answer, [Double]>, _ least: Double) -> Double {
      guard let naive else { return ErrorBound.double(problem.oracle.values, least: least) }
      return ErrorBound.float(naive: naive[keyPath: member], exact: exact[keyPath: member])
    }
    let rows = [1, example.heads.0, example.queries]
    let isLarge = example.queries * example.keys * example.heads.0 > 20_000
    for path in isLarge ? [AttentionPath.blas, .tiled] : [.reference, .blas, .tiled] {
      let sets: [(AttentionDetailSet, Int)] = [
        ([.logSumExp], 1), ([.weights, .maskedScores, .cappedScores, .rawScores], 2),
      ]
      for (details, workers) in sets {
        let result = try problem.run(path, details, workers: workers)
        let name = "\(Scalar.self) \(path) details \(details.rawValue)"
        let output = Comparison(result.output, exact.output, shape: rows + [3], absolute: bound(\.output, 1))
        #expect(output.isWithin, "\(name): output: \(output)")
        let given = result.details
        if details.contains(.logSumExp) {
          let sums = Comparison(given.logSumExp, exact.logSumExp, shape: rows, absolute: bound(\.logSumExp, 1))
          #expect(sums.isWithin, "\(name): log-sum-exp: \(sums)")
          continue
        }
        for (tensor, member) in [
          (given.rawScores, \AttentionOracle.Answer.rawScores), (given.cappedScores, \.cappedScores),
          (given.maskedScores, \.maskedScores), (given.weights, \.weights),
        ] {
          let comparison = Comparison(
            tensor, exact[keyPath: member], shape: rows + [example.keys], absolute: bound(member, 1))
          #expect(comparison.isWithin, "\(name): \(member): \(comparison)")
        }
      }
    }
  }
}

/// A case with its numbers drawn, for the package and for the oracle.
private struct ProgramProblem<Scalar: BLASScalar> {
  let example: ScoreProgramSweepTests.Case
  let queries: Tensor<Scalar>
  let keys: Tensor<Scalar>
  let values: Tensor<Scalar>
  let mask: AttentionMask<Scalar>
  let modifiers: AttentionModifiers<Scalar>
  let oracle: AttentionOracle

  init(_ example: ScoreProgramSweepTests.Case) throws {
    self.example = example
    let (h, g) = example.heads
    let (l, s, d, dv) = (example.queries, example.keys, 5, 3)
    var random = SeededGenerator(seed: example.seed)
    queries = try random.normal([1, h, l, d])
    keys = try random.normal([1, g, s, d])
    values = try random.normal([1, g, s, dv])
    let keep = try random.mask([h, l, s], probability: 0.8)
    let bias: Tensor<Scalar> = try random.normal([l, s])
    var mask = AttentionMask<Scalar>.none
    if example.isCausal { mask = mask & .causal }
    if example.hasKeep { mask = mask & .keep(keep) }
    if example.hasBias { mask = mask & .bias(bias) }
    if let pattern = example.pattern { mask = mask & .pattern(pattern) }
    self.mask = mask

    let masks = example.masks
    // Multiples of 1/8: the same in Float.
    let score: @Sendable (Double, Int, Int, Int, Int) -> Double = { score, _, head, query, key in
      if masks, (key * 5 + query * 3 + head) % 7 < 3 || query % 11 == 4 { return -.infinity }
      return score - Double((key + 2 * query + head) % 16) / 8
    }
    let probability: @Sendable (Double, Int, Int, Int, Int) -> Double = { weight, _, _, query, key in
      weight * Double(1 + (query + key) % 2) + 0.125
    }
    modifiers = AttentionModifiers(
      scoreProgram: ScoreProgramTests.program(score),
      probabilityProgram: example.changesWeights ? ScoreProgramTests.program(probability) : nil)

    var oracle = AttentionOracle()
    (oracle.heads, oracle.keyValueHeads, oracle.queryCount, oracle.keyCount) = (h, g, l, s)
    (oracle.headSize, oracle.valueHeadSize, oracle.softcap) = (d, dv, example.softcap ?? 0)
    (oracle.queries, oracle.keys, oracle.values) = (queries.doubles, keys.doubles, values.doubles)
    oracle.score = score
    if example.changesWeights { oracle.probability = probability }
    let (kept, biases) = (keep.elements, bias.doubles)
    oracle.isAttended = { _, head, query, key in
      let place = s - l + query
      if example.isCausal, key > place { return false }
      if example.hasKeep, !kept[(head * l + query) * s + key] { return false }
      if example.pattern != nil {
        let start = place - ((place % 100) + 100) % 100
        if key < start || key >= start + 100 { return false }
      }
      return true
    }
    if example.hasBias { oracle.bias = { _, _, query, key in biases[query * s + key] } }
    self.oracle = oracle
  }

  func run(_ path: AttentionPath, _ details: AttentionDetailSet, workers: Int) throws -> AttentionResult<Scalar> {
    try scaledDotProductAttention(
      queries: queries, keys: keys, values: values, mask: mask, modifiers: modifiers,
      options: AttentionOptions(
        softcap: example.softcap, alignment: .end, details: details, path: path, workers: workers))
  }
}
