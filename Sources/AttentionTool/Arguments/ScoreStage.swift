internal import ArgumentParser
internal import Attention

/// `--stage`: which state of the score matrix is written (ONNX `qk_matmul_output_mode` 0 to 3).
enum ScoreStage: String, CaseIterable, ExpressibleByArgument, Sendable {
  case raw
  case softcap
  case bias
  case probabilities

  var detail: AttentionDetailSet {
    switch self {
    case .raw: .rawScores
    case .softcap: .cappedScores
    case .bias: .maskedScores
    case .probabilities: .weights
    }
  }

  /// The matrix among the details [B, H, L, S].
  func matrix<Scalar>(of details: AttentionDetails<Scalar>) -> Tensor<Scalar>? {
    switch self {
    case .raw: details.rawScores
    case .softcap: details.cappedScores
    case .bias: details.maskedScores
    case .probabilities: details.weights
    }
  }
}
