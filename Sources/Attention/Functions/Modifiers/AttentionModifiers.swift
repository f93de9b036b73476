internal import Tensors

/// What changes scores and weights beyond scale, softcap and mask.
///
/// Order: scale·Q·Kᵀ → softcap → score program → + bias and masks → softmax, with the sinks in its denominator → probability
/// program → dropout → ·V.
///
/// ```swift
/// let plan = try AttentionPlan<Float>(shape: shape, mask: .causal, modifiers: AttentionModifiers(sinks: sinks))
/// ```
public struct AttentionModifiers<Scalar: BLASScalar>: Sendable {
  /// One more logit for each head in the softmax's denominator, with no value: what it takes, the keys lose [H].
  ///
  /// Finite, or −∞ for none. A query that attends no key has output 0, and its sink as log-sum-exp.
  ///
  /// - SeeAlso: Xiao et al. (2024), "Efficient streaming language models with attention sinks"; Miller (2023), "Attention is off
  ///   by one", where the sink is 0.
  public var sinks: [Scalar]? {
    didSet { hasSinks = sinks?.isEmpty == false }
  }
  // Kept because unspecialised code as Swift 6.3.1 optimises it can't be trusted with `!= nil` on generic optionals.
  private(set) var hasSinks: Bool
  /// Weights set to 0 at random, in training.
  public var dropout: AttentionDropout?
  /// A function of every score, before bias and mask. Where it gives −∞ the key is masked.
  public var scoreProgram: ScoreProgram<Scalar>? {
    didSet { hasScoreProgram = scoreProgram != nil }
  }
  private(set) var hasScoreProgram: Bool
  /// A function of every weight, after the softmax. Those of masked places stay 0, whatever it gives there.
  public var probabilityProgram: ScoreProgram<Scalar>? {
    didSet { hasProbabilityProgram = probabilityProgram != nil }
  }
  private(set) var hasProbabilityProgram: Bool

  public init(
    sinks: [Scalar]? = nil, dropout: AttentionDropout? = nil, scoreProgram: ScoreProgram<Scalar>? = nil,
    probabilityProgram: ScoreProgram<Scalar>? = nil
  ) {
    self.sinks = sinks
    hasSinks = sinks?.isEmpty == false
    self.dropout = dropout
    self.scoreProgram = scoreProgram
    hasScoreProgram = scoreProgram != nil
    self.probabilityProgram = probabilityProgram
    hasProbabilityProgram = probabilityProgram != nil
  }

  /// Whether scores or weights are changed one by one.
  var changesScores: Bool {
    hasScoreProgram || hasProbabilityProgram || (dropout.map { $0.probability > 0 } ?? false)
  }

  /// None.
  public static var none: AttentionModifiers { AttentionModifiers() }

  func validate(for shape: AttentionShape) throws(AttentionError) {
    if let sinks {
      guard sinks.count == shape.heads else {
        throw .argument(name: "sinks", expected: "\(shape.heads), one per head", actual: "\(sinks.count)")
      }
      for sink in sinks where !(sink < .infinity) {
        throw .argument(name: "sink", expected: "finite, or -infinity for none", actual: "\(sink)")
      }
    }
    try dropout?.validate()
  }
}

extension AttentionModifiers: CustomStringConvertible {
  /// The modifiers in words, such as `sinks[8] & dropout(0.1, seed: 3)`.
  public var description: String {
    var parts: [String] = []
    if hasScoreProgram { parts.append("score program") }
    if let sinks { parts.append("sinks[\(sinks.count)]") }
    if hasProbabilityProgram { parts.append("probability program") }
    if let dropout, dropout.probability > 0 { parts.append("dropout(\(dropout.probability), seed: \(dropout.seed))") }
    return parts.isEmpty ? "none" : parts.joined(separator: " & ")
  }
}
