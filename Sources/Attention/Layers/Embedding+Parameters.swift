internal import Tensors

extension Embedding: ParameterizedLayer {
  /// `weight` [vocabulary, E].
  public var parameters: [NamedParameter<Scalar>] { [NamedParameter("weight", weight)] }

  /// The padding index stays what it is.
  public mutating func replaceParameters(
    _ next: () throws(AttentionError) -> Tensor<Scalar>
  ) throws(AttentionError) {
    self = try Embedding(weight: next(), paddingIndex: paddingIndex)
  }

  /// An embedding of the table in a state dict, whose sizes are its own.
  ///
  /// - Parameters:
  ///   - stateDict: tensors by name: `weight` [vocabulary, E].
  ///   - prefix: what precedes the name, such as `embeddings.word_embeddings.`.
  ///   - paddingIndex: a token, negative numbers counting from the end of the vocabulary; nil: none. No tensor tells.
  ///   - isStrict: whether other names under the prefix are an error.
  /// - Throws: ``AttentionError/stateDict(missing:unexpected:misshapen:)`` with everything that is wrong;
  ///   ``AttentionError/argument(name:expected:actual:)`` for a padding index outside the vocabulary.
  public init(
    stateDict: [String: Tensor<Scalar>], prefix: String = "", paddingIndex: Int? = nil, isStrict: Bool = true
  ) throws(AttentionError) {
    var reader = StateDictReader(stateDict, prefix: prefix)
    let weight = reader.take("weight", [nil, nil], "[vocabulary, E]")
    try reader.finish(isStrict: isStrict)
    guard let weight else { throw .stateDict(missing: [prefix + "weight"], unexpected: [], misshapen: []) }
    try self.init(weight: weight, paddingIndex: paddingIndex)
  }
}
