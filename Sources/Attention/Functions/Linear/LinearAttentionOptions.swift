/// Which algorithm computes linear attention. Both serve every rule and agree within rounding.
public enum LinearAttentionPath: String, Sendable, Hashable, CaseIterable {
  /// Chunks where they are faster.
  case automatic = "auto"
  /// Token by token, in plain loops: the specification.
  case recurrent
  /// Chunks of tokens by matrix products, the state carried from chunk to chunk.
  case chunked
}

/// How linear attention is to be computed, besides its operands and its rule.
public struct LinearAttentionOptions: Sendable, Hashable {
  /// Factor of the output; nil: 1/√D. Finite.
  public var scale: Double?
  /// Tokens that a chunk has at most: matters for speed and scratch, not for the result beyond rounding. 1 or more.
  public var chunkSize: Int
  /// The algorithm; one asked for by name is never replaced.
  public var path: LinearAttentionPath
  /// Threads to share the work; nil: ``/Tensors/Workers/count``, or fewer where the work is too small to share.
  public var workers: Int?

  public init(
    scale: Double? = nil, chunkSize: Int = 32, path: LinearAttentionPath = .automatic, workers: Int? = nil
  ) {
    self.scale = scale
    self.chunkSize = chunkSize
    self.path = path
    self.workers = workers
  }

  func validate<Scalar: BLASScalar>(for type: Scalar.Type) throws(AttentionError) {
    if let scale, !Scalar(scale).isFinite {
      throw .argument(name: "scale", expected: "a finite \(type)", actual: "\(scale)")
    }
    guard chunkSize >= 1 else {
      throw .argument(name: "chunkSize", expected: "1 or more", actual: "\(chunkSize)")
    }
    if let workers, workers < 1 {
      throw .argument(name: "workers", expected: "1 or more", actual: "\(workers)")
    }
  }
}
