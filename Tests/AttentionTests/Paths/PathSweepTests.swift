import Attention
import Support
import Testing

/// Every path, in Float and in Double, against the oracle.
@Suite struct PathSweepTests {
  @Test("Edges of L, S, D and Dv", arguments: SweepCase.edgeCases)
  func edges(_ sweepCase: SweepCase) throws {
    try check(sweepCase)
  }

  @Test("Every kind of mask", arguments: SweepCase.maskCases)
  func masks(_ sweepCase: SweepCase) throws {
    try check(sweepCase)
  }

  @Test("Edges of tiles and blocks", arguments: SweepCase.tileCases)
  func tiles(_ sweepCase: SweepCase) throws {
    try check(sweepCase)
  }

  @Test("Sizes where OpenBLAS changes its way", arguments: SweepCase.productCases)
  func products(_ sweepCase: SweepCase) throws {
    try check(sweepCase)
  }

  @Test("Heads that share keys and values, stacked", arguments: SweepCase.stackedCases)
  func stackedHeads(_ sweepCase: SweepCase) throws {
    try check(sweepCase)
  }

  @Test func everyAxisTakesEveryEdge() {
    let cases = SweepCase.edgeCases
    let edges = Set(cases.map(\.sizes.queries))
    #expect(edges.count == 21)
    #expect(Set(cases.map(\.sizes.keys)) == edges)
    #expect(Set(cases.map(\.sizes.headSize)) == edges)
    #expect(Set(cases.map(\.sizes.valueHeadSize)) == edges)
    #expect(Set(cases.map(\.mask)) == Set(SweepMask.allCases))
    #expect(!SweepCase.tileCases.isEmpty)
  }

  private func check(_ sweepCase: SweepCase) throws {
    try check(SweepProblem<Float>(sweepCase))
    try check(SweepProblem<Double>(sweepCase))
  }

  private func check<Scalar: BLASScalar>(_ problem: SweepProblem<Scalar>) throws {
    let exact = problem.oracle.solve()
    let naive = Scalar.self == Float.self ? problem.oracle.solve(.float) : nil
    let sizes = problem.sweepCase.sizes
    // The specification has no tiles, and is slow without optimisation: large problems do without it.
    let isLarge = sizes.queries * sizes.keys > 20_000
    for path in isLarge ? [AttentionPath.blas, .tiled, .fused] : [.reference, .blas, .tiled, .fused] {
      // Each set of details takes a way of its own through the blocks of scores.
      let sets: [AttentionDetailSet] = [
        .logSumExp,
        [
          [.rawScores, .cappedScores, .maskedScores, .weights, .logSumExp], [.weights, .logSumExp],
          [.maskedScores, .logSumExp],
        ][Int(problem.sweepCase.seed % 3)],
      ]
      // The specification has one way only; the fused path keeps no scores.
      for details in path == .reference ? sets.suffix(1) : path == .fused ? sets.prefix(1) : sets[...] {
        let result = try problem.run(path, details)
        let name = "\(Scalar.self) \(path), \(problem.sweepCase)"
        compare(result, problem, exact, naive, details, name)
        #expect(result.output.rank == problem.queries.rank, "\(name): rank of the output")
        let joined = try problem.headsFirst(result.output)
        let comparison = Comparison(
          joined, exact.output, shape: [sizes.batch, sizes.heads, sizes.queries, sizes.valueHeadSize],
          absolute: bound(naive?.output, exact.output, values: problem.oracle.values, least: 0))
        #expect(comparison.isWithin, "\(name), details \(details.rawValue): \(comparison)")
      }
    }
  }

  private func compare<Scalar: BLASScalar>(
    _ result: AttentionResult<Scalar>, _ problem: SweepProblem<Scalar>, _ exact: AttentionOracle.Answer,
    _ naive: AttentionOracle.Answer?, _ details: AttentionDetailSet, _ name: String
  ) {
    let s = problem.sweepCase.sizes
    let rows = [s.batch, s.heads, s.queries]
    let given = result.details
    for (detail, tensor, member) in [
      (AttentionDetailSet.rawScores, given.rawScores, \AttentionOracle.Answer.rawScores),
      (.cappedScores, given.cappedScores, \.cappedScores), (.maskedScores, given.maskedScores, \.maskedScores),
      (.weights, given.weights, \.weights), (.logSumExp, given.logSumExp, \.logSumExp),
    ] {
      guard details.contains(detail) else {
        #expect(tensor == nil, "\(name): detail \(detail.rawValue) was not asked for")
        continue
      }
      let expected = exact[keyPath: member]
      let comparison = Comparison(
        tensor, expected, shape: detail == .logSumExp ? rows : rows + [s.keys],
        absolute: bound(naive?[keyPath: member], expected, values: expected, least: 1))
      #expect(comparison.isWithin, "\(name): detail \(detail.rawValue): \(comparison)")
    }
  }

  /// What may be wrong of `exact`: in Float where `naive` is given, else in Double.
  private func bound(_ naive: [Double]?, _ exact: [Double], values: [Double], least: Double) -> Double {
    guard let naive else { return ErrorBound.double(values, least: least) }
    return ErrorBound.float(naive: naive, exact: exact)
  }
}
