internal import Tensors

/// A parameter of a layer, and what a state dict calls it.
public struct NamedParameter<Scalar: BLASScalar>: Sendable, Equatable {
  /// Such as `weight` or `out_proj.bias`.
  public var name: String
  /// The numbers; they share memory with the layer until someone writes.
  public var tensor: Tensor<Scalar>

  /// - Parameters:
  ///   - name: what a state dict calls it.
  ///   - tensor: its numbers.
  public init(_ name: String, _ tensor: Tensor<Scalar>) {
    (self.name, self.tensor) = (name, tensor)
  }
}

extension Array {
  /// The tensors by name.
  ///
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` when two parameters have one name.
  func stateDict<Scalar>(
    prefix: String
  ) throws(AttentionError) -> [String: Tensor<Scalar>] where Element == NamedParameter<Scalar> {
    var tensors: [String: Tensor<Scalar>] = [:]
    for parameter in self where tensors.updateValue(parameter.tensor, forKey: prefix + parameter.name) != nil {
      throw .argument(
        name: "names", expected: "a name of its own for each parameter", actual: "\(prefix + parameter.name) twice")
    }
    return tensors
  }
}
