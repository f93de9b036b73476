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
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` when `names` has no name for a bias that is not 0, or
  ///   for a learned key or value.
  public func parameters(names: ParameterNames) throws(AttentionError) -> [NamedParameter<Scalar>] {
    var parameters: [NamedParameter<Scalar>] = []
    for entry in entries(names) {
      if let name = entry.name {
        parameters.append(NamedParameter(name, entry.tensor))
      } else if !entry.isAdded {
        throw .argument(name: "names", expected: "a name for the \(entry.part)", actual: "none")
      } else if entry.tensor.elements.contains(where: { $0 != 0 }) {
        throw .argument(name: "names", expected: "a name for the \(entry.part), which is not 0", actual: "none")
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
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` when `names` has no name for a bias that is not 0 or
  ///   for a learned key or value, or one name for two parameters.
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
    let appended =
      appendedKeys.isLearned
      ? try AppendedKeys(key: next(), value: next(), hasZero: appendedKeys.hasZero) : appendedKeys
    let output = try Linear(weight: next(), bias: outputProjection.bias == nil ? nil : next())
    self = try MultiHeadAttention(
      inputProjection: input, outputProjection: output, headCount: headCount, appendedKeys: appended,
      axisOrder: axisOrder)
  }

  private func entries(_ names: ParameterNames) -> [Entry<Scalar>] {
    let parts = ["query", "key", "value"]
    var entries: [Entry<Scalar>] = []
    if case .packed(let linear) = inputProjection, let name = names.packedWeight {
      entries.append(Entry(name, linear.weight, "input weight"))
    } else {
      for (part, (name, weight)) in zip(parts, zip(names.separateWeights, inputProjection.separateWeights)) {
        entries.append(Entry(name, weight, "\(part) weight"))
      }
    }
    if let name = names.packedBias {
      if let inputBias { entries.append(Entry(name, inputBias, "input bias")) }
    } else {
      for (part, (name, bias)) in zip(parts, zip(names.separateBiases, inputProjection.separateBiases)) {
        if let bias { entries.append(Entry(name, bias, "\(part) bias", isAdded: true)) }
      }
    }
    if appendedKeys.isLearned, let key = appendedKeys.key, let value = appendedKeys.value {
      entries.append(Entry(names.appendedKey, key, "appended key"))
      entries.append(Entry(names.appendedValue, value, "appended value"))
    }
    entries.append(Entry(names.outputWeight, outputProjection.weight, "output weight"))
    if let bias = outputProjection.bias { entries.append(Entry(names.outputBias, bias, "output bias", isAdded: true)) }
    return entries
  }
}

/// A parameter, and what it is to be called.
private struct Entry<Scalar: BLASScalar> {
  /// nil: there is no name for it.
  let name: String?
  let tensor: Tensor<Scalar>
  /// What it is, for messages.
  let part: String
  /// Whether 0 is as good as none.
  let isAdded: Bool

  init(_ name: String?, _ tensor: Tensor<Scalar>, _ part: String, isAdded: Bool = false) {
    (self.name, self.tensor, self.part, self.isAdded) = (name, tensor, part, isAdded)
  }
}
