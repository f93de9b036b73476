/// What is wrong with an attention call: the argument's name, what was expected and what was given.
///
/// Thrown before any arithmetic: nothing is written when a call throws.
public enum AttentionError: Error, Equatable, Sendable {
  /// A number outside its range.
  case argument(name: String, expected: String, actual: String)
  /// A tensor of a rank that the call does not take.
  case rank(name: String, expected: String, shape: [Int])
  /// A tensor whose shape does not fit the others.
  case shape(name: String, expected: String, actual: [Int])
  /// Query heads that can't be shared out evenly over the key/value heads.
  case headCounts(heads: Int, keyValueHeads: Int)
  /// A mask or bias that does not broadcast to [B, H, L, S].
  case maskShape(name: String, shape: [Int], expected: [Int])
  /// Causal, window, a position bias or rotary positions with L ≠ S and no ``QueryAlignment``.
  case alignmentNeeded(queries: Int, keys: Int)
  /// More than a plan or a cache was made for.
  case capacity(name: String, capacity: Int, actual: Int)
  /// A problem whose sizes do not fit the machine's integers or BLAS's 32-bit ones.
  case tooLarge(name: String, shape: [Int])
  /// Caller-owned memory too short for its strides.
  case spanTooShort(name: String, expected: Int, actual: Int)
  /// What a state dict lacks, has too much of, or has in another shape; all at once.
  case stateDict(missing: [String], unexpected: [String], misshapen: [String])
  /// From the tensor layer: a view, or memory not given.
  case tensor(TensorError)
}

extension AttentionError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .argument(let name, let expected, let actual):
      "\(name) is \(actual), expected \(expected)"
    case .rank(let name, let expected, let shape):
      "\(name) has shape \(shape) of rank \(shape.count), expected rank \(expected)"
    case .shape(let name, let expected, let actual):
      "\(name) has shape \(actual), expected \(expected)"
    case .headCounts(let heads, let keyValueHeads):
      "\(heads) query heads are no multiple of \(keyValueHeads) key/value heads"
    case .maskShape(let name, let shape, let expected):
      "\(name) has shape \(shape), which does not broadcast to [B, H, L, S] = \(expected)"
    case .alignmentNeeded(let queries, let keys):
      "causal, window, position bias or rotary positions over L = \(queries) queries and S = \(keys) keys needs an alignment: "
        + ".start (query 0 stands at key 0), .end (the last query stands at the last key), "
        + ".offset(n) or .offsets([n, …]) (one per batch element)"
    case .capacity(let name, let capacity, let actual):
      "\(name) is \(actual), the capacity is \(capacity)"
    case .tooLarge(let name, let shape):
      "\(name) of shape \(shape) is too large to address"
    case .spanTooShort(let name, let expected, let actual):
      "\(name) holds \(actual) elements, its shape and strides need \(expected)"
    case .stateDict(let missing, let unexpected, let misshapen):
      "state dict: "
        + [("missing", missing), ("unexpected", unexpected), ("wrong shape", misshapen)]
        .filter { !$0.1.isEmpty }.map { "\($0.0): \($0.1.joined(separator: ", "))" }.joined(separator: "; ")
    case .tensor(let error):
      error.description
    }
  }
}

/// Runs `body`, giving tensor errors as attention errors.
func rethrowing<Result>(_ body: () throws(TensorError) -> Result) throws(AttentionError) -> Result {
  do {
    return try body()
  } catch {
    throw .tensor(error)
  }
}
