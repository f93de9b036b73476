internal import Attention
internal import Checkpoints

/// One `attention mha` without its files: PyTorch's `nn.MultiheadAttention` on the tensors of IN with the parameters in
/// STATE.
struct LayerRequest: Sendable {
  /// H
  var heads: Int
  var isCausal = false
  /// Whether a key and value of zeros follow those of every sequence.
  var addsZeroKey = false
  var axisOrder = AxisOrder.batchFirst
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
      try LayerState(names: names, prefix: prefix, addsZeroKey: addsZeroKey, axisOrder: axisOrder)
        .layer(of: $0, headCount: heads, as: type)
    }
    return try input.reading { file in
      let query = try file.tensor("query", convertedTo: type)
      let key = try file.tensor("key", convertedTo: type)
      let value = try file.tensor("value", convertedTo: type)
      let sizes = LayerSizes(query: query.shape, key: key.shape, axisOrder: axisOrder)
      var mask = try TorchMasks<Scalar>(file, sizes: sizes, headCount: heads).mask
      if isCausal { mask = mask & .causal }
      let options = AttentionOptions(alignment: .start, path: path, workers: threads)
      let attention = try InputShapes(query: query.shape, key: key.shape, value: value.shape).explaining {
        try layer(query: query, key: key, value: value, mask: mask, needsWeights: needsWeights, options: options)
      }

      var result = ResultFile()
      if explains, let sizes {
        result.explanation = try layer.plan(
          batch: sizes.batch, queries: sizes.queries, keys: sizes.keys, mask: mask, needsWeights: needsWeights,
          options: options
        ).explain()
      }
      let queryType = try file.realElement(of: "query")
      try result.add(attention.output, named: "output", as: queryType)
      if let weights = attention.weights { try result.add(weights, named: "weights", as: queryType) }
      return result
    }
  }
}
