import Testing

@testable import Attention

/// How a problem is computed: by which path, on how many workers, in which element type.
///
/// Problems and results are in Double, whose numbers a way in Float takes only where Float holds them exactly.
struct Way: Sendable, Hashable, CustomTestStringConvertible {
  enum Element: String, Sendable, CaseIterable { case float, double }

  var path: AttentionPath
  var element: Element
  var workers: Int

  var testDescription: String { "\(path.rawValue) in \(element.rawValue) on \(workers)" }

  /// Those that serve every option.
  static let paths: [AttentionPath] = [.reference, .blas, .tiled]

  /// Every path in both types on one worker and on two. The fused one gives outputs and log-sum-exp; see ``attend``.
  static let all: [Way] = (paths + [.fused]).flatMap { path in
    Element.allCases.flatMap { element in
      [1, 2].map { Way(path: path, element: element, workers: $0) }
    }
  }

  /// The largest finite number of the way's element type.
  var greatest: Double { element == .float ? Double(Float.greatestFiniteMagnitude) : .greatestFiniteMagnitude }

  /// How far a result may be from `expected`: SEMANTICS' element-wise bound for Float, and 1e-12 relative for Double.
  func tolerance(_ expected: Double) -> Double {
    element == .float ? 1e-5 + 2e-5 * abs(expected) : 1e-12 * max(1, abs(expected))
  }

  /// Those that serve every option themselves.
  static let complete = all.filter { $0.path != .fused }
}

/// What a way gave.
struct Outcome {
  var output: Tensor<Double>
  var rawScores: Tensor<Double>?
  var cappedScores: Tensor<Double>?
  var maskedScores: Tensor<Double>?
  var weights: Tensor<Double>?
  var logSumExp: Tensor<Double>?
}

extension AttentionDetailSet {
  static let all: AttentionDetailSet = [.rawScores, .cappedScores, .maskedScores, .weights, .logSumExp]
}

extension Way {
  /// The body of a score or probability program.
  typealias ProgramBody =
    @Sendable (_ score: Double, _ batch: Int, _ head: Int, _ query: Int, _ key: Int) -> Double

  /// The attention of these tensors, computed this way. Where the fused path is asked for more than output and log-sum-exp, the rest
  /// is the tiled path's, and all of it with dropout or a program.
  func attend(
    _ queries: Tensor<Double>, _ keys: Tensor<Double>, _ values: Tensor<Double>, heads: Int? = nil,
    keyValueHeads: Int? = nil, mask: AttentionMask<Double> = .none, scale: Double? = nil, softcap: Double? = nil,
    alignment: QueryAlignment? = nil, details: AttentionDetailSet = [], sinks: [Double]? = nil,
    dropout: AttentionDropout? = nil, score: ProgramBody? = nil, probability: ProgramBody? = nil
  ) throws -> Outcome {
    let changesScores = dropout != nil || score != nil || probability != nil
    if path == .fused, changesScores || !details.subtracting(.logSumExp).isEmpty {
      var tiled = self
      tiled.path = .tiled
      var outcome = try tiled.attend(
        queries, keys, values, heads: heads, keyValueHeads: keyValueHeads, mask: mask, scale: scale, softcap: softcap,
        alignment: alignment, details: details, sinks: sinks, dropout: dropout, score: score, probability: probability)
      if changesScores { return outcome }
      let fused = try attend(
        queries, keys, values, heads: heads, keyValueHeads: keyValueHeads, mask: mask, scale: scale, softcap: softcap,
        alignment: alignment, details: details.intersection(.logSumExp), sinks: sinks)
      (outcome.output, outcome.logSumExp) = (fused.output, fused.logSumExp)
      return outcome
    }
    let options = AttentionOptions(
      scale: scale, softcap: softcap, alignment: alignment, details: details, path: path, workers: workers)
    func computed<Scalar: BLASScalar>(_ type: Scalar.Type) throws -> Outcome {
      let result = try scaledDotProductAttention(
        queries: queries.converted(to: type), keys: keys.converted(to: type), values: values.converted(to: type),
        heads: heads, keyValueHeads: keyValueHeads, mask: mask.converted(to: type),
        modifiers: AttentionModifiers(
          sinks: sinks?.map { type.init($0) }, dropout: dropout, scoreProgram: score.map(ScoreProgramTests.program),
          probabilityProgram: probability.map(ScoreProgramTests.program)), options: options)
      return Outcome(
        output: try result.output.converted(to: Double.self),
        rawScores: try result.details.rawScores?.converted(to: Double.self),
        cappedScores: try result.details.cappedScores?.converted(to: Double.self),
        maskedScores: try result.details.maskedScores?.converted(to: Double.self),
        weights: try result.weights?.converted(to: Double.self),
        logSumExp: try result.logSumExp?.converted(to: Double.self))
    }
    return switch element {
    case .float: try computed(Float.self)
    case .double: try computed(Double.self)
    }
  }

  /// The options that choose this way.
  func options(
    alignment: QueryAlignment? = nil, details: AttentionDetailSet = [], softcap: Double? = nil
  ) -> AttentionOptions {
    AttentionOptions(softcap: softcap, alignment: alignment, details: details, path: path, workers: workers)
  }
}

extension AttentionMask {
  /// The same mask with biases in another type.
  func converted<Other: BLASScalar>(to type: Other.Type) throws -> AttentionMask<Other> {
    var mask = AttentionMask<Other>.none
    if isCausal { mask = mask & .causal }
    if windowLeft != nil || windowRight != nil { mask = mask & .window(left: windowLeft, right: windowRight) }
    if let keyLengths { mask = mask & .keyLengths(keyLengths) }
    for keep in keeps { mask = mask & .keep(keep) }
    if let pattern { mask = mask & .pattern(pattern) }
    for bias in biases { mask = mask & .bias(try bias.converted(to: type)) }
    if let positionBias, hasPositionBias { mask = mask & .positionBias(try positionBias.converted(to: type)) }
    return mask
  }
}

extension PositionBias {
  /// The same terms with tables in another type.
  func converted<Other: BLASScalar>(to type: Other.Type) throws -> PositionBias<Other> {
    let converted = try terms.map { term -> PositionBias<Other> in
      switch term {
      case .alibi(let headCount): .alibi(headCount: headCount)
      case .slopes(let slopes): .alibi(slopes: slopes)
      case .buckets(let table, let buckets):
        .buckets(
          table: try table.converted(to: type), isBidirectional: buckets.isBidirectional,
          maximumDistance: buckets.maximumDistance)
      case .distances(let table): .distances(table: try table.converted(to: type))
      }
    }
    let first = try #require(converted.first)
    return converted.dropFirst().reduce(first, +)
  }
}
