internal import Attention
internal import Checkpoints

/// One `attention mha` without its files: PyTorch's `nn.MultiheadAttention` with `batch_first=True` on the tensors of IN with the
/// parameters in STATE.
struct LayerRequest: Sendable {
  /// H
  var heads: Int
  var isCausal = false
  var needsWeights = HeadWeights.none
  var names = ParameterNames.Preset.torch
  /// What precedes every parameter's name, such as `encoder.layer.0.`.
  var prefix = ""
  var path = AttentionPath.automatic
  var precision: Precision?
  var threads: Int?
  /// Whether the result says how it was computed.
  var explains = false

  static let inputNames = ["query", "key", "value", "attn_mask", "key_padding_mask"]

  /// - Throws: ``ToolFailure`` that names the file at fault.
  func callAsFunction(_ input: InputFile, state: InputFile) throws -> ResultFile {
    let precision = try input.reading { try self.precision ?? Precision(query: $0.entry("query").type) }
    switch precision {
    case .f32: return try compute(in: Float.self, input, state)
    case .f64: return try compute(in: Double.self, input, state)
    }
  }

  private func compute<Scalar: BLASScalar>(
    in type: Scalar.Type, _ input: InputFile, _ state: InputFile
  ) throws -> ResultFile {
    let layer = try state.reading {
      try LayerState(names: names, prefix: prefix).layer(of: $0, headCount: heads, as: type)
    }
    return try input.reading { file in
      let query = try file.tensor("query", convertedTo: type)
      let key = try file.tensor("key", convertedTo: type)
      let value = try file.tensor("value", convertedTo: type)
      var mask = try TorchMasks<Scalar>(file, query: query.shape, key: key.shape, headCount: heads).mask
      if isCausal { mask = mask & .causal }
      let options = AttentionOptions(alignment: .start, path: path, workers: threads)
      let attention = try InputShapes(query: query.shape, key: key.shape, value: value.shape).explaining {
        try layer(query: query, key: key, value: value, mask: mask, needsWeights: needsWeights, options: options)
      }

      var result = ResultFile()
      if explains {
        result.explanation = try explanation(layer, query: query.shape, key: key.shape, mask: mask, options: options)
      }
      let queryType = try file.realElement(of: "query")
      try result.add(attention.output, named: "output", as: queryType)
      if let weights = attention.weights { try result.add(weights, named: "weights", as: queryType) }
      return result
    }
  }

  private func explanation<Scalar: BLASScalar>(
    _ layer: MultiHeadAttention<Scalar>, query: [Int], key: [Int], mask: AttentionMask<Scalar>,
    options: AttentionOptions
  ) throws -> String {
    try layer.plan(
      batch: query.count == 3 ? query[0] : 1, queries: query[query.count - 2], keys: key[key.count - 2], mask: mask,
      needsWeights: needsWeights, options: options
    ).explain()
  }
}
