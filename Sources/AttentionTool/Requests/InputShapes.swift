internal import Attention

/// The shapes of query, key and value as they stand in the file, for messages that show what a tensor was held against.
struct InputShapes: Sendable {
  let query: [Int]
  let key: [Int]
  let value: [Int]
  /// Said of a key whose shape does not fit: the option that was most likely forgotten.
  var keyHint = ""

  /// Runs `body`; an error about a size or a tensor is given with the tensor's name, its shape and another's.
  func explaining<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as AttentionError {
      throw explained(error)
    }
  }

  private func explained(_ error: AttentionError) -> AttentionError {
    switch error {
    case .headCounts(let heads, let keyValueHeads):
      let expected = "a number of heads (here \(keyValueHeads)) that divides the \(heads) of query \(query)"
      return .shape(name: "key", expected: expected + keyHint, actual: key)
    case .shape(let name, let expected, let actual):
      // Most show another shape themselves.
      let other = expected.contains("[") ? "" : beside(name)
      return .shape(name: name, expected: expected + other + (name == "key" ? keyHint : ""), actual: actual)
    case .argument(let size, let expected, _):
      guard let name = Self.tensor(of: size) else { return error }
      return .shape(name: name, expected: "\(size) of \(expected)" + beside(name), actual: shape(name))
    case .tooLarge(let operand, let shape):
      guard let name = Self.tensor(of: operand) else { return error }
      return .shape(
        name: name, expected: "fewer elements than \(operand) of shape \(shape) have" + beside(name),
        actual: self.shape(name))
    default:
      return error
    }
  }

  /// The tensor that a size of ``AttentionShape`` is read from; nil for what is none.
  private static func tensor(of size: String) -> String? {
    switch size {
    case "batch", "heads", "queries", "headSize", "output": "query"
    case "keyValueHeads", "keys": "key"
    case "valueHeadSize", "values": "value"
    default: nil
    }
  }

  private func shape(_ name: String) -> [Int] { name == "query" ? query : name == "key" ? key : value }

  private func beside(_ name: String) -> String {
    let other = name == "query" ? "key" : "query"
    return " (\(other) has shape \(shape(other)))"
  }
}
