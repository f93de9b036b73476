internal import Tensors

extension MultiHeadAttention {
  /// A layer of the parameters in a state dict; sizes, and whether there are biases, and a learned key and value, are
  /// those of its tensors.
  ///
  /// - Parameters:
  ///   - stateDict: tensors by name, as a checkpoint holds them. They are not copied, but for three separate weights of
  ///     one size, which are packed into one.
  ///   - prefix: what precedes every name, such as `encoder.layer.0.`.
  ///   - names: what the parameters are called.
  ///   - headCount: H, which no tensor tells.
  ///   - appendsZeroKey: whether a key and value of zeros follow those of the inputs (PyTorch's `add_zero_attn`), which
  ///     no tensor tells.
  ///   - axisOrder: the order of the leading axes of inputs and outputs.
  ///   - isStrict: whether other names under the prefix are an error.
  /// - Throws: ``AttentionError/stateDict(missing:unexpected:misshapen:)`` with everything that is wrong and the shapes
  ///   expected and found; ``AttentionError/argument(name:expected:actual:)`` when E is not a multiple of `headCount`.
  public init(
    stateDict: [String: Tensor<Scalar>], prefix: String = "", names: ParameterNames = .torch, headCount: Int,
    appendsZeroKey: Bool = false, axisOrder: AxisOrder = .batchFirst, isStrict: Bool = true
  ) throws(AttentionError) {
    let reader = StateDictReader(stateDict, prefix: prefix)
    let form = LayerForm(
      hasBias: names.biases.contains { reader.shape($0) != nil },
      hasLearnedKey: names.appended.contains { reader.shape($0) != nil }, hasZeroKey: appendsZeroKey,
      headCount: headCount, axisOrder: axisOrder)
    try self.init(reader, names, sizes: ParameterSizes(reader, names), form: form, isStrict: isStrict)
  }

  /// Replaces the parameters by those in a state dict, which must be of this layer's sizes, and have biases, and a
  /// learned key and value, if it has.
  ///
  /// - Parameters:
  ///   - stateDict: tensors by name.
  ///   - prefix: what precedes every name.
  ///   - names: what the parameters are called; for PyTorch's names this is
  ///     ``ParameterizedLayer/load(stateDict:prefix:isStrict:)``.
  ///   - isStrict: whether other names under the prefix are an error.
  /// - Throws: as ``init(stateDict:prefix:names:headCount:appendsZeroKey:axisOrder:isStrict:)``; the layer is unchanged then.
  public mutating func load(
    stateDict: [String: Tensor<Scalar>], prefix: String = "", names: ParameterNames, isStrict: Bool = true
  ) throws(AttentionError) {
    let isPacked = keySize == embeddingSize && valueSize == embeddingSize
    let sizes = ParameterSizes(
      embedding: embeddingSize, key: keySize, value: valueSize, isPacked: isPacked && names.packedWeight != nil)
    let form = LayerForm(
      hasBias: hasBias, hasLearnedKey: appendedKeys.isLearned, hasZeroKey: appendedKeys.hasZero, headCount: headCount,
      axisOrder: axisOrder)
    self = try MultiHeadAttention(
      StateDictReader(stateDict, prefix: prefix), names, sizes: sizes, form: form, isStrict: isStrict)
  }

  private init(
    _ reader: StateDictReader<Scalar>, _ names: ParameterNames, sizes: ParameterSizes, form: LayerForm, isStrict: Bool
  ) throws(AttentionError) {
    var reader = reader
    let size = sizes.embedding
    let packedSize = size.map { 3 * $0 }
    let inputs = [(size, "[E, E]"), (sizes.key, "[E, keySize]"), (sizes.value, "[E, valueSize]")]
    var weights: [Tensor<Scalar>?] = []
    if let name = names.packedWeight, sizes.isPacked {
      weights = [reader.take(name, [packedSize, size], "[3E, E]")]
    } else {
      for (name, (input, form)) in zip(names.separateWeights, inputs) {
        weights.append(reader.take(name, [size, input], form))
      }
    }
    let outputWeight = reader.take(names.outputWeight, [size, size], "[E, E]")
    var biases: [Tensor<Scalar>?] = []
    var outputBias: Tensor<Scalar>?
    if form.hasBias {
      if let name = names.packedBias {
        biases = [reader.take(name, [packedSize], "[3E]")]
      } else {
        for name in names.separateBiases { biases.append(name.flatMap { reader.take($0, [size], "[E]") }) }
      }
      outputBias = names.outputBias.flatMap { reader.take($0, [size], "[E]") }
    }
    var appended: [Tensor<Scalar>?] = []
    if form.hasLearnedKey {
      appended = names.appended.map { reader.take($0, [1, 1, size], "[1, 1, E]") }
    }
    try reader.finish(isStrict: isStrict)
    guard let outputWeight else { throw .stateDict(missing: [names.outputWeight], unexpected: [], misshapen: []) }
    let input = try InputProjection(weights: weights.compactMap { $0 }, biases: biases, names: names)
    try self.init(
      inputProjection: input, outputProjection: Linear(weight: outputWeight, bias: outputBias),
      headCount: form.headCount, appendedKeys: Self.appendedKeys(appended, form), axisOrder: form.axisOrder)
  }

  private static func appendedKeys(
    _ rows: [Tensor<Scalar>?], _ form: LayerForm
  ) throws(AttentionError) -> AppendedKeys<Scalar> {
    guard rows.count == 2, let key = rows[0], let value = rows[1] else { return AppendedKeys(hasZero: form.hasZeroKey) }
    return try AppendedKeys(key: key, value: value, hasZero: form.hasZeroKey)
  }
}

/// What a layer is besides its sizes.
private struct LayerForm {
  let hasBias: Bool
  let hasLearnedKey: Bool
  let hasZeroKey: Bool
  let headCount: Int
  let axisOrder: AxisOrder
}

/// The sizes that a state dict's tensors are expected to have; nil where no tensor tells.
private struct ParameterSizes {
  let embedding: Int?
  let key: Int?
  let value: Int?
  /// Whether the three weights are expected as one.
  let isPacked: Bool

  init(embedding: Int?, key: Int?, value: Int?, isPacked: Bool) {
    (self.embedding, self.key, self.value, self.isPacked) = (embedding, key, value, isPacked)
  }

  /// E is what most of the tensors' dimensions say, so that one tensor of a wrong shape is named as the wrong one.
  init<Scalar: BLASScalar>(_ reader: StateDictReader<Scalar>, _ names: ParameterNames) {
    func matrix(_ name: String?) -> (rows: Int, columns: Int)? {
      guard let name, let shape = reader.shape(name), shape.count == 2 else { return nil }
      return (shape[0], shape[1])
    }
    let separate = names.separateWeights.map(matrix)
    isPacked =
      names.packedWeight.map { name in
        reader.shape(name) != nil || names.separateWeights.allSatisfy { reader.shape($0) == nil }
      } ?? false
    var votes: [Int] = []
    if let output = matrix(names.outputWeight) { votes += [output.rows, output.columns] }
    if isPacked {
      if let packed = matrix(names.packedWeight) { votes += [packed.columns, packed.rows / 3] }
    } else {
      votes += separate.compactMap { $0?.rows } + (separate[0].map { [$0.columns] } ?? [])
    }
    // What an int can hold three times; a larger one is no size of these tensors.
    let counts = Dictionary(votes.filter { $0 <= Int.max / 3 }.map { ($0, 1) }, uniquingKeysWith: +)
    embedding = counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key
    key = separate[1]?.columns ?? embedding
    value = separate[2]?.columns ?? embedding
  }
}
