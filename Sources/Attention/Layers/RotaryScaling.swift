/// How rotary frequencies are stretched so that a model reads longer sequences than it was trained on.
///
/// Unscaled, pair k of r / 2 turns by θₖ = base^(−2k/r) from one position to the next, one round in λₖ = 2π/θₖ positions. Factors are
/// finite numbers above 0, and 1 changes nothing; lengths are those that the model was trained on, in tokens.
public enum RotaryScaling: Sendable, Hashable {
  /// θₖ
  case none
  /// Position interpolation: θₖ / factor, as if positions were that much closer.
  ///
  /// - SeeAlso: Chen et al. (2023), "Extending context window of large language models via positional interpolation".
  case linear(factor: Double)
  /// NTK-aware: the base is multiplied by factor^(r/(r − 2)), so that the longest wave is stretched by the factor and the shortest
  /// stays.
  ///
  /// - SeeAlso: Peng et al. (2024), "YaRN: Efficient context window extension of large language models", section 3.1.
  case ntk(factor: Double)
  /// NTK-aware by the length of what is read: unscaled up to `originalLength`; for a length n beyond, the base is multiplied by
  /// (factor·n/originalLength − factor + 1)^(r/(r − 2)).
  ///
  /// Where no length is fixed (``RotaryPositions/fitted(toLength:precomputed:)``), n is the greatest position of a call + 1, so keys
  /// that were rotated in an earlier call keep that call's frequencies.
  ///
  /// - SeeAlso: Peng et al. (2024), section 3.3; the transformers library's `rope_type` "dynamic".
  case dynamicNTK(factor: Double, originalLength: Int)
  /// YaRN: waves with more than `betaFast` rounds in the original length stay, those with fewer than `betaSlow` are interpolated by
  /// the factor, and those between are mixed.
  ///
  /// - Parameters:
  ///   - factor: the new length over the old one.
  ///   - originalLength: what the model was trained on.
  ///   - betaFast: 32 in the paper.
  ///   - betaSlow: 1 in the paper.
  ///   - attentionFactor: multiplies rotated queries and keys, so that scores have its square, the inverse of the paper's
  ///     temperature; nil: 0.1·ln(factor) + 1 for a factor above 1, else 1.
  ///   - truncates: whether the ends of the mixed range are rounded outwards to whole pairs.
  /// - SeeAlso: Peng et al. (2024), definitions 2 and 3 and equations 22 and 23.
  case yarn(
    factor: Double, originalLength: Int, betaFast: Double = 32, betaSlow: Double = 1, attentionFactor: Double? = nil,
    truncates: Bool = true)
  /// As Llama 3.1: waves longer than originalLength / lowFrequencyFactor are interpolated by the factor, those shorter than
  /// originalLength / highFrequencyFactor stay, and those between are mixed.
  case llama3(
    factor: Double, originalLength: Int, lowFrequencyFactor: Double = 1, highFrequencyFactor: Double = 4)

  /// Whether frequencies depend on the length of what is read.
  var isDynamic: Bool {
    if case .dynamicNTK = self { return true }
    return false
  }

  /// What rotated numbers are multiplied by.
  var attentionFactor: Double {
    guard case .yarn(let factor, _, _, _, let attentionFactor, _) = self else { return 1 }
    return attentionFactor ?? (factor > 1 ? 0.1 * Self.naturalLogarithm(factor) + 1 : 1)
  }

  func validate(base: Double) throws(AttentionError) {
    switch self {
    case .none: return
    case .linear(let factor), .ntk(let factor):
      try Self.check("factor", factor)
    case .dynamicNTK(let factor, let length):
      try Self.check("factor", factor)
      try Self.check(length: length)
    case .yarn(let factor, let length, let fast, let slow, let attention, _):
      try Self.check("factor", factor)
      try Self.check(length: length)
      try Self.check("betaFast", fast)
      try Self.check("betaSlow", slow)
      if let attention { try Self.check("attentionFactor", attention) }
      guard fast > slow else {
        throw .argument(name: "betaFast", expected: "above betaSlow \(slow)", actual: "\(fast)")
      }
      guard base > 1 else { throw .argument(name: "base", expected: "above 1 for YaRN", actual: "\(base)") }
    case .llama3(let factor, let length, let low, let high):
      try Self.check("factor", factor)
      try Self.check(length: length)
      try Self.check("lowFrequencyFactor", low)
      try Self.check("highFrequencyFactor", high)
      guard high > low else {
        throw .argument(name: "highFrequencyFactor", expected: "above lowFrequencyFactor \(low)", actual: "\(high)")
      }
    }
  }

  private static func check(_ name: String, _ number: Double) throws(AttentionError) {
    guard number > 0, number.isFinite else {
      throw .argument(name: name, expected: "a finite number above 0", actual: "\(number)")
    }
  }

  private static func check(length: Int) throws(AttentionError) {
    guard length > 0 else { throw .argument(name: "originalLength", expected: "1 or more", actual: "\(length)") }
  }
}
