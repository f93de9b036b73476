internal import Attention
internal import Checkpoints
internal import ONNXConventions

/// One `attention run` without its files: translates the tensors of IN and the options to a plan, and its results to the
/// tensors of OUT, by the rules of the ONNX operator `Attention` (opset 25).
struct RunRequest: Sendable {
  enum Causality: Sendable {
    case none
    /// Offset by ``QueryAlignment/onnx(pastLength:keyLengths:queries:)``.
    case onnx
    /// The last query stands at the last key.
    case bottomRight
  }

  /// H of a query of rank 3.
  var heads: Int?
  /// G of a key and value of rank 3; nil: H.
  var keyValueHeads: Int?
  var scale: Double?
  var softcap: Double?
  var causality = Causality.none
  var window: KeyWindow?
  var stage: ScoreStage?
  var givesLogSumExp = false
  /// Figures about the weights; nil: none.
  var inspection: AttentionInspection?
  var path = AttentionPath.automatic
  var precision: Precision?
  var threads: Int?
  /// Whether the result says how it was computed.
  var explains = false

  static let inputNames = ["query", "key", "value", "mask", "kv_lengths", "past_key", "past_value"]

  /// - Throws: `CheckpointError`, `AttentionError` or `TensorError` for what is wrong with the tensors, ``ToolFailure/usage(_:)``
  ///   for an option that they need.
  func callAsFunction(_ file: SafetensorsFile) throws -> ResultFile {
    switch try precision ?? Precision(query: file.entry("query").type) {
    case .f32: try compute(in: Float.self, file)
    case .f64: try compute(in: Double.self, file)
    }
  }

  private func compute<Scalar: BLASScalar>(in type: Scalar.Type, _ file: SafetensorsFile) throws -> ResultFile {
    let queries = try file.tensor("query", convertedTo: type)
    var keys = try file.tensor("key", convertedTo: type)
    var values = try file.tensor("value", convertedTo: type)
    if queries.rank == 3, heads == nil {
      throw ToolFailure.usage("query has shape \(queries.shape), [B, L, H·D] of rank 3, which needs --heads H")
    }
    // The sizes without the past first, so that messages show the shapes that stand in the file.
    var inputs = InputShapes(query: queries.shape, key: keys.shape, value: values.shape)
    if keys.rank == 3, keyValueHeads == nil {
      inputs.keyHint = "; without --kv-heads it has \(heads ?? queries.shape[1]) heads"
    }
    var shape = try inputs.explaining {
      try AttentionShape(queries: queries, keys: keys, values: values, heads: heads, keyValueHeads: keyValueHeads)
    }

    var result = ResultFile()
    let past = try KeyValuePast(file, keyValueHeads: shape.keyValueHeads)
    if let past {
      let alone = shape
      shape = try inputs.explaining { try past.prepended(to: alone) }
      keys = try past.prepended(to: "key", as: type, into: &result)
      values = try past.prepended(to: "value", as: type, into: &result)
    }
    let lengths = try KeyLengths(file, shape: shape, hasPast: past != nil)

    let mask: AttentionMask<Scalar> = try mask(file, shape: shape, lengths: lengths)
    let options = options(past: past, lengths: lengths, queries: shape.queries)
    let plan = try blamingOptions { try AttentionPlan<Scalar>(shape: shape, mask: mask, options: options) }
    let attention = try plan(queries: queries, keys: keys, values: values)
    if explains { result.explanation = plan.explain() }

    let queryType = try file.realElement(of: "query")
    try result.add(attention.output, named: "output", as: queryType)
    if let stage, let scores = stage.matrix(of: attention.details) {
      try result.add(scores, named: "scores", as: queryType)
    }
    if let logSumExp = attention.logSumExp {
      try result.add(logSumExp, named: "log_sum_exp", as: type)
    }
    if let inspection {
      try result.add(try plan.inspect(inspection, queries: queries, keys: keys), as: type)
    }
    return result
  }

  /// Runs `body`; a number that the type computed in does not have is the option's fault, not the file's.
  private func blamingOptions<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch AttentionError.argument(let name, let expected, let actual) where name == "scale" || name == "softcap" {
      throw ToolFailure.usage("--\(name) is \(actual), expected \(expected)")
    }
  }

  private func mask<Scalar: BLASScalar>(
    _ file: SafetensorsFile, shape: AttentionShape, lengths: KeyLengths?
  ) throws -> AttentionMask<Scalar> {
    var mask = try ONNXMask<Scalar>(file, shape: shape)?.mask ?? .none
    if causality != .none { mask = mask & .causal }
    if let window { mask = mask & .window(left: window.left, right: window.right) }
    if let lengths { mask = mask & .keyLengths(lengths.lengths) }
    return mask
  }

  private func options(past: KeyValuePast?, lengths: KeyLengths?, queries: Int) -> AttentionOptions {
    var details = stage?.detail ?? []
    if givesLogSumExp { details.insert(.logSumExp) }
    let alignment: QueryAlignment =
      causality == .bottomRight
      ? .end : .onnx(pastLength: past?.length, keyLengths: lengths?.lengths, queries: queries)
    return AttentionOptions(
      scale: scale, softcap: softcap, alignment: alignment, details: details, path: path, workers: threads)
  }
}
