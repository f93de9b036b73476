import Attention
import Support
import Testing

/// A rule, and for the gated ones what has a decay of its own.
enum LinearVariant: String, CaseIterable, CustomTestStringConvertible {
  case linear, delta
  case gatedByHead, gatedByKey, gatedDeltaByHead, gatedDeltaByKey

  var rule: LinearAttentionRule {
    switch self {
    case .linear: .linear
    case .delta: .delta
    case .gatedByHead, .gatedByKey: .gated
    case .gatedDeltaByHead, .gatedDeltaByKey: .gatedDelta
    }
  }
  var isDecayPerKey: Bool { self == .gatedByKey || self == .gatedDeltaByKey }
  var testDescription: String { rawValue }
}

/// Operands drawn for a variant: numbers that Float holds exactly, keys of length about 1.
struct LinearProblem {
  let variant: LinearVariant
  let batch: Int
  let heads: Int
  let keyValueHeads: Int
  let length: Int
  let headSize: Int
  let valueHeadSize: Int
  var queries: Tensor<Double>  // [B, H, L, D]
  var keys: Tensor<Double>  // [B, G, L, D]
  var values: Tensor<Double>  // [B, G, L, Dv]
  var decay: Tensor<Double>?  // [B, G, L] or [B, G, L, D]
  var beta: Tensor<Double>?  // [B, G, L]
  var state: Tensor<Double>?  // [B, G, D, Dv]

  /// - Parameter decaySpread: decays are drawn between −`decaySpread` and 0.
  init(
    _ variant: LinearVariant, batch: Int = 2, heads: Int = 6, keyValueHeads: Int = 3, length: Int, headSize: Int = 5,
    valueHeadSize: Int = 7, hasState: Bool = true, decaySpread: Double = 0.3, seed: UInt64 = 11
  ) throws {
    (self.variant, self.batch, self.heads, self.keyValueHeads) = (variant, batch, heads, keyValueHeads)
    (self.length, self.headSize, self.valueHeadSize) = (length, headSize, valueHeadSize)
    var random = SeededGenerator(seed: seed)
    func floats(_ shape: [Int], _ low: Double, _ high: Double) throws -> Tensor<Double> {
      try random.uniform(shape, low, high, as: Float.self).converted(to: Double.self)
    }
    queries = try floats([batch, heads, length, headSize], -2, 2)
    let drawn = try floats([batch, keyValueHeads, length, headSize], -1, 1)
    values = try floats([batch, keyValueHeads, length, valueHeadSize], -2, 2)
    keys = try Self.normalized(drawn, size: headSize)
    if variant.rule.usesDecay {
      let shape = [batch, keyValueHeads, length]
      decay = try floats(variant.isDecayPerKey ? shape + [headSize] : shape, -decaySpread, 0)
    }
    if variant.rule.usesBeta { beta = try floats([batch, keyValueHeads, length], 0, 1) }
    if hasState { state = try floats([batch, keyValueHeads, headSize, valueHeadSize], -1, 1) }
  }

  private static func normalized(_ rows: Tensor<Double>, size: Int) throws -> Tensor<Double> {
    var elements = rows.elements
    for row in stride(from: 0, to: elements.count, by: max(size, 1)) {
      let norm = elements[row..<(row + size)].reduce(0) { $0 + $1 * $1 }.squareRoot()
      for place in row..<(row + size) { elements[place] = Double(Float(elements[place] / norm)) }
    }
    return try Tensor(elements, shape: rows.shape)
  }

  var oracle: LinearOracle {
    var oracle = LinearOracle()
    (oracle.batch, oracle.heads, oracle.keyValueHeads, oracle.length) = (batch, heads, keyValueHeads, length)
    (oracle.headSize, oracle.valueHeadSize) = (headSize, valueHeadSize)
    (oracle.queries, oracle.keys, oracle.values) = (queries.elements, keys.elements, values.elements)
    oracle.decay = decay.map { decay in
      decay.rank == 4 ? decay.elements : decay.elements.flatMap { [Double](repeating: $0, count: headSize) }
    }
    oracle.beta = beta?.elements
    oracle.state = state?.elements
    return oracle
  }

  func solved<Scalar: BLASScalar>(
    _ type: Scalar.Type, path: LinearAttentionPath = .automatic, chunkSize: Int = 64, scale: Double? = nil,
    workers: Int? = nil
  ) throws -> LinearAttentionResult<Scalar> {
    try linearAttention(
      queries: queries.converted(to: type), keys: keys.converted(to: type), values: values.converted(to: type),
      rule: variant.rule, decay: decay?.converted(to: type), beta: beta?.converted(to: type),
      state: state.map { try LinearAttentionState($0.converted(to: type)) }, scale: scale, chunkSize: chunkSize,
      path: path, workers: workers)
  }

  /// The tokens of a range alone, beginning with a state.
  func part(_ tokens: Range<Int>, state: LinearAttentionState<Double>?) throws -> LinearProblem {
    var part = try LinearProblem(
      variant, batch: batch, heads: heads, keyValueHeads: keyValueHeads, length: tokens.count, headSize: headSize,
      valueHeadSize: valueHeadSize)
    part.queries = try queries.sliced(axis: 2, tokens)
    part.keys = try keys.sliced(axis: 2, tokens)
    part.values = try values.sliced(axis: 2, tokens)
    part.decay = try decay?.sliced(axis: 2, tokens)
    part.beta = try beta?.sliced(axis: 2, tokens)
    part.state = state?.tensor
    return part
  }
}

/// What a problem's results are held to: the exact answer, and how far plain loops in Float are off it.
struct LinearExpectation {
  let problem: LinearProblem
  let exact: LinearOracle.Answer
  private let naive: [LinearOracle.Answer]

  init(_ problem: LinearProblem) {
    self.problem = problem
    exact = problem.oracle.solve()
    naive = [problem.oracle.solve(.float), problem.oracle.solvedAsSums(.float)]
  }

  /// Expects output and state within the bound of their type. A path may be as far off as either way of computing it: a chunk sums
  /// over its tokens, the recurrence goes through the state.
  func expect<Scalar: BLASScalar>(
    _ result: LinearAttentionResult<Scalar>, _ what: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    func expect(_ name: String, _ actual: Tensor<Scalar>, _ part: (LinearOracle.Answer) -> [Double], _ shape: [Int]) {
      let exact = part(exact)
      let bound =
        Scalar.self == Double.self
        ? ErrorBound.double(exact, least: 1)
        : naive.map { ErrorBound.float(naive: part($0), exact: exact) }.max() ?? 0
      let comparison = Comparison(actual, exact, shape: shape, absolute: bound)
      #expect(comparison.isWithin, "\(what), \(Scalar.self), \(name): \(comparison)", sourceLocation: sourceLocation)
    }
    expect(
      "output", result.output, \.output, [problem.batch, problem.heads, problem.length, problem.valueHeadSize])
    expect(
      "state", result.state.tensor, \.state,
      [problem.batch, problem.keyValueHeads, problem.headSize, problem.valueHeadSize])
  }
}
