internal import Glibc
public import Tensors

/// Which two numbers of a head are one pair that rotates.
public enum RotaryPairing: Sendable, Hashable {
  /// Pair k is (k, k + r/2): the halves of what rotates, as in Llama and GPT-NeoX; ONNX `interleaved` = 0.
  case halves
  /// Pair k is (2k, 2k + 1): neighbours, as in the paper and in GPT-J; ONNX `interleaved` = 1.
  case interleaved
}

/// Positions as rotations of queries and keys: the first r numbers of a head are r / 2 pairs, and pair k of a row at position p
/// turns by p·θₖ with θₖ = base^(−2k/r):
///
///     x′ = x·cos(p·θₖ) − y·sin(p·θₖ)
///     y′ = y·cos(p·θₖ) + x·sin(p·θₖ)
///
/// The product of a rotated query and a rotated key depends on the distance of their positions alone, and lengths stay. Values are not
/// rotated. The numbers from r to D stay as they are.
///
/// ```swift
/// let rotary = try RotaryPositions<Float>(rotarySize: 64)
/// let q = try rotary(queries)                    // [B, H, L, D], rows at positions 0 ..< L
/// let k = try rotary(keys, at: .offset(17))      // [B, G, S, D], rows at positions 17 ..< 17 + S
/// ```
///
/// - SeeAlso: Su et al. (2021), "RoFormer: Enhanced transformer with rotary position embedding", section 3.2.2 and equation 34; ONNX
///   `RotaryEmbedding`, opset 23.
public struct RotaryPositions<Scalar: BLASScalar>: Sendable {
  /// r: how many numbers of a head rotate, from the first.
  public let rotarySize: Int
  /// Which numbers are a pair.
  public let pairing: RotaryPairing
  /// How frequencies are stretched.
  public let scaling: RotaryScaling
  /// θ of each pair after scaling [r/2]; empty [0] where tables were given.
  public let inverseFrequencies: Tensor<Double>
  /// What rotated numbers are multiplied by: 1 but for ``RotaryScaling/yarn(factor:originalLength:betaFast:betaSlow:attentionFactor:truncates:)``.
  /// It is part of the tables.
  public let attentionFactor: Double
  /// attentionFactor·cos(p·θ) of the first positions [precomputed, r/2], or as given.
  public let cosines: Tensor<Scalar>
  /// attentionFactor·sin(p·θ) of the first positions [precomputed, r/2], or as given.
  public let sines: Tensor<Scalar>
  private let base: Double
  /// Whether there are frequencies, so that any position has a row.
  let isComputed: Bool

  /// Rotations by a base, stretched or not.
  ///
  /// - Parameters:
  ///   - rotarySize: r, an even number: the head size D, or less to rotate the first r numbers of each head only.
  ///   - base: 10000 in the paper; `rope_theta` of a model's configuration.
  ///   - scaling: how frequencies are stretched.
  ///   - pairing: which numbers are a pair.
  ///   - precomputed: for how many positions, from 0, cosines and sines are kept. Others are computed in each call that needs them,
  ///     to the same bits.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` for a size that is odd, below 2 or above 2³¹ − 1, a base that is
  ///   not a finite number above 0, scaling out of range, or a negative count; ``AttentionError/tensor(_:)`` when memory is not given.
  /// - Complexity: precomputed·r/2 cosines and sines, in Double, each rounded once.
  public init(
    rotarySize: Int, base: Double = 10_000, scaling: RotaryScaling = .none, pairing: RotaryPairing = .halves,
    precomputed: Int = 512
  ) throws(AttentionError) {
    guard base > 0, base.isFinite else {
      throw .argument(name: "base", expected: "a finite number above 0", actual: "\(base)")
    }
    try self.init(
      rotarySize: rotarySize, base: base, scaling: scaling, pairing: pairing, precomputed: precomputed, length: nil)
  }

  /// Rotations by frequencies of any kind.
  ///
  /// - Parameters:
  ///   - inverseFrequencies: θ of each pair [r/2], finite: by how much it turns from one position to the next.
  ///   - attentionFactor: multiplies what is rotated.
  ///   - pairing: which numbers are a pair.
  ///   - precomputed: for how many positions, from 0, cosines and sines are kept.
  /// - Throws: ``AttentionError`` for another rank than 1, an empty tensor, or a number that is not finite.
  public init(
    inverseFrequencies: Tensor<Double>, attentionFactor: Double = 1, pairing: RotaryPairing = .halves,
    precomputed: Int = 512
  ) throws(AttentionError) {
    guard inverseFrequencies.rank == 1 else {
      throw .rank(name: "inverseFrequencies", expected: "1: [r/2]", shape: inverseFrequencies.shape)
    }
    try Self.check(size: 2 * min(inverseFrequencies.count, Int(Int32.max)), precomputed: precomputed)
    for frequency in inverseFrequencies.elements + [attentionFactor] where !frequency.isFinite {
      throw .argument(name: "frequency", expected: "a finite number", actual: "\(frequency)")
    }
    let frequencies = try rethrowing { () throws(TensorError) in try inverseFrequencies.contiguous() }
    (base, scaling, self.pairing, self.attentionFactor) = (1, .none, pairing, attentionFactor)
    (rotarySize, isComputed) = (2 * frequencies.count, true)
    self.inverseFrequencies = frequencies
    (cosines, sines) = try Self.tables(frequencies, attentionFactor, count: precomputed)
  }

  /// Rotations by cosines and sines that are given, as ONNX `RotaryEmbedding` has them.
  ///
  /// - Parameters:
  ///   - cosines: [positions, r/2]: row p is that of position p.
  ///   - sines: [positions, r/2].
  ///   - pairing: which numbers are a pair.
  /// - Throws: ``AttentionError`` for another rank than 2, different shapes, or no columns.
  public init(
    cosines: Tensor<Scalar>, sines: Tensor<Scalar>, pairing: RotaryPairing = .halves
  ) throws(AttentionError) {
    guard cosines.rank == 2 else {
      throw .rank(name: "cosines", expected: "2: [positions, r/2]", shape: cosines.shape)
    }
    guard sines.shape == cosines.shape else {
      throw .shape(name: "sines", expected: "\(cosines.shape), as cosines", actual: sines.shape)
    }
    let pairs = cosines.layout.shape[1]
    try Self.check(size: 2 * min(pairs, Int(Int32.max)), precomputed: 0)
    (rotarySize, self.pairing, scaling, base, attentionFactor) = (2 * pairs, pairing, .none, 1, 1)
    isComputed = false
    (inverseFrequencies, self.cosines, self.sines) = try rethrowing { () throws(TensorError) in
      (try Tensor<Double>(zeros: [0]), try cosines.contiguous(), try sines.contiguous())
    }
  }

  private init(
    rotarySize: Int, base: Double, scaling: RotaryScaling, pairing: RotaryPairing, precomputed: Int, length: Int?
  ) throws(AttentionError) {
    try Self.check(size: rotarySize, precomputed: precomputed)
    try scaling.validate(base: base)
    let frequencies = try rethrowing { () throws(TensorError) in try Tensor<Double>(uninitialized: [rotarySize / 2]) }
    scaling.writeFrequencies(to: frequencies.storage.base, size: rotarySize, base: base, length: length)
    (self.rotarySize, self.base, self.pairing, isComputed) = (rotarySize, base, pairing, true)
    // Once fitted to a length, frequencies follow no other.
    self.scaling = length == nil ? scaling : .none
    (inverseFrequencies, attentionFactor) = (frequencies, scaling.attentionFactor)
    (cosines, sines) = try Self.tables(frequencies, attentionFactor, count: precomputed)
  }

  /// The same with the frequencies that
  /// ``RotaryScaling/dynamicNTK(factor:originalLength:)`` has for a length, whatever is read later; without such scaling, itself.
  ///
  /// - Parameters:
  ///   - length: in tokens, as of all that a model is going to read or write.
  ///   - precomputed: for how many positions cosines and sines are kept; nil: as many as here.
  /// - Throws: ``AttentionError`` for a negative count.
  public func fitted(toLength length: Int, precomputed: Int? = nil) throws(AttentionError) -> RotaryPositions {
    guard scaling.isDynamic else { return self }
    return try RotaryPositions(
      rotarySize: rotarySize, base: base, scaling: scaling, pairing: pairing,
      precomputed: precomputed ?? cosines.layout.shape[0], length: length)
  }

  private static func check(size: Int, precomputed: Int) throws(AttentionError) {
    guard size >= 2, size % 2 == 0, size <= Int(Int32.max) else {
      throw .argument(name: "rotarySize", expected: "an even number in 2...\(Int32.max)", actual: "\(size)")
    }
    guard precomputed >= 0 else {
      throw .argument(name: "precomputed", expected: "0 or more", actual: "\(precomputed)")
    }
  }

  private static func tables(
    _ frequencies: Tensor<Double>, _ factor: Double, count: Int
  ) throws(AttentionError) -> (cosines: Tensor<Scalar>, sines: Tensor<Scalar>) {
    try rethrowing { () throws(TensorError) in
      let shape = [count, frequencies.count]
      let tables = (try Tensor<Scalar>(uninitialized: shape), try Tensor<Scalar>(uninitialized: shape))
      for position in 0..<count {
        let row = position * frequencies.count
        RotaryRotation.writeRow(
          position: position, frequencies: UnsafePointer(frequencies.storage.base + frequencies.layout.offset),
          factor: factor, count: frequencies.count, cosines: tables.0.storage.base + row,
          sines: tables.1.storage.base + row)
      }
      return tables
    }
  }
}
