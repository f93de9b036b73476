internal import Checkpoints

/// The type that a case is computed in; 16-bit inputs are converted to it, and the outputs rounded once at the end.
enum CaseArithmetic {
  case float
  case double

  /// `softmax_precision` by its number in ONNX's `TensorProto.DataType`.
  private enum SoftmaxPrecision: Int {
    case float = 1
    case float16 = 10
    case double = 11
    case bfloat16 = 16
  }

  /// - Throws: ``ConformanceError/attributeValue(name:expected:actual:)`` for a `softmax_precision` that is no type of floating
  ///   point.
  init(_ test: ConformanceCase, query: String) throws {
    let isDouble = try test.inputType(query) == .float64
    guard let number = try test.integer("softmax_precision") else {
      self = isDouble ? .double : .float
      return
    }
    guard let precision = SoftmaxPrecision(rawValue: number) else {
      throw ConformanceError.attributeValue(
        name: "softmax_precision", expected: "1, 10, 11 or 16", actual: "\(number)")
    }
    // The whole is computed as precisely as the softmax is asked to be; Float is never less precise than a 16-bit type.
    self = isDouble || precision == .double ? .double : .float
  }
}
