/// What a state dict calls the parameters of multi-head attention.
///
/// ```swift
/// let layer = try MultiHeadAttention<Float>(
///   stateDict: tensors, prefix: "encoder.layer.0.", names: .bert, headCount: 12)
/// ```
public struct ParameterNames: Sendable, Hashable {
  /// The weight of query, key and value in one [3E, E], where their inputs are of one size; nil: always three weights.
  public var packedWeight: String?
  /// The biases of query, key and value in one [3E]; nil: three biases.
  public var packedBias: String?
  /// [E, E]
  public var queryWeight: String
  /// [E, keySize]
  public var keyWeight: String
  /// [E, valueSize]
  public var valueWeight: String
  /// [E]; nil: the model has none (taken as 0). Likewise for key and value.
  public var queryBias: String?
  public var keyBias: String?
  public var valueBias: String?
  /// [1, 1, E], the learned key of ``AppendedKeys``; nil: the model has none. Likewise for its value.
  public var appendedKey: String?
  public var appendedValue: String?
  /// [E, E]
  public var outputWeight: String
  /// [E]; nil: the model has none.
  public var outputBias: String?

  public init(
    packedWeight: String? = nil, packedBias: String? = nil, queryWeight: String, keyWeight: String,
    valueWeight: String, queryBias: String? = nil, keyBias: String? = nil, valueBias: String? = nil,
    appendedKey: String? = nil, appendedValue: String? = nil, outputWeight: String, outputBias: String? = nil
  ) {
    (self.packedWeight, self.packedBias) = (packedWeight, packedBias)
    (self.queryWeight, self.keyWeight, self.valueWeight) = (queryWeight, keyWeight, valueWeight)
    (self.queryBias, self.keyBias, self.valueBias) = (queryBias, keyBias, valueBias)
    (self.appendedKey, self.appendedValue) = (appendedKey, appendedValue)
    (self.outputWeight, self.outputBias) = (outputWeight, outputBias)
  }

  /// Four linear layers, each with `.weight` and `.bias`.
  ///
  /// - Parameters: the layers' names, such as `attention.self.query`.
  public init(query: String, key: String, value: String, output: String) {
    self.init(
      queryWeight: query + ".weight", keyWeight: key + ".weight", valueWeight: value + ".weight",
      queryBias: query + ".bias", keyBias: key + ".bias", valueBias: value + ".bias",
      outputWeight: output + ".weight", outputBias: output + ".bias")
  }

  /// PyTorch's `nn.MultiheadAttention`: `in_proj_weight`, `in_proj_bias`, `out_proj.weight`, `out_proj.bias`; where
  /// sizes differ `q_proj_weight`, `k_proj_weight`, `v_proj_weight`; with `add_bias_kv` also `bias_k`, `bias_v`.
  public static let torch = ParameterNames(
    packedWeight: "in_proj_weight", packedBias: "in_proj_bias", queryWeight: "q_proj_weight",
    keyWeight: "k_proj_weight", valueWeight: "v_proj_weight", appendedKey: "bias_k", appendedValue: "bias_v",
    outputWeight: "out_proj.weight", outputBias: "out_proj.bias")

  /// `query_linear`, `key_linear`, `value_linear` and `out_linear`.
  public static let article = ParameterNames(
    query: "query_linear", key: "key_linear", value: "value_linear", output: "out_linear")

  /// A layer of BERT as the transformers library names it: `attention.self.query` … `attention.output.dense`.
  public static let bert = ParameterNames(
    query: "attention.self.query", key: "attention.self.key", value: "attention.self.value",
    output: "attention.output.dense")

  /// The presets by the names that a command line takes.
  public enum Preset: String, Sendable, Hashable, CaseIterable {
    case torch
    case article
    case bert
  }

  /// The names of a preset.
  public init(_ preset: Preset) {
    switch preset {
    case .torch: self = .torch
    case .article: self = .article
    case .bert: self = .bert
    }
  }

  /// The names of the preset `torch`, `article` or `bert`.
  ///
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` for any other.
  public init(preset name: String) throws(AttentionError) {
    guard let preset = Preset(rawValue: name) else {
      let choices = Preset.allCases.map(\.rawValue).joined(separator: ", ")
      throw .argument(name: "names", expected: "one of \(choices)", actual: name)
    }
    self.init(preset)
  }

  /// The separate weights, query first.
  var separateWeights: [String] { [queryWeight, keyWeight, valueWeight] }
  /// The separate biases, query first.
  var separateBiases: [String?] { [queryBias, keyBias, valueBias] }
  /// The names of the learned key and value, where the model has both.
  var appended: [String] {
    guard let appendedKey, let appendedValue else { return [] }
    return [appendedKey, appendedValue]
  }
  /// The names of all biases that there are.
  var biases: [String] {
    (packedBias.map { [$0] } ?? separateBiases.compactMap { $0 }) + [outputBias].compactMap { $0 }
  }
}
