internal import ArgumentParser

/// `--window LEFT,RIGHT`: how many keys a query attends before and after its own place; nil: all.
struct KeyWindow: Equatable, Sendable {
  let left: Int?
  let right: Int?

  /// Two whole numbers of -1 (unbounded, as in ONNX opset 25) or more.
  ///
  /// - Throws: `ValidationError` that says what was expected.
  init(argument: String) throws {
    let fields = argument.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = fields.compactMap { Int($0) }
    guard fields.count == 2, numbers.count == 2, numbers.allSatisfy({ $0 >= -1 }) else {
      throw ValidationError("expected two whole numbers LEFT,RIGHT of 0 or more, or -1 for unbounded")
    }
    left = numbers[0] == -1 ? nil : numbers[0]
    right = numbers[1] == -1 ? nil : numbers[1]
  }
}
