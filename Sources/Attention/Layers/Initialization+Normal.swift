internal import Glibc
internal import Tensors

extension Initialization {
  /// Normal (Gaussian) numbers, in row-major order of drawing: what `torch.nn.Embedding` draws its table from.
  ///
  /// - Parameters:
  ///   - shape: any.
  ///   - mean: the mean.
  ///   - standardDeviation: 0 or more; 0 gives the mean throughout.
  ///   - type: the element type.
  ///   - generator: where random bits come from.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` for a mean that is not finite or a standard deviation
  ///   that is negative or not finite; ``AttentionError/tensor(_:)`` for a shape that is none.
  /// - SeeAlso: Marsaglia and Bray (1964), "A convenient method for generating normal variables", SIAM Review 6(3), the
  ///   polar method; PyTorch `torch.nn.init.normal_`.
  public static func normal<Scalar: BLASScalar>(
    _ shape: [Int], mean: Double = 0, standardDeviation: Double = 1, as type: Scalar.Type = Scalar.self,
    using generator: inout some RandomNumberGenerator
  ) throws(AttentionError) -> Tensor<Scalar> {
    guard mean.isFinite else { throw .argument(name: "mean", expected: "a finite number", actual: "\(mean)") }
    guard standardDeviation >= 0, standardDeviation.isFinite else {
      throw .argument(
        name: "standardDeviation", expected: "a finite number, 0 or more", actual: "\(standardDeviation)")
    }
    return try rethrowing { () throws(TensorError) in
      let numbers = try Tensor<Double>(uninitialized: shape)
      let (target, count) = (numbers.storage.base, numbers.count)
      for index in stride(from: 0, to: count, by: 2) {
        let (first, second) = normalPair(&generator)
        target[index] = mean + standardDeviation * first
        if index + 1 < count { target[index + 1] = mean + standardDeviation * second }
      }
      return try numbers.converted(to: type)
    }
  }

  /// Two independent numbers of mean 0 and variance 1, from a point evenly distributed within the unit circle.
  private static func normalPair(_ generator: inout some RandomNumberGenerator) -> (Double, Double) {
    while true {
      // 53 bits: multiples of 2⁻⁵² in [−1, 1).
      let x = Double(generator.next() >> 11) * 0x1p-52 - 1
      let y = Double(generator.next() >> 11) * 0x1p-52 - 1
      let square = x * x + y * y
      guard square < 1, square > 0 else { continue }
      let factor = (-2 * log(square) / square).squareRoot()
      return (x * factor, y * factor)
    }
  }
}
