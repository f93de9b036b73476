internal import Tensors

extension LearnedPositions: ParameterizedLayer {
  /// `weight` [capacity, E].
  public var parameters: [NamedParameter<Scalar>] { [NamedParameter("weight", weight)] }

  public mutating func replaceParameters(
    _ next: () throws(AttentionError) -> Tensor<Scalar>
  ) throws(AttentionError) {
    self = try LearnedPositions(weight: next())
  }

  /// Positions of the table in a state dict, whose sizes are its own.
  ///
  /// - Parameters:
  ///   - stateDict: tensors by name: `weight` [capacity, E].
  ///   - prefix: what precedes the name, such as `embeddings.position_embeddings.`.
  ///   - isStrict: whether other names under the prefix are an error.
  /// - Throws: ``AttentionError/stateDict(missing:unexpected:misshapen:)`` with everything that is wrong.
  public init(
    stateDict: [String: Tensor<Scalar>], prefix: String = "", isStrict: Bool = true
  ) throws(AttentionError) {
    var reader = StateDictReader(stateDict, prefix: prefix)
    let weight = reader.take("weight", [nil, nil], "[capacity, E]")
    try reader.finish(isStrict: isStrict)
    guard let weight else { throw .stateDict(missing: [prefix + "weight"], unexpected: [], misshapen: []) }
    try self.init(weight: weight)
  }
}
