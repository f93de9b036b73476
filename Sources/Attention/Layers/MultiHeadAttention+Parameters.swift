internal import Tensors

extension MultiHeadAttention: ParameterizedLayer {
  /// The parameters as PyTorch names them (``ParameterNames/torch``).
  public var parameters: [NamedParameter<Scalar>] {
    // These names leave none out.
    entries(.torch).compactMap { entry in entry.name.map { NamedParameter($0, entry.tensor) } }
  }

  /// The parameters by other names.
  ///
  /// - Parameter names: what to call the parameters, and whether query, key and value are packed.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` when `names` has no name for a bias that is not 0.
  public func parameters(names: ParameterNames) throws(AttentionError) -> [NamedParameter<Scalar>] {
    var parameters: [NamedParameter<Scalar>] = []
    for (name, tensor, part) in entries(names) {
      if let name {
        parameters.append(NamedParameter(name, tensor))
      } else if tensor.elements.contains(where: { $0 != 0 }) {
        throw .argument(name: "names", expected: "a name for the \(part) bias, which is not 0", actual: "none")
      }
    }
    return parameters
  }

  /// The parameters by other names, for saving. They share memory with the layer: nothing is copied until someone
  /// writes.
  ///
  /// - Parameters:
  ///   - names: what to call the parameters; for PyTorch's names this is ``ParameterizedLayer/stateDict(prefix:)``.
  ///   - prefix: what to put before every name.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` when `names` has no name for a bias that is not 0, or
  ///   one name for two parameters.
  public func stateDict(
    names: ParameterNames, prefix: String = ""
  ) throws(AttentionError) -> [String: Tensor<Scalar>] {
    try parameters(names: names).stateDict(prefix: prefix)
  }

  public mutating func replaceParameters(
    _ next: () throws(AttentionError) -> Tensor<Scalar>
  ) throws(AttentionError) {
    var weights: [Tensor<Scalar>] = []
    switch inputProjection {
    case .packed: weights = [try next()]
    case .separate: weights = [try next(), try next(), try next()]
    }
    let biases = inputBias == nil ? [] : [try next()]
    let input = try InputProjection(weights: weights, biases: biases, names: .torch)
    let output = try Linear(weight: next(), bias: outputProjection.bias == nil ? nil : next())
    self = try MultiHeadAttention(inputProjection: input, outputProjection: output, headCount: headCount)
  }

  /// All parameters, with nil for a name where a bias has none, and the part that it belongs to.
  private func entries(_ names: ParameterNames) -> [(name: String?, tensor: Tensor<Scalar>, part: String)] {
    let parts = ["query", "key", "value"]
    var entries: [(name: String?, tensor: Tensor<Scalar>, part: String)] = []
    if case .packed(let linear) = inputProjection, let name = names.packedWeight {
      entries.append((name, linear.weight, "input"))
    } else {
      for (part, (name, weight)) in zip(parts, zip(names.separateWeights, inputProjection.separateWeights)) {
        entries.append((name, weight, part))
      }
    }
    if let name = names.packedBias {
      if let inputBias { entries.append((name, inputBias, "input")) }
    } else {
      for (part, (name, bias)) in zip(parts, zip(names.separateBiases, inputProjection.separateBiases)) {
        if let bias { entries.append((name, bias, part)) }
      }
    }
    entries.append((names.outputWeight, outputProjection.weight, "output"))
    if let bias = outputProjection.bias { entries.append((names.outputBias, bias, "output")) }
    return entries
  }
}
