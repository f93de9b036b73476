import Attention
import Support
import Testing

/// What holds of attention whatever the numbers are, on every path.
@Suite struct PathIdentityTests {
  static let paths = [AttentionPath.reference, .blas, .tiled, .fused]

  @Test(arguments: paths.filter { $0 != .fused }) func weightsOfARowSumToOne(_ path: AttentionPath) throws {
    func check<Scalar: BLASScalar>(_ problem: IdentityProblem<Scalar>) throws {
      let lengths = AttentionMask<Scalar>.keyLengths([0, problem.keyCount])
      for mask in [AttentionMask<Scalar>.none, lengths, lengths & .causal] {
        let result = try problem.run(path, mask: mask, details: [.weights, .logSumExp])
        let weights = try #require(result.weights).doubles
        let sums = stride(from: 0, to: weights.count, by: problem.keyCount).map {
          weights[$0..<($0 + problem.keyCount)].reduce(0, +)
        }
        let isEmpty = try #require(result.logSumExp).doubles.map { $0 == -.infinity }
        let comparison = Comparison(
          sums, isEmpty.map { $0 ? 0 : 1 }, shape: [2, 6, problem.queryCount],
          absolute: Double(problem.keyCount) * problem.epsilon)
        #expect(comparison.isWithin, "\(Scalar.self) \(path), \(mask): \(comparison)")
        #expect(weights.allSatisfy { (0...1).contains($0) })
      }
    }
    try check(IdentityProblem<Float>())
    try check(IdentityProblem<Double>())
  }

  @Test(arguments: paths) func permutingKeysWithValuesChangesNothing(_ path: AttentionPath) throws {
    func check<Scalar: BLASScalar>(_ problem: IdentityProblem<Scalar>) throws {
      var random = SeededGenerator(seed: 11)
      let order = random.permutation(problem.keyCount)
      let bias: Tensor<Scalar> = try random.normal([6, problem.queryCount, problem.keyCount])
      var permuted = problem
      permuted.keys = try problem.keys.taking(order, axis: 2)
      permuted.values = try problem.values.taking(order, axis: 2)
      let before = try problem.run(path, mask: .bias(bias)).output
      let after = try permuted.run(path, mask: .bias(bias.taking(order, axis: 2))).output
      problem.expectEqual(after, before, "\(path)")
    }
    try check(IdentityProblem<Float>())
    try check(IdentityProblem<Double>())
  }

  @Test(arguments: paths) func causalPrefixDoesNotSeeItsFuture(_ path: AttentionPath) throws {
    func check<Scalar: BLASScalar>(_ problem: IdentityProblem<Scalar>) throws {
      var random = SeededGenerator(seed: 12)
      let (seen, count) = (problem.queryCount / 2, problem.keyCount)
      var other = problem
      // Rows below `seen` attend keys below it: all later keys and values become other numbers.
      let future: Tensor<Scalar> = try random.normal(problem.keys.shape)
      other.keys = try problem.keys.replacing(from: seen, by: future, axis: 2)
      other.values = try problem.values.replacing(from: seen, by: random.normal(problem.values.shape), axis: 2)
      #expect(count > seen)
      let mask = AttentionMask<Scalar>.causal
      let before = try problem.run(path, mask: mask, alignment: .start).output
      let after = try other.run(path, mask: mask, alignment: .start).output
      let past = 0..<seen
      #expect(
        try before.sliced(axis: 2, past).isBitwiseEqual(to: after.sliced(axis: 2, past)),
        "\(Scalar.self) \(path): the first \(seen) rows")
      #expect(
        try !before.sliced(axis: 2, seen..<problem.queryCount).isBitwiseEqual(
          to: after.sliced(axis: 2, seen..<problem.queryCount)), "\(Scalar.self) \(path): later rows do see it")
    }
    try check(IdentityProblem<Float>())
    try check(IdentityProblem<Double>())
  }

  @Test(arguments: paths) func scaleFoldsIntoQueries(_ path: AttentionPath) throws {
    func check<Scalar: BLASScalar>(_ problem: IdentityProblem<Scalar>) throws {
      var folded = problem
      folded.queries = try problem.queries.map { $0 * 0.25 }
      // A power of two: nothing is rounded differently.
      let (outside, inside) = (try problem.run(path, scale: 0.25).output, try folded.run(path, scale: 1).output)
      #expect(outside.isBitwiseEqual(to: inside), "\(Scalar.self) \(path), scale 0.25")
      folded.queries = try problem.queries.map { $0 * 0.3 }
      problem.expectEqual(
        try folded.run(path, scale: 1).output, try problem.run(path, scale: 0.3).output, scale: 0.3, "\(path)")
    }
    try check(IdentityProblem<Float>())
    try check(IdentityProblem<Double>())
  }

  @Test(arguments: paths.filter { $0 != .fused }) func constantInABiasRowMovesOnlyLogSumExp(_ path: AttentionPath)
    throws
  {
    func check<Scalar: BLASScalar>(_ problem: IdentityProblem<Scalar>) throws {
      var random = SeededGenerator(seed: 13)
      let bias: Tensor<Scalar> = try random.normal([2, 1, problem.queryCount, problem.keyCount])
      let constant: Tensor<Scalar> = try random.uniform([problem.queryCount, 1], -4, 4)
      let details: AttentionDetailSet = [.weights, .logSumExp]
      let before = try problem.run(path, mask: .bias(bias), details: details)
      let after = try problem.run(path, mask: .bias(bias) & .bias(constant), details: details)
      problem.expectEqual(after.output, before.output, "\(path)")
      // Scores stay below 16, and each is rounded once as a bias is added and once as the maximum is subtracted.
      let rounding = 2 * 16 * problem.epsilon
      let row = constant.doubles
      let moved = try #require(before.logSumExp).doubles.enumerated().map { $1 + row[$0 % row.count] }
      let comparison = Comparison(
        after.logSumExp, moved, shape: [2, 6, problem.queryCount], absolute: rounding)
      #expect(comparison.isWithin, "\(Scalar.self) \(path), log-sum-exp: \(comparison)")
      let weights = Comparison(
        after.weights, try #require(before.weights).doubles, shape: [2, 6, problem.queryCount, problem.keyCount],
        absolute: rounding)
      #expect(weights.isWithin, "\(Scalar.self) \(path), weights: \(weights)")
    }
    try check(IdentityProblem<Float>())
    try check(IdentityProblem<Double>())
  }

  @Test(arguments: paths) func outputLiesWithinTheValuesAttended(_ path: AttentionPath) throws {
    func check<Scalar: BLASScalar>(_ problem: IdentityProblem<Scalar>) throws {
      let output = try problem.run(path, mask: .causal, alignment: .start).output
      let rounding = Double(problem.keyCount) * problem.epsilon * 8
      for (batch, head, query) in [(0, 0, 0), (0, 5, 1), (1, 2, 2), (1, 5, problem.queryCount - 1)] {
        for column in 0..<problem.valueHeadSize {
          let attended = (0...query).map { problem.values[batch, head / 3, $0, column].asDouble }
          let low = try #require(attended.min()) - rounding
          let high = try #require(attended.max()) + rounding
          let value = output[batch, head, query, column].asDouble
          #expect(
            low <= value && value <= high,
            "\(Scalar.self) \(path) at [\(batch), \(head), \(query), \(column)]: \(value) outside \(low)...\(high)")
        }
      }
    }
    try check(IdentityProblem<Float>())
    try check(IdentityProblem<Double>())
  }

  @Test(arguments: paths) func outputIsLinearInValues(_ path: AttentionPath) throws {
    func check<Scalar: BLASScalar>(_ problem: IdentityProblem<Scalar>) throws {
      var random = SeededGenerator(seed: 14)
      var (second, sum) = (problem, problem)
      second.values = try random.normal(problem.values.shape)
      sum.values = try Tensor(
        zip(problem.values.elements, second.values.elements).map { 0.5 * $0 - 0.75 * $1 }, shape: problem.values.shape)
      let (x, y) = (try problem.run(path).output, try second.run(path).output)
      let combined = try Tensor(zip(x.elements, y.elements).map { 0.5 * $0 - 0.75 * $1 }, shape: x.shape)
      problem.expectEqual(try sum.run(path).output, combined, "\(path)")
    }
    try check(IdentityProblem<Float>())
    try check(IdentityProblem<Double>())
  }
}

/// Queries, keys and values for the identities, of sizes that are different primes (H = 6 over G = 2).
private struct IdentityProblem<Scalar: BLASScalar> {
  let queryCount = 29
  let keyCount = 37
  let headSize = 11
  let valueHeadSize = 5
  var queries: Tensor<Scalar>
  var keys: Tensor<Scalar>
  var values: Tensor<Scalar>

  init() throws {
    var random = SeededGenerator(seed: 3)
    queries = try random.normal([2, 6, 29, 11])
    keys = try random.normal([2, 2, 37, 11])
    values = try random.normal([2, 2, 37, 5])
  }

  /// Between 1 and the next number.
  var epsilon: Double { Scalar.self == Float.self ? Double(Float.ulpOfOne) : Double.ulpOfOne }

  func run(
    _ path: AttentionPath, mask: AttentionMask<Scalar> = .none, alignment: QueryAlignment = .end, scale: Double? = nil,
    details: AttentionDetailSet = []
  ) throws -> AttentionResult<Scalar> {
    try scaledDotProductAttention(
      queries: queries, keys: keys, values: values, mask: mask,
      options: AttentionOptions(scale: scale, alignment: alignment, details: details, path: path))
  }

  /// Two results that are equal but for rounding: each within the bound of the exact one.
  func expectEqual(
    _ actual: Tensor<Scalar>, _ expected: Tensor<Scalar>, scale: Double? = nil, _ name: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var oracle = AttentionOracle()
    (oracle.batch, oracle.heads, oracle.keyValueHeads) = (2, 6, 2)
    (oracle.queryCount, oracle.keyCount) = (queryCount, keyCount)
    (oracle.headSize, oracle.valueHeadSize) = (headSize, valueHeadSize)
    (oracle.queries, oracle.keys, oracle.values) = (queries.doubles, keys.doubles, values.doubles)
    oracle.scale = scale
    let bound =
      Scalar.self == Float.self
      ? ErrorBound.float(naive: oracle.solve(.float).output, exact: oracle.solve().output)
      : ErrorBound.double(oracle.values)
    let comparison = Comparison(
      actual, expected.doubles, shape: [2, 6, queryCount, valueHeadSize], absolute: 2 * bound)
    #expect(comparison.isWithin, "\(Scalar.self) \(name): \(comparison)", sourceLocation: sourceLocation)
  }
}

extension Tensor {
  /// The same with the indices of an axis in another order.
  fileprivate func taking(_ order: [Int], axis: Int) throws -> Tensor {
    let moved = try transposed(0, axis)
    let parts = try order.flatMap { try moved.selecting(axis: 0, $0).elements }
    return try Tensor(parts, shape: moved.shape).transposed(0, axis)
  }

  /// The same with another tensor's elements from an index of an axis on.
  fileprivate func replacing(from index: Int, by other: Tensor, axis: Int) throws -> Tensor {
    let (mine, theirs) = (try transposed(0, axis), try other.transposed(0, axis))
    let size = shape[axis]
    let elements =
      try mine.sliced(axis: 0, 0..<index).elements + theirs.sliced(axis: 0, index..<size).elements
    return try Tensor(elements, shape: mine.shape).transposed(0, axis)
  }
}
