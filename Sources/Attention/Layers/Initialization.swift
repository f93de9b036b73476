internal import Tensors

/// Distributions from which a layer's parameters are drawn before training.
///
/// Numbers are drawn in Double and rounded once: a Float layer holds the rounded parameters of the Double layer of the
/// same seed.
public enum Initialization {
  /// Uniform in ±√(6 / (in + out)): keeps the variance of activations and of gradients from layer to layer.
  ///
  /// - Parameters:
  ///   - shape: [out, in].
  ///   - gain: a factor of the bound.
  ///   - type: the element type.
  ///   - generator: where random bits come from.
  /// - Throws: ``AttentionError/rank(name:expected:shape:)`` for another rank than 2; as
  ///   ``uniform(_:bound:as:using:)``.
  /// - SeeAlso: Glorot and Bengio (2010), "Understanding the difficulty of training deep feedforward neural networks",
  ///   equation 16; PyTorch `torch.nn.init.xavier_uniform_`.
  public static func xavierUniform<Scalar: BLASScalar>(
    _ shape: [Int], gain: Double = 1, as type: Scalar.Type = Scalar.self,
    using generator: inout some RandomNumberGenerator
  ) throws(AttentionError) -> Tensor<Scalar> {
    guard shape.count == 2 else { throw .rank(name: "weight", expected: "2: [out, in]", shape: shape) }
    let fans = Double(shape[0]) + Double(shape[1])
    return try uniform(
      shape, bound: fans > 0 ? gain * (6 / fans).squareRoot() : 0, as: type, using: &generator)
  }

  /// Uniform in ±1/√in: what `torch.nn.Linear` draws its weight from (there written as `kaiming_uniform_(a: √5)`).
  ///
  /// - Parameters:
  ///   - shape: [out, in].
  ///   - type: the element type.
  ///   - generator: where random bits come from.
  /// - Throws: ``AttentionError/rank(name:expected:shape:)`` for another rank than 2; as
  ///   ``uniform(_:bound:as:using:)``.
  /// - SeeAlso: He et al. (2015), "Delving deep into rectifiers", section 2.2, for the family.
  public static func fanInUniform<Scalar: BLASScalar>(
    _ shape: [Int], as type: Scalar.Type = Scalar.self, using generator: inout some RandomNumberGenerator
  ) throws(AttentionError) -> Tensor<Scalar> {
    guard shape.count == 2 else { throw .rank(name: "weight", expected: "2: [out, in]", shape: shape) }
    return try uniform(
      shape, bound: shape[1] > 0 ? 1 / Double(shape[1]).squareRoot() : 0, as: type, using: &generator)
  }

  /// Uniform between −bound and bound, in row-major order of drawing.
  ///
  /// - Parameters:
  ///   - shape: any.
  ///   - bound: 0 or more.
  ///   - type: the element type.
  ///   - generator: where random bits come from.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` for a bound that is negative or not finite;
  ///   ``AttentionError/tensor(_:)`` for a shape that is none.
  public static func uniform<Scalar: BLASScalar>(
    _ shape: [Int], bound: Double, as type: Scalar.Type = Scalar.self, using generator: inout some RandomNumberGenerator
  ) throws(AttentionError) -> Tensor<Scalar> {
    guard bound >= 0, bound.isFinite else {
      throw .argument(name: "bound", expected: "a finite number, 0 or more", actual: "\(bound)")
    }
    return try rethrowing { () throws(TensorError) in
      let numbers = try Tensor<Double>(uninitialized: shape)
      draw(numbers.storage.base, count: numbers.count, bound: bound, &generator)
      return try numbers.converted(to: type)
    }
  }

  private static func draw(
    _ target: UnsafeMutablePointer<Double>, count: Int, bound: Double, _ generator: inout some RandomNumberGenerator
  ) {
    for index in 0..<count {
      // 53 bits: a multiple of 2⁻⁵³ in [0, 1).
      let unit = Double(generator.next() >> 11) * 0x1p-53
      target[index] = (2 * unit - 1) * bound
    }
  }
}
