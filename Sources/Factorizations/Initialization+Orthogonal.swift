public import Attention
public import Tensors

extension Initialization {
  /// A random orthogonal weight: rows of length `gain` at right angles to each other where there are no more rows than
  /// columns, else such columns. Evenly distributed over all of those.
  ///
  /// Numbers are drawn and factorised in Double and rounded once: a Float weight holds the rounded numbers of the Double
  /// weight of the same seed. The same seed gives the same matrix, to rounding where LAPACK or its kernels differ.
  ///
  /// ```swift
  /// var generator = Xoshiro256(seed: 1)
  /// let weight = try Initialization.orthogonal([3, 5], as: Float.self, using: &generator)  // weight·weightᵀ = 1
  /// ```
  ///
  /// - Parameters:
  ///   - shape: [out, in …]: a matrix of `out` rows and as many columns as the other axes have elements.
  ///   - gain: the length of each row (or column).
  ///   - type: the element type.
  ///   - generator: gives the numbers, and moves on.
  /// - Returns: a tensor of that shape; an empty one where an axis is 0.
  /// - Throws: ``FactorizationError/rank(expected:shape:)`` below rank 2;
  ///   ``FactorizationError/argument(name:expected:actual:)`` for a gain that is not finite;
  ///   ``FactorizationError/tensor(_:)`` for a shape that is none; ``FactorizationError/tooLarge(shape:needed:limit:)``.
  /// - Complexity: about 4·M·N·min(M, N) operations for M rows and N columns.
  /// - SeeAlso: Saxe, McClelland and Ganguli (2014), "Exact solutions to the nonlinear dynamics of learning in deep linear
  ///   neural networks", ICLR 2014; PyTorch `torch.nn.init.orthogonal_`, whose semantics these are (its numbers come of
  ///   another generator).
  public static func orthogonal<Scalar: BLASScalar, Generator: RandomNumberGenerator>(
    _ shape: [Int], gain: Double = 1, as type: Scalar.Type = Scalar.self, using generator: inout Generator
  ) throws(FactorizationError) -> Tensor<Scalar> {
    guard shape.count >= 2 else { throw .rank(expected: "2 or more: [out, in …]", shape: shape) }
    guard gain.isFinite else { throw .argument(name: "gain", expected: "a finite number", actual: "\(gain)") }
    let count = try rethrowing { () throws(TensorError) in try TensorLayout.count(of: shape) }
    guard count > 0 else {
      return try rethrowing { () throws(TensorError) in try Tensor<Scalar>(zeros: shape) }
    }
    let weight = try orthogonalized(gaussian([shape[0], count / shape[0]], using: &generator), gain: gain)
    return try rethrowing { () throws(TensorError) in try weight.reshaped(to: shape).converted(to: type) }
  }

  private static func gaussian(
    _ shape: [Int], using generator: inout some RandomNumberGenerator
  ) throws(FactorizationError) -> Tensor<Double> {
    do {
      return try normal(shape, as: Double.self, using: &generator)
    } catch {
      switch error {
      case .tensor(let error): throw .tensor(error)
      // Only a mean or deviation out of range, and these are 0 and 1.
      default: throw .argument(name: "shape", expected: "a shape of numbers", actual: "\(error)")
      }
    }
  }

  /// Q of a matrix [M, N], or of its transpose where M < N, times `gain`, the signs of its columns chosen so that R's diagonal
  /// is positive.
  ///
  /// With the signs that the algorithm happens to give, Q of a Gaussian matrix would not be evenly distributed.
  ///
  /// - SeeAlso: Mezzadri (2007), "How to generate random matrices from the classical compact groups", Notices of the AMS
  ///   54(5).
  package static func orthogonalized(
    _ matrix: Tensor<Double>, gain: Double
  ) throws(FactorizationError) -> Tensor<Double> {
    guard matrix.rank == 2 else { throw .rank(expected: "2: [M, N]", shape: matrix.shape) }
    let isWide = matrix.layout.shape[0] < matrix.layout.shape[1]
    let tall = try rethrowing { () throws(TensorError) in try isWide ? matrix.transposed(0, 1) : matrix }
    let q = try QRFactorization(of: tall).withPositiveDiagonal().q  // [max(M, N), min(M, N)]
    let weight = try rethrowing { () throws(TensorError) in
      try (isWide ? q.transposed(0, 1) : q).copy()  // [M, N]
    }
    for index in 0..<weight.count { weight.storage.base[index] *= gain }
    return weight
  }
}
