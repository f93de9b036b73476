internal import Tensors

/// A layer whose parameters can be listed, counted, saved, loaded and replaced.
///
/// ```swift
/// print(layer.describe())
/// let tensors = try layer.stateDict(prefix: "decoder.")
/// try layer.load(stateDict: tensors, prefix: "decoder.")
/// ```
///
/// Names and order are those of the PyTorch layer of the same kind. A model of several layers conforms by putting
/// theirs together:
///
/// ```swift
/// struct Encoder: ParameterizedLayer {
///   var embedding: Embedding<Float>
///   var attention: MultiHeadAttention<Float>
///
///   var parameters: [NamedParameter<Float>] {
///     embedding.parameters(prefix: "embedding.") + attention.parameters(prefix: "attention.")
///   }
///
///   mutating func replaceParameters(
///     _ next: () throws(AttentionError) -> Tensor<Float>
///   ) throws(AttentionError) {
///     try embedding.replaceParameters(next)
///     try attention.replaceParameters(next)
///   }
/// }
/// ```
public protocol ParameterizedLayer<Scalar>: Sendable {
  /// The type of the parameters' numbers.
  associatedtype Scalar: BLASScalar

  /// The parameters, in an order and with names that depend on the layer's sizes alone.
  var parameters: [NamedParameter<Scalar>] { get }

  /// Replaces every parameter by the next of a sequence.
  ///
  /// - Parameter next: gives tensors in the order of ``parameters``, and of their shapes; called once for each.
  /// - Throws: what `next` throws, and ``AttentionError`` for tensors that make no layer; callers work on a copy, since
  ///   some parameters may have been replaced by then.
  mutating func replaceParameters(
    _ next: () throws(AttentionError) -> Tensor<Scalar>
  ) throws(AttentionError)
}

extension ParameterizedLayer {
  /// The parameters, as part of a larger model.
  ///
  /// - Parameter prefix: what to put before every name, such as `attention.`.
  public func parameters(prefix: String) -> [NamedParameter<Scalar>] {
    parameters.map { NamedParameter(prefix + $0.name, $0.tensor) }
  }

  /// How many numbers the parameters hold in all.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.tensor.count } }
}

// MARK: State dicts

extension ParameterizedLayer {
  /// The parameters by name. They share memory with the layer: nothing is copied until someone writes.
  ///
  /// - Parameter prefix: what to put before every name.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` when two parameters have one name.
  public func stateDict(prefix: String = "") throws(AttentionError) -> [String: Tensor<Scalar>] {
    try parameters.stateDict(prefix: prefix)
  }

  /// Replaces the parameters by those in a state dict, which must have all of them in the shapes of this layer's.
  ///
  /// - Parameters:
  ///   - stateDict: tensors by name, as a checkpoint holds them. They are not copied.
  ///   - prefix: what precedes every name, such as `encoder.layer.0.`.
  ///   - isStrict: whether other names under the prefix are an error.
  /// - Throws: ``AttentionError/stateDict(missing:unexpected:misshapen:)`` with everything that is wrong and the shapes
  ///   expected and found; the layer is unchanged then.
  public mutating func load(
    stateDict: [String: Tensor<Scalar>], prefix: String = "", isStrict: Bool = true
  ) throws(AttentionError) {
    var reader = StateDictReader(stateDict, prefix: prefix)
    let expected = parameters
    let tensors = expected.compactMap { reader.take($0.name, $0.tensor.shape) }
    try reader.finish(isStrict: isStrict)
    var remaining = tensors[...]
    var loaded = self
    try loaded.replaceParameters { () throws(AttentionError) in
      guard let tensor = remaining.popFirst() else {
        throw .argument(name: "parameters replaced", expected: "\(expected.count)", actual: "more")
      }
      return tensor
    }
    guard remaining.isEmpty else {
      throw .argument(
        name: "parameters replaced", expected: "\(expected.count)", actual: "\(expected.count - remaining.count)")
    }
    self = loaded
  }
}
