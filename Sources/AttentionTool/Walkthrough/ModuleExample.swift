internal import Attention
internal import Checkpoints

/// The article's module of sections 5.2 to 5.4: four linear layers around attention in heads.
struct ModuleExample: Sendable {
  let layer: MultiHeadAttention<Double>
  /// [B, L, E]
  let query: Tensor<Double>
  /// [B, S, keySize]
  let key: Tensor<Double>
  /// [B, S, valueSize]
  let value: Tensor<Double>
  /// Attention between the projected inputs.
  let steps: AttentionSteps
  /// [B, L, E], by the layer in one call.
  let output: Tensor<Double>

  /// Tensors that an input file must have.
  static let inputNames = ["query", "key", "value"]

  init(layer: MultiHeadAttention<Double>, query: Tensor<Double>, key: Tensor<Double>, value: Tensor<Double>) throws {
    guard query.rank == 3 else {
      throw AttentionError.rank(name: "query", expected: "3: [B, L, E]", shape: query.shape)
    }
    // First, as it checks the shapes of all.
    output = try layer(query: query, key: key, value: value, workers: 1)
    (self.layer, self.query, self.key, self.value) = (layer, query, key, value)
    let projection = layer.inputProjection
    steps = try AttentionSteps(
      queries: projection.query(query, workers: 1), keys: projection.key(key, workers: 1),
      values: projection.value(value, workers: 1), headCount: layer.headCount)
  }

  /// A layer and inputs drawn from a seed: batch 2, length 3, d_model 4, as section 5.4 has them.
  ///
  /// Weights and biases are drawn as `nn.Linear` draws them, inputs as `torch.randn`; the numbers are not PyTorch's.
  ///
  /// - Throws: `AttentionError` where `headCount` does not divide 4.
  init(headCount: Int, seed: UInt64) throws {
    func linear(_ index: UInt64) throws -> Linear<Double> {
      try Linear(inputSize: 4, outputSize: 4, seed: seed &+ index)
    }
    let layer = try MultiHeadAttention(
      inputProjection: .separate(query: linear(0), key: linear(1), value: linear(2)), outputProjection: linear(3),
      headCount: headCount)
    try self.init(layer: layer, seed: seed)
  }

  /// A layer, and inputs of 2 sequences of 3 rows drawn from a seed.
  init(layer: MultiHeadAttention<Double>, seed: UInt64) throws {
    var generator = Xoshiro256(seed: seed &+ 4)
    func input(_ size: Int) throws -> Tensor<Double> { try Initialization.normal([2, 3, size], using: &generator) }
    try self.init(
      layer: layer, query: input(layer.embeddingSize), key: input(layer.keySize), value: input(layer.valueSize))
  }

  /// A layer of the parameters in a file in the article's names, and inputs from another file or from a seed.
  ///
  /// - Throws: ``ToolFailure`` that names the file at fault.
  init(state: InputFile, prefix: String, input: InputFile?, headCount: Int, seed: UInt64) throws {
    let layer = try state.reading {
      try LayerState(names: .article, prefix: prefix).layer(of: $0, headCount: headCount, as: Double.self)
    }
    guard let input else {
      self = try state.reading { _ in try ModuleExample(layer: layer, seed: seed) }
      return
    }
    self = try input.reading { file in
      let inputs = try Self.inputNames.map { try file.tensor($0, convertedTo: Double.self) }
      return try ModuleExample(layer: layer, query: inputs[0], key: inputs[1], value: inputs[2])
    }
  }
}
