/// Which algorithm computes the attention. They agree within rounding; all but ``fused`` serve every option.
public enum AttentionPath: String, Sendable, Hashable, CaseIterable {
  /// The plan chooses; ``AttentionPlan/explain()`` says what and why.
  case automatic = "auto"
  /// Plain loops: the specification.
  case reference
  /// Whole rows of scores by GEMM, softmax, GEMM.
  case blas
  /// Tiles of keys with an online softmax: scratch does not grow with S.
  case tiled
  /// Tiles computed as a whole by kernels without BLAS: fastest, and the same bits for a row whatever stands beside it. Not for
  /// details with a value for every score, nor for programs or dropout.
  case fused
}

/// What a call gives besides its output.
public struct AttentionDetailSet: OptionSet, Sendable, Hashable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// Scaled QKᵀ, computed for masked places too [B, H, L, S] (ONNX `qk_matmul_output_mode` 0).
  public static let rawScores = AttentionDetailSet(rawValue: 1)
  /// After softcap, masked places too (mode 1).
  public static let cappedScores = AttentionDetailSet(rawValue: 2)
  /// After bias and mask, −∞ where masked (mode 2).
  public static let maskedScores = AttentionDetailSet(rawValue: 4)
  /// The probabilities, 0 where masked (mode 3).
  public static let weights = AttentionDetailSet(rawValue: 8)
  /// log Σⱼ e^score per row [B, H, L]; −∞ for a row with nothing to attend.
  public static let logSumExp = AttentionDetailSet(rawValue: 16)

  /// Those that need a value for every score.
  static let matrices: AttentionDetailSet = [.rawScores, .cappedScores, .maskedScores, .weights]
}

/// How an attention problem is to be solved, besides its shape and mask.
public struct AttentionOptions: Sendable, Hashable {
  /// Factor of QKᵀ; nil: 1/√D. Finite.
  public var scale: Double?
  /// c in c·tanh(score/c), applied before bias and mask; nil or 0: none. Not negative, finite.
  public var softcap: Double?
  /// Where queries stand among the keys; needed for causal, window or a position bias when L ≠ S.
  public var alignment: QueryAlignment?
  /// What to give besides the output.
  public var details: AttentionDetailSet
  /// The algorithm; one asked for by name is never replaced.
  public var path: AttentionPath
  /// Whether a row gets the same bits however many queries the call has: prefill then equals decoding token by token. Only the
  /// fused and reference paths can, and the automatic choice is among them. Decoding takes longer: its kernels may not add in
  /// the order that is fastest for them, nor may workers share one head's keys. Without it, a row still has the same bits in any batch and
  /// on any number of workers there.
  public var isReproducible: Bool
  /// Threads to share the work, as asked; nil: ``/Tensors/Workers/count`` when the plan is made, or fewer where the work is too small to share.
  public var workers: Int?

  public init(
    scale: Double? = nil, softcap: Double? = nil, alignment: QueryAlignment? = nil, details: AttentionDetailSet = [],
    path: AttentionPath = .automatic, isReproducible: Bool = false, workers: Int? = nil
  ) {
    self.scale = scale
    self.softcap = softcap
    self.alignment = alignment
    self.details = details
    self.path = path
    self.isReproducible = isReproducible
    self.workers = workers
  }

  /// Checks the numbers as `Scalar` has them: beyond its range they would become infinite, or a softcap 0.
  func validate<Scalar: BLASScalar>(for type: Scalar.Type) throws(AttentionError) {
    if let scale, !Scalar(scale).isFinite {
      throw .argument(name: "scale", expected: "a finite \(type)", actual: "\(scale)")
    }
    if let softcap, !(softcap == 0 || (Scalar(softcap) > 0 && Scalar(softcap).isFinite)) {
      throw .argument(name: "softcap", expected: "a finite \(type), 0 or more", actual: "\(softcap)")
    }
    if isReproducible, path == .blas || path == .tiled {
      throw .argument(name: "path", expected: "fused, reference or auto, to be reproducible", actual: path.rawValue)
    }
    if let workers, workers < 1 {
      throw .argument(name: "workers", expected: "1 or more", actual: "\(workers)")
    }
  }
}
