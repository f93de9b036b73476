internal import Tensors

extension InputProjection {
  /// The projection of weights and biases as a state dict gives them: one weight [3E, E] or three; one bias [3E], or
  /// three of which some may be absent, or none.
  init(
    weights: [Tensor<Scalar>], biases: [Tensor<Scalar>?], names: ParameterNames
  ) throws(AttentionError) {
    if weights.count == 1 {
      guard weights[0].rank == 2 else {
        throw .rank(name: "packed projection weight", expected: "2: [3E, E]", shape: weights[0].shape)
      }
      self = .packed(try Linear(weight: weights[0], bias: try Self.packed(biases, size: weights[0].shape[1])))
      return
    }
    guard weights.count == 3 else {
      throw .stateDict(missing: names.separateWeights, unexpected: [], misshapen: [])
    }
    var parts = biases.isEmpty ? [nil, nil, nil] : biases
    if parts.count == 1, let packed = parts[0] {
      parts = try rethrowing { () throws(TensorError) in
        let size = packed.count / 3
        return [
          try packed.sliced(axis: 0, 0..<size), try packed.sliced(axis: 0, size..<(2 * size)),
          try packed.sliced(axis: 0, (2 * size)..<(3 * size)),
        ]
      }
    }
    self = .separate(
      query: try Linear(weight: weights[0], bias: parts[0]), key: try Linear(weight: weights[1], bias: parts[1]),
      value: try Linear(weight: weights[2], bias: parts[2]))
  }

  /// The same projection with the three weights in one, where they are of one size.
  func packedWherePossible() throws(AttentionError) -> InputProjection {
    guard case .separate(let query, let key, let value) = self,
      key.inputSize == query.inputSize, value.inputSize == query.inputSize
    else { return self }
    let weight = try Self.joined([query.weight, key.weight, value.weight])
    return .packed(try Linear(weight: weight, bias: try packedBias()))
  }

  /// The weights of query, key and value, seen in place.
  var separateWeights: [Tensor<Scalar>] {
    switch self {
    case .packed(let linear): linear.weight.thirds
    case .separate(let query, let key, let value): [query.weight, key.weight, value.weight]
    }
  }

  /// The biases of query, key and value, seen in place; nil where one has none.
  var separateBiases: [Tensor<Scalar>?] {
    switch self {
    case .packed(let linear): linear.bias?.thirds ?? [nil, nil, nil]
    case .separate(let query, let key, let value): [query.bias, key.bias, value.bias]
    }
  }

  /// The biases of query, key and value [3E], 0 where one of them has none; nil: none has.
  func packedBias() throws(AttentionError) -> Tensor<Scalar>? {
    switch self {
    case .packed(let linear): linear.bias
    case .separate(let query, let key, let value):
      try Self.packed([query.bias, key.bias, value.bias], size: query.outputSize)
    }
  }

  private static func packed(_ biases: [Tensor<Scalar>?], size: Int) throws(AttentionError) -> Tensor<Scalar>? {
    if biases.count == 1 { return biases[0] }
    if biases.allSatisfy({ $0 == nil }) { return nil }
    let zeros = try rethrowing { () throws(TensorError) in try Tensor<Scalar>(zeros: [size]) }
    return try joined(biases.map { $0 ?? zeros })
  }

  /// Tensors of equal trailing axes one after the other along axis 0.
  private static func joined(_ tensors: [Tensor<Scalar>]) throws(AttentionError) -> Tensor<Scalar> {
    try rethrowing { () throws(TensorError) in
      let rows = tensors.reduce(0) { $0 + $1.shape[0] }
      let result = try Tensor<Scalar>(uninitialized: [rows] + tensors[0].shape.dropFirst())
      var next = result.storage.base
      for tensor in tensors {
        tensor.copyElements(to: next)
        next += tensor.count
      }
      return result
    }
  }
}

extension Tensor {
  /// Three equal parts along axis 0, whose size is a multiple of 3. No copy.
  fileprivate var thirds: [Tensor] {
    let size = layout.shape[0] / 3
    return (0..<3).map { part in
      var view = self
      view.layout.offset += part * size * layout.strides[0]
      view.layout.shape[0] = size
      return view
    }
  }
}
