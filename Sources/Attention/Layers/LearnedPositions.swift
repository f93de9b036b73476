internal import Tensors

/// Positions as rows of a table that is learned like any other parameter.
///
/// ```swift
/// let positions = try LearnedPositions<Float>(capacity: 512, embeddingSize: 384, seed: 1)
/// let x = try positions(embedding(tokens))
/// ```
///
/// - SeeAlso: Gehring et al. (2017), "Convolutional sequence to sequence learning", section 3.1; in PyTorch models a
///   `torch.nn.Embedding` of the numbers 0, 1, 2, …
public struct LearnedPositions<Scalar: BLASScalar>: Positions {
  /// The table [capacity, E].
  public let weight: Tensor<Scalar>

  /// How many positions there are.
  public var capacity: Int { weight.layout.shape[0] }
  /// E: the size of a position's row.
  public var embeddingSize: Int { weight.layout.shape[1] }

  /// Positions of a given table.
  ///
  /// - Parameter weight: [capacity, E].
  /// - Throws: ``AttentionError/rank(name:expected:shape:)``; ``AttentionError/tensor(_:)`` when there is no memory for
  ///   a row-major copy of a view.
  public init(weight: Tensor<Scalar>) throws(AttentionError) {
    guard weight.rank == 2 else { throw .rank(name: "weight", expected: "2: [capacity, E]", shape: weight.shape) }
    self.weight = try rethrowing { () throws(TensorError) in try weight.contiguous() }
  }

  /// Positions of a freshly drawn table: normal numbers of mean 0.
  ///
  /// - Parameters:
  ///   - capacity: how many positions there are.
  ///   - embeddingSize: E.
  ///   - standardDeviation: of the numbers; that of PyTorch's `nn.Embedding` is 1, many language models' 0.02.
  ///   - seed: determines the table.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` for a size below 1 or a standard deviation that is
  ///   negative or not finite.
  public init(
    capacity: Int, embeddingSize: Int, standardDeviation: Double = 1, seed: UInt64
  ) throws(AttentionError) {
    for (name, size) in [("capacity", capacity), ("embeddingSize", embeddingSize)] where size < 1 {
      throw .argument(name: name, expected: "1 or more", actual: "\(size)")
    }
    var generator = Xoshiro256(seed: seed)
    try self.init(
      weight: Initialization.normal(
        [capacity, embeddingSize], standardDeviation: standardDeviation, using: &generator))
  }

  /// The rows of a range of positions, seen in place.
  ///
  /// - Parameter range: positions below the capacity.
  /// - Returns: [range.count, E].
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` for positions beyond the table.
  public func rows(_ range: Range<Int>) throws(AttentionError) -> Tensor<Scalar> {
    guard range.lowerBound >= 0, range.upperBound <= capacity else {
      throw .argument(
        name: "positions", expected: "within 0..<\(capacity), the rows of the table", actual: "\(range)")
    }
    return try rethrowing { () throws(TensorError) in try weight.sliced(axis: 0, range) }
  }
}
