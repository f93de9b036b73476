internal import Glibc
internal import Tensors

/// Positions as waves of E / 2 lengths, from 2π to base·2π:
///
///     PE(p, 2i) = sin(p / base^(2i/E)),  PE(p, 2i + 1) = cos(p / base^(2i/E))
///
/// The row of p + k is that of p, each pair (2i, 2i + 1) rotated by an angle that depends on k and i alone, so that
/// distances look the same everywhere in a sequence. There is nothing to learn, and no longest sequence.
///
/// Sines and cosines alternate, as in the paper; some programs have all sines first. The paper multiplies the tokens'
/// rows by √E before these are added (section 3.4); that is the caller's to do.
///
/// - SeeAlso: Vaswani et al. (2017), "Attention is all you need", section 3.5.
public struct SinusoidalPositions<Scalar: BLASScalar>: Positions {
  /// E
  public let embeddingSize: Int
  /// 10000 in the paper.
  public let base: Double
  /// The rows of the first positions [precomputed, E].
  public let table: Tensor<Scalar>

  /// - Parameters:
  ///   - embeddingSize: E, an even number.
  ///   - base: the longest wave's length over 2π, nearly.
  ///   - precomputed: how many positions, from 0, are computed here and kept. Others are computed in each call that
  ///     needs them, to the same bits.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` for a size that is odd, below 2 or above 2³¹ − 1, a
  ///   base that is not a finite number above 0, or a negative count; ``AttentionError/tensor(_:)`` when memory is not
  ///   given.
  /// - Complexity: precomputed·E sines and cosines.
  public init(embeddingSize: Int, base: Double = 10_000, precomputed: Int = 512) throws(AttentionError) {
    // As large as a size that BLAS can count, as every layer's.
    guard embeddingSize >= 2, embeddingSize % 2 == 0, embeddingSize <= Int(Int32.max) else {
      throw .argument(
        name: "embeddingSize", expected: "an even number in 2...\(Int32.max)", actual: "\(embeddingSize)")
    }
    guard base > 0, base.isFinite else {
      throw .argument(name: "base", expected: "a finite number above 0", actual: "\(base)")
    }
    guard precomputed >= 0 else {
      throw .argument(name: "precomputed", expected: "0 or more", actual: "\(precomputed)")
    }
    (self.embeddingSize, self.base) = (embeddingSize, base)
    table = try Self.computed(0..<precomputed, embeddingSize, base)
  }

  /// The rows of a range of positions: part of ``table``, or computed.
  ///
  /// - Parameter range: positions from 0.
  /// - Returns: [range.count, E]. Angles are computed in Double and sines and cosines rounded once, so that a Float row
  ///   is the rounded Double row. The angles' relative error of some 2⁻⁵² makes the rows' error grow with the position:
  ///   about 10⁻¹⁰ at position 10⁶.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` for negative positions; ``AttentionError/tensor(_:)``
  ///   when memory is not given.
  public func rows(_ range: Range<Int>) throws(AttentionError) -> Tensor<Scalar> {
    guard range.lowerBound >= 0 else {
      throw .argument(name: "positions", expected: "0 or more", actual: "\(range)")
    }
    guard range.upperBound <= table.layout.shape[0] else { return try Self.computed(range, embeddingSize, base) }
    return try rethrowing { () throws(TensorError) in try table.sliced(axis: 0, range) }
  }

  private static func computed(
    _ range: Range<Int>, _ size: Int, _ base: Double
  ) throws(AttentionError) -> Tensor<Scalar> {
    try rethrowing { () throws(TensorError) in
      let rows = try Tensor<Double>(uninitialized: [range.count, size])
      // No array, which stops the program where there is no memory for it.
      let pairCount = range.isEmpty ? 0 : size / 2
      let wavelengths = try TensorStorage<Double>(uninitializedCount: pairCount)
      defer { withExtendedLifetime(wavelengths) {} }
      let wavelength = wavelengths.base
      for pair in 0..<pairCount { wavelength[pair] = pow(base, Double(2 * pair) / Double(size)) }
      var next = rows.storage.base
      for position in range {
        for pair in 0..<pairCount {
          let angle = Double(position) / wavelength[pair]
          next[0] = sin(angle)
          next[1] = cos(angle)
          next += 2
        }
      }
      return try rows.converted(to: Scalar.self)
    }
  }
}
