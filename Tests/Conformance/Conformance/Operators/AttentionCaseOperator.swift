internal import Attention
internal import Checkpoints
internal import ONNXConventions

/// ONNX `Attention`, opset 23 to 25, by ``/Attention/scaledDotProductAttention(queries:keys:values:heads:keyValueHeads:mask:options:)``
/// on every path.
package enum AttentionCaseOperator: CaseOperator {
  package static let name = "Attention"
  package static let inputs: Set = ["Q", "K", "V", "attn_mask", "past_key", "past_value", "nonpad_kv_seqlen"]
  package static let attributes: Set = [
    "is_causal", "kv_num_heads", "left_window_size", "q_num_heads", "qk_matmul_output_mode", "right_window_size",
    "scale",
    "softcap", "softmax_precision",
  ]

  package static func results(of test: ConformanceCase) throws -> [CaseResult] {
    switch try CaseArithmetic(test, query: "Q") {
    case .float: try AttentionCase<Float>(test).results()
    case .double: try AttentionCase<Double>(test).results()
    }
  }
}

/// The operator's inputs and attributes as arguments of the library.
private struct AttentionCase<Scalar: BLASScalar> {
  let test: ConformanceCase
  let queries: Tensor<Scalar>
  /// Those of the past first.
  let keys: Tensor<Scalar>
  let values: Tensor<Scalar>
  let heads: Int?
  let keyValueHeads: Int?
  let mask: AttentionMask<Scalar>
  let alignment: QueryAlignment
  let stage: ScoreStage?

  init(_ test: ConformanceCase) throws {
    self.test = test
    heads = try test.integer("q_num_heads")
    keyValueHeads = try test.integer("kv_num_heads")
    queries = try test.input("Q", as: Scalar.self)
    let past = test.hasInput("past_key") ? try test.input("past_key", as: Scalar.self) : nil
    keys = try Self.joined(test, past: past, "K", heads: keyValueHeads)
    let pastValues = test.hasInput("past_value") ? try test.input("past_value", as: Scalar.self) : nil
    values = try Self.joined(test, past: pastValues, "V", heads: keyValueHeads)
    let shape = try AttentionShape(
      queries: queries, keys: keys, values: values, heads: heads, keyValueHeads: keyValueHeads)
    let lengths = test.hasInput("nonpad_kv_seqlen") ? try test.integers("nonpad_kv_seqlen").elements : nil
    mask = try Self.mask(test, shape: shape, lengths: lengths)
    alignment = .onnx(pastLength: past?.shape[2], keyLengths: lengths, queries: shape.queries)
    stage = try Self.stage(test)
  }

  /// [B, G, P + S, D]; without a past as it stands in the case.
  private static func joined(
    _ test: ConformanceCase, past: Tensor<Scalar>?, _ name: String, heads: Int?
  ) throws -> Tensor<Scalar> {
    let new = try test.input(name, as: Scalar.self)
    guard let past else { return new }
    return try Tensor.keyRows(past: past, new: new.rank == 3 ? new.splittingHeads(heads ?? past.shape[1]) : new)
  }

  private static func mask(
    _ test: ConformanceCase, shape: AttentionShape, lengths: [Int]?
  ) throws -> AttentionMask<Scalar> {
    var mask = AttentionMask<Scalar>.none
    if test.hasInput("attn_mask") {
      if try test.inputType("attn_mask") == .bool {
        mask = .keep(try test.booleans("attn_mask").onnxMask(masked: false, shape: shape))
      } else {
        mask = .bias(try test.input("attn_mask", as: Scalar.self).onnxMask(masked: -.infinity, shape: shape))
      }
    }
    if try test.integer("is_causal") ?? 0 != 0 { mask = mask & .causal }
    mask =
      try mask & .window(left: test.integer("left_window_size"), right: test.integer("right_window_size"))
    if let lengths { mask = mask & .keyLengths(lengths) }
    return mask
  }

  private static func stage(_ test: ConformanceCase) throws -> ScoreStage? {
    guard test.header.outputs.contains(where: { $0.name == "qk_matmul_output" }) else { return nil }
    let mode = try test.integer("qk_matmul_output_mode") ?? 0
    guard let stage = ScoreStage(mode: mode) else {
      throw ConformanceError.attributeValue(name: "qk_matmul_output_mode", expected: "0...3", actual: "\(mode)")
    }
    return stage
  }

  func results() throws -> [CaseResult] {
    try AttentionWay.all.serving(everyOption: stage != nil).map {
      CaseResult(way: $0.description, outputs: try outputs($0))
    }
  }

  private func outputs(_ way: AttentionWay) throws -> [String: CaseOutput] {
    let result = try scaledDotProductAttention(
      queries: queries, keys: keys, values: values, heads: heads, keyValueHeads: keyValueHeads, mask: mask,
      options: AttentionOptions(
        scale: test.number("scale"), softcap: test.number("softcap"), alignment: alignment,
        details: stage?.detail ?? [], path: way.path, workers: way.workers))
    var outputs = ["Y": try CaseOutput(result.output, roundedTo: test.inputType("Q"))]
    if let stage, let scores = stage.matrix(of: result.details) {
      outputs["qk_matmul_output"] = try CaseOutput(scores, roundedTo: test.inputType("Q"))
    }
    for (name, tensor, source) in [("present_key", keys, "K"), ("present_value", values, "V")] where tensor.rank == 4 {
      outputs[name] = try CaseOutput(tensor, roundedTo: test.inputType(source))
    }
    return outputs
  }
}
