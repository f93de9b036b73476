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
/// Parameters and results are those of PyTorch's `nn.MultiheadAttention`, but for a query with nothing to attend: its
/// output row is the output projection's bias and its weights are 0, where PyTorch gives NaN. `add_bias_kv` and
/// `add_zero_attn` are ``appendedKeys``, `batch_first` is ``axisOrder``. Where shapes say [B, L, E], inputs and outputs
/// are [L, B, E] with ``AxisOrder/sequenceFirst``; weights are [B, L, S] in both, and with appended keys S counts those.
///
/// - SeeAlso: Vaswani et al. (2017), "Attention is all you need", section 3.2.2.
public struct MultiHeadAttention<Scalar: BLASScalar>: Sendable {
  /// H
  public let headCount: Int
  /// Makes queries, keys and values.
  public let inputProjection: InputProjection<Scalar>
  /// Mixes the joined heads [E, E].
  public let outputProjection: Linear<Scalar>
  /// Keys and values of the layer's own behind those of its inputs.
  public let appendedKeys: AppendedKeys<Scalar>
  /// The order of the leading axes of inputs and outputs.
  public let axisOrder: AxisOrder
  /// Rotates queries and keys after the projection, each to its position; nil: not.
  ///
  /// A key's position is its index in the sequence, or in the cache; a query's is where the alignment places it, so that L ≠ S needs
  /// one. ``appendedKeys`` are not rotated. In a cache a key stays as it was rotated when it was appended: scaling that follows the
  /// length is to be fitted before (``RotaryPositions/fitted(toLength:precomputed:)``).
  public var rotaryPositions: RotaryPositions<Scalar>? {
    didSet { isRotary = rotaryPositions.map { _ in true } ?? false }
  }
  // Kept because unspecialised code as Swift 6.3.1 optimises it can't be trusted with `!= nil` on generic optionals.
  private(set) var isRotary = false
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
  ///   - appendedKeys: keys and values of the layer's own.
  ///   - axisOrder: the order of the leading axes of inputs and outputs.
  /// - Throws: ``AttentionError`` naming what does not fit.
  public init(
    inputProjection: InputProjection<Scalar>, outputProjection: Linear<Scalar>, headCount: Int,
    appendedKeys: AppendedKeys<Scalar> = .none, axisOrder: AxisOrder = .batchFirst
  ) throws(AttentionError) {
    try inputProjection.validate()
    let size = inputProjection.embeddingSize
    guard outputProjection.weight.shape == [size, size] else {
      throw .shape(
        name: "output projection weight", expected: "[E, E] = [\(size), \(size)]",
        actual: outputProjection.weight.shape)
    }
    try Self.check(headCount: headCount, embeddingSize: size)
    try appendedKeys.validate(embeddingSize: size)
    self.headCount = headCount
    (self.appendedKeys, self.axisOrder) = (appendedKeys, axisOrder)
    self.inputProjection = try inputProjection.packedWherePossible()
    inputBias = try self.inputProjection.packedBias()
    self.outputProjection = outputProjection
  }

  /// A layer of freshly drawn parameters, as `nn.MultiheadAttention` draws them: the packed weight, or each of the
  /// three, by Xavier's uniform distribution, the output weight as `nn.Linear` does, all biases 0; a learned key and
  /// value by Xavier's normal distribution.
  ///
  /// - Parameters:
  ///   - embeddingSize: E.
  ///   - headCount: H, a divisor of E.
  ///   - keySize: the size of a key's row; nil: E.
  ///   - valueSize: the size of a value's row; nil: E.
  ///   - hasBias: whether the projections have biases.
  ///   - appendsLearnedKey: whether a learned key and value follow those of the inputs (PyTorch's `add_bias_kv`).
  ///   - appendsZeroKey: whether a key and value of zeros follow (PyTorch's `add_zero_attn`).
  ///   - axisOrder: the order of the leading axes of inputs and outputs.
  ///   - seed: determines the parameters.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)``.
  public init(
    embeddingSize: Int, headCount: Int, keySize: Int? = nil, valueSize: Int? = nil, hasBias: Bool = true,
    appendsLearnedKey: Bool = false, appendsZeroKey: Bool = false, axisOrder: AxisOrder = .batchFirst, seed: UInt64
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
    // Drawn last, so that a layer without them has the same other parameters.
    let appended =
      appendsLearnedKey
      ? try AppendedKeys<Scalar>(embeddingSize: embeddingSize, hasZero: appendsZeroKey, using: &generator)
      : AppendedKeys(hasZero: appendsZeroKey)
    try self.init(
      inputProjection: input, outputProjection: output, headCount: headCount, appendedKeys: appended,
      axisOrder: axisOrder)
  }

  private static func check(headCount: Int, embeddingSize: Int) throws(AttentionError) {
    guard headCount >= 1, embeddingSize % headCount == 0 else {
      throw .argument(
        name: "headCount", expected: "a divisor of embeddingSize \(embeddingSize)", actual: "\(headCount)")
    }
  }
}
