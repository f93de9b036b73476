internal import Tensors

extension Linear: ParameterizedLayer {
  /// `weight` [out, in], and `bias` [out] if there is one.
  public var parameters: [NamedParameter<Scalar>] {
    [NamedParameter("weight", weight)] + (bias.map { [NamedParameter("bias", $0)] } ?? [])
  }

  public mutating func replaceParameters(
    _ next: () throws(AttentionError) -> Tensor<Scalar>
  ) throws(AttentionError) {
    self = try Linear(weight: next(), bias: bias == nil ? nil : next())
  }

  /// A layer of the parameters in a state dict; its sizes, and whether it has a bias, are those of the tensors.
  ///
  /// - Parameters:
  ///   - stateDict: tensors by name: `weight` [out, in] and, if the layer has one, `bias` [out].
  ///   - prefix: what precedes every name, such as `embedding.`.
  ///   - isStrict: whether other names under the prefix are an error.
  /// - Throws: ``AttentionError/stateDict(missing:unexpected:misshapen:)`` with everything that is wrong.
  public init(
    stateDict: [String: Tensor<Scalar>], prefix: String = "", isStrict: Bool = true
  ) throws(AttentionError) {
    var reader = StateDictReader(stateDict, prefix: prefix)
    let weight = reader.take("weight", [nil, nil], "[out, in]")
    let bias = reader.shape("bias") == nil ? nil : reader.take("bias", [weight?.shape[0]], "[out]")
    try reader.finish(isStrict: isStrict)
    guard let weight else { throw .stateDict(missing: [prefix + "weight"], unexpected: [], misshapen: []) }
    try self.init(weight: weight, bias: bias)
  }
}
