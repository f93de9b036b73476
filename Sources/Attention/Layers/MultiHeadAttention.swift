internal import Tensors

/// Multi-head attention: queries, keys and values are projected, attended in H heads of E / H features each, joined and
/// projected again.
///
///     MultiHead(Q, K, V) = [head₁ … head_H]·Wᴼᵀ + bᴼ,  head_h = softmax(q_h·k_hᵀ / √(E/H))·v_h
///
/// ```swift
/// let layer = try MultiHeadAttention<Float>(embeddingSize: 384, headCount: 12, seed: 1)
/// let y = try layer(x)                                    // self-attention, [B, L, 384]
/// let z = try layer(query: x, key: memory, value: memory)  // cross-attention
/// ```
///
/// Parameters and results are those of PyTorch's `nn.MultiheadAttention` with `batch_first=True`, but for a query with
/// nothing to attend: its output row is the output projection's bias and its weights are 0, where PyTorch gives NaN.
///
/// - SeeAlso: Vaswani et al. (2017), "Attention is all you need", section 3.2.2.
public struct MultiHeadAttention<Scalar: BLASScalar>: Sendable {
  /// H
  public let headCount: Int
  /// Makes queries, keys and values.
  public let inputProjection: InputProjection<Scalar>
  /// Mixes the joined heads [E, E].
  public let outputProjection: Linear<Scalar>
  /// The biases of query, key and value in one [3E], 0 where one of them has none; nil: none has.
  let inputBias: Tensor<Scalar>?

  /// E: the size of a query's row and of an output's row.
  public var embeddingSize: Int { outputProjection.outputSize }
  /// D = E / H: features of a head.
  public var headSize: Int { embeddingSize / headCount }
  /// The size of a key's row (PyTorch's `kdim`).
  public var keySize: Int { inputProjection.keySize }
  /// The size of a value's row (PyTorch's `vdim`).
  public var valueSize: Int { inputProjection.valueSize }
  /// Whether the projections have biases.
  public var hasBias: Bool { inputProjection.hasBias || outputProjection.bias != nil }

  /// A layer of given parameters.
  ///
  /// - Parameters:
  ///   - inputProjection: [3E, E] packed, or [E, E], [E, keySize], [E, valueSize], which are packed if the sizes are
  ///     one.
  ///   - outputProjection: [E, E].
  ///   - headCount: H, a divisor of E.
  /// - Throws: ``AttentionError`` naming what does not fit.
  public init(
    inputProjection: InputProjection<Scalar>, outputProjection: Linear<Scalar>, headCount: Int
  ) throws(AttentionError) {
    try inputProjection.validate()
    let size = inputProjection.embeddingSize
    guard outputProjection.weight.shape == [size, size] else {
      throw .shape(
        name: "output projection weight", expected: "[E, E] = [\(size), \(size)]",
        actual: outputProjection.weight.shape)
    }
    try Self.check(headCount: headCount, embeddingSize: size)
    self.headCount = headCount
    self.inputProjection = try inputProjection.packedWherePossible()
    inputBias = try self.inputProjection.packedBias()
    self.outputProjection = outputProjection
  }

  /// A layer of freshly drawn parameters, as `nn.MultiheadAttention` draws them: the packed weight, or each of the
  /// three, by Xavier's uniform distribution, the output weight as `nn.Linear` does, all biases 0.
  ///
  /// - Parameters:
  ///   - embeddingSize: E.
  ///   - headCount: H, a divisor of E.
  ///   - keySize: the size of a key's row; nil: E.
  ///   - valueSize: the size of a value's row; nil: E.
  ///   - hasBias: whether the projections have biases.
  ///   - seed: determines the parameters.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)``.
  public init(
    embeddingSize: Int, headCount: Int, keySize: Int? = nil, valueSize: Int? = nil, hasBias: Bool = true, seed: UInt64
  ) throws(AttentionError) {
    let (keySize, valueSize) = (keySize ?? embeddingSize, valueSize ?? embeddingSize)
    for (name, size) in [("embeddingSize", embeddingSize), ("keySize", keySize), ("valueSize", valueSize)] {
      // Three times the size is still a size for BLAS.
      guard size >= 1, size <= Int(Int32.max) / 3 else {
        throw .argument(name: name, expected: "1...\(Int32.max / 3)", actual: "\(size)")
      }
    }
    try Self.check(headCount: headCount, embeddingSize: embeddingSize)
    var generator = Xoshiro256(seed: seed)
    func layer(_ outputSize: Int, _ weight: Tensor<Scalar>) throws(AttentionError) -> Linear<Scalar> {
      let bias = try rethrowing { () throws(TensorError) in
        hasBias ? try Tensor<Scalar>(zeros: [outputSize]) : nil
      }
      return try Linear(weight: weight, bias: bias)
    }
    func projection(_ outputSize: Int, _ inputSize: Int) throws(AttentionError) -> Linear<Scalar> {
      try layer(outputSize, Initialization.xavierUniform([outputSize, inputSize], using: &generator))
    }
    let input: InputProjection<Scalar> =
      keySize == embeddingSize && valueSize == embeddingSize
      ? .packed(try projection(3 * embeddingSize, embeddingSize))
      : .separate(
        query: try projection(embeddingSize, embeddingSize), key: try projection(embeddingSize, keySize),
        value: try projection(embeddingSize, valueSize))
    let output = try layer(
      embeddingSize, Initialization.fanInUniform([embeddingSize, embeddingSize], using: &generator))
    try self.init(inputProjection: input, outputProjection: output, headCount: headCount)
  }

  private static func check(headCount: Int, embeddingSize: Int) throws(AttentionError) {
    guard headCount >= 1, embeddingSize % headCount == 0 else {
      throw .argument(
        name: "headCount", expected: "a divisor of embeddingSize \(embeddingSize)", actual: "\(headCount)")
    }
  }
}
