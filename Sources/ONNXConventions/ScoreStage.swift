package import Attention

/// A state of the score matrix: those of ONNX's `qk_matmul_output_mode` 0 to 3, in this order.
package enum ScoreStage: String, CaseIterable, Sendable {
  case raw
  case softcap
  case bias
  case probabilities

  /// - Parameter mode: `qk_matmul_output_mode`; nil for what is none of its values.
  package init?(mode: Int) {
    guard Self.allCases.indices.contains(mode) else { return nil }
    self = Self.allCases[mode]
  }

  package var detail: AttentionDetailSet {
    switch self {
    case .raw: .rawScores
    case .softcap: .cappedScores
    case .bias: .maskedScores
    case .probabilities: .weights
    }
  }

  /// The matrix among the details [B, H, L, S].
  package func matrix<Scalar>(of details: AttentionDetails<Scalar>) -> Tensor<Scalar>? {
    switch self {
    case .raw: details.rawScores
    case .softcap: details.cappedScores
    case .bias: details.maskedScores
    case .probabilities: details.weights
    }
  }
}
