import Attention
import Support
import Testing

/// A way to compute attention that promises a row the same bits whatever stands around it.
struct ReproducibleWay: Sendable, Hashable, CustomTestStringConvertible {
  enum Element: String, Sendable, CaseIterable { case float, double }

  var path: AttentionPath
  var element: Element
  /// Whether it is asked for the bits that a row has among any number of rows.
  var isReproducible = true

  var testDescription: String {
    "\(path.rawValue) in \(element.rawValue)\(isReproducible ? "" : ", few apart")"
  }

  /// The automatic path among them, which then is the fused one.
  static let all =
    [AttentionPath.fused, .reference].flatMap { path in
      Element.allCases.map { ReproducibleWay(path: path, element: $0) }
    } + [ReproducibleWay(path: .automatic, element: .float)]

  /// With those that may compute few rows otherwise than many.
  static let inAnyNumberOfRows =
    all + Element.allCases.map { ReproducibleWay(path: .fused, element: $0, isReproducible: false) }

  /// Plain loops: they have no blocks and tiles to be at the edge of, and take their time in tests.
  var isSlow: Bool { path == .reference }

  /// The options of every call that these tests make.
  func options(
    softcap: Double? = nil, alignment: QueryAlignment? = nil, details: AttentionDetailSet = .logSumExp, workers: Int = 1
  ) -> AttentionOptions {
    AttentionOptions(
      softcap: softcap, alignment: alignment, details: details, path: path, isReproducible: isReproducible,
      workers: workers)
  }

  /// Expects a plan to take the path that is meant.
  func expectPath<Scalar: BLASScalar>(of plan: AttentionPlan<Scalar>) {
    #expect(plan.path == (path == .automatic ? .fused : path), "\(plan.reason)")
  }
}

/// What happens to the scores of a ``ReproducibleProblem``.
enum ReproducibleScores: String, Sendable, CaseIterable, CustomTestStringConvertible {
  case plain, causal, window, masked, biased, softcapped, alibi, pattern, sinks

  var testDescription: String { rawValue }

  /// Those that a sequence has whose rows attend no later ones.
  static let ofSequences: [ReproducibleScores] = [.causal, .window, .softcapped, .alibi, .sinks]

  var isSoftcapped: Bool { self == .softcapped }

  /// All but the mask's tensors; ``ReproducibleProblem`` has those.
  func mask<Scalar: BLASScalar>(heads: Int) -> AttentionMask<Scalar> {
    switch self {
    case .plain, .masked, .biased: .none
    case .causal, .softcapped, .sinks: .causal
    case .window: .window(left: 37, right: 0)
    case .alibi: .causal & .positionBias(.alibi(slopes: (1...heads).map { 0.02 * Double($0) }))
    case .pattern: .pattern(.dilatedWindow(left: 300, right: 40, dilation: 3) | .globalTokens(2))
    }
  }

  func modifiers<Scalar: BLASScalar>(heads: Int) -> AttentionModifiers<Scalar> {
    self == .sinks ? AttentionModifiers(sinks: (0..<heads).map { Scalar($0) / 2 - 1 }) : .none
  }
}

/// Queries that stand at places of a sequence, of which parts can be taken.
struct ReproducibleProblem<Scalar: BLASScalar> {
  var queries: Tensor<Scalar>  // [B, H, L, D]
  var keys: Tensor<Scalar>  // [B, G, S, D]
  var values: Tensor<Scalar>  // [B, G, S, Dv]
  var scores: ReproducibleScores
  /// Where masked.
  var keep: Tensor<Bool>?  // [B, 1, L, S]
  /// Where biased.
  var bias: Tensor<Scalar>?  // [H, L, S]
  /// Where the first query stands.
  var place: Int
  var lengths: [Int]?

  /// The queries are the last of the sequence.
  init(
    batch: Int = 1, heads: Int = 6, keyValueHeads: Int = 2, queries l: Int, keys s: Int, _ scores: ReproducibleScores
  ) throws {
    var random = SeededGenerator(seed: UInt64(batch * 1_000_003 + l * 1009 + s))
    queries = try random.normal([batch, heads, l, 13])
    keys = try random.normal([batch, keyValueHeads, s, 13])
    values = try random.normal([batch, keyValueHeads, s, 11])
    if scores == .masked { keep = try random.mask([batch, 1, l, s], probability: 0.7) }
    if scores == .biased { bias = try random.uniform([heads, l, s], -3, 3) }
    (self.scores, place) = (scores, s - l)
  }

  var mask: AttentionMask<Scalar> {
    var mask: AttentionMask<Scalar> = scores.mask(heads: queries.shape[1])
    if let keep { mask = mask & .keep(keep) }
    if let bias { mask = mask & .bias(bias) }
    if let lengths { mask = mask & .keyLengths(lengths) }
    return mask
  }

  func attend(_ way: ReproducibleWay, workers: Int = 1) throws -> AttentionResult<Scalar> {
    let shape = try AttentionShape(queries: queries, keys: keys, values: values)
    let options = way.options(
      softcap: scores.isSoftcapped ? 1.5 : nil, alignment: .offset(place), workers: workers)
    let plan = try AttentionPlan(
      shape: shape, mask: mask, modifiers: scores.modifiers(heads: shape.heads), options: options)
    way.expectPath(of: plan)
    return try plan(queries: queries, keys: keys, values: values)
  }

  func taking(batch: Range<Int>) throws -> ReproducibleProblem {
    var part = self
    part.queries = try queries.sliced(axis: 0, batch)
    part.keys = try keys.sliced(axis: 0, batch)
    part.values = try values.sliced(axis: 0, batch)
    part.keep = try keep?.sliced(axis: 0, batch)
    part.lengths = lengths.map { Array($0[batch]) }
    return part
  }

  func taking(queries rows: Range<Int>) throws -> ReproducibleProblem {
    var part = self
    part.queries = try queries.sliced(axis: 2, rows)
    part.keep = try keep?.sliced(axis: 2, rows)
    part.bias = try bias?.sliced(axis: 1, rows)
    part.place += rows.lowerBound
    return part
  }

  func taking(keys count: Int) throws -> ReproducibleProblem {
    var part = self
    part.keys = try keys.sliced(axis: 2, 0..<count)
    part.values = try values.sliced(axis: 2, 0..<count)
    part.keep = try keep?.sliced(axis: 3, 0..<count)
    part.bias = try bias?.sliced(axis: 2, 0..<count)
    return part
  }
}

/// Expects a result to be, bit for bit, a part of another: some batch elements, some rows.
func expectSameBits<Scalar: BLASScalar>(
  _ actual: AttentionResult<Scalar>, _ whole: AttentionResult<Scalar>, batch: Range<Int>? = nil,
  rows: Range<Int>? = nil, _ what: @autoclosure () -> String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let (batch, rows) = (batch ?? 0..<whole.output.shape[0], rows ?? 0..<whole.output.shape[2])
  let output = try whole.output.sliced(axis: 0, batch).sliced(axis: 2, rows)
  #expect(actual.output.isBitwiseEqual(to: output), "output, \(what())", sourceLocation: sourceLocation)
  let logSumExp = try #require(whole.logSumExp).sliced(axis: 0, batch).sliced(axis: 2, rows)
  #expect(
    try #require(actual.logSumExp).isBitwiseEqual(to: logSumExp), "log-sum-exp, \(what())",
    sourceLocation: sourceLocation)
}
