internal import Attention
internal import Checkpoints

/// What a command computed.
struct ResultFile: Sendable {
  private(set) var tensors = SafetensorsWriter()
  /// The plan in words; empty unless it was asked for.
  var explanation = ""

  /// Adds a tensor, each number rounded to an element type of a file's.
  mutating func add<Element: RealElement>(
    _ tensor: Tensor<Element>, named name: String, as type: any RealElement.Type
  ) throws {
    func rounded<Other: RealElement>(_ type: Other.Type) throws -> Tensor<Other> { try tensor.converted(to: type) }
    func add<Other: RealElement>(_ type: Other.Type) throws { try tensors.add(try rounded(type), named: name) }
    try add(type)
  }

  /// Adds the figures that an inspection found; numbers rounded to an element type, keys as I64.
  mutating func add<Scalar: BLASScalar>(_ insight: AttentionInsight<Scalar>, as type: any RealElement.Type) throws {
    for (name, tensor) in [
      ("entropy", insight.entropy), ("maximum_weight", insight.maximumWeight), ("top_weights", insight.topWeights),
      ("key_totals", insight.keyTotals),
    ] {
      if let tensor { try add(tensor, named: name, as: type) }
    }
    for (name, tensor) in [("maximum_key", insight.maximumKey), ("top_keys", insight.topKeys)] {
      if let tensor { try tensors.add(tensor, named: name) }
    }
  }

  /// Writes the file: whole, or not at all.
  func write(to path: String) throws {
    do {
      try tensors.write(to: path)
    } catch {
      guard case .notARegularFile = error else { throw ToolFailure.output("\(error)") }
      throw ToolFailure.output("can't write: \(error)")
    }
  }
}

extension ElementType {
  /// The Swift type of a floating-point element; nil for every other type.
  var realElement: (any RealElement.Type)? {
    switch self {
    case .float64: Double.self
    case .float32: Float.self
    case .float16: Float16.self
    case .bfloat16: BFloat16.self
    default: nil
    }
  }
}

extension SafetensorsFile {
  /// The type of a tensor that must be of floating point.
  func realElement(of name: String) throws -> any RealElement.Type {
    let type = try entry(name).type
    guard let element = type.realElement else {
      throw CheckpointError.wrongElementType(
        tensor: name, expected: "a floating-point type (F64, F32, F16, BF16)", actual: type)
    }
    return element
  }
}
