internal import Tensors

/// The layers that make queries, keys and values of what goes into multi-head attention.
public enum InputProjection<Scalar: BLASScalar>: Sendable {
  /// One layer [3E, E] whose rows are those of query, key and value, in this order.
  case packed(Linear<Scalar>)
  /// Three layers [E, E], [E, keySize] and [E, valueSize].
  case separate(query: Linear<Scalar>, key: Linear<Scalar>, value: Linear<Scalar>)

  /// The projection of queries [E, E].
  public var query: Linear<Scalar> {
    get throws(AttentionError) { try part(0) }
  }

  /// The projection of keys [E, keySize].
  public var key: Linear<Scalar> {
    get throws(AttentionError) { try part(1) }
  }

  /// The projection of values [E, valueSize].
  public var value: Linear<Scalar> {
    get throws(AttentionError) { try part(2) }
  }

  /// Parameters of part 0 (query), 1 (key) or 2 (value), seen in place.
  private func part(_ index: Int) throws(AttentionError) -> Linear<Scalar> {
    switch self {
    case .separate(let query, let key, let value):
      return [query, key, value][index]
    case .packed(let linear):
      let size = linear.outputSize / 3
      return try Linear(linear, outputs: (index * size)..<((index + 1) * size))
    }
  }

  /// E: the size of what comes out for each of query, key and value.
  public var embeddingSize: Int {
    switch self {
    case .packed(let linear): linear.inputSize
    case .separate(let query, _, _): query.outputSize
    }
  }

  /// The size of a key's row before the projection.
  public var keySize: Int {
    switch self {
    case .packed(let linear): linear.inputSize
    case .separate(_, let key, _): key.inputSize
    }
  }

  /// The size of a value's row before the projection.
  public var valueSize: Int {
    switch self {
    case .packed(let linear): linear.inputSize
    case .separate(_, _, let value): value.inputSize
    }
  }

  /// Whether biases are added.
  public var hasBias: Bool {
    switch self {
    case .packed(let linear): linear.bias != nil
    case .separate(let query, let key, let value): query.bias != nil || key.bias != nil || value.bias != nil
    }
  }

  func validate() throws(AttentionError) {
    switch self {
    case .packed(let linear):
      let (size, overflows) = linear.inputSize.multipliedReportingOverflow(by: 3)
      guard !overflows, linear.outputSize == size, size > 0 else {
        throw .shape(
          name: "packed projection weight", expected: "[3E, E], E of 1 or more", actual: linear.weight.shape)
      }
    case .separate(let query, let key, let value):
      let size = query.outputSize
      guard size > 0, query.inputSize == size else {
        throw .shape(name: "query projection weight", expected: "[E, E], E of 1 or more", actual: query.weight.shape)
      }
      for (name, layer) in [("key", key), ("value", value)] where layer.outputSize != size || layer.inputSize == 0 {
        throw .shape(
          name: "\(name) projection weight", expected: "[\(size), \(name)Size of 1 or more]",
          actual: layer.weight.shape)
      }
    }
  }
}
