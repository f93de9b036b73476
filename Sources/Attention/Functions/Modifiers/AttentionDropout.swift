internal import Tensors

/// Weights set to 0 at random, each by itself; those that stay are multiplied by 1/(1 − p), so that their sum stays as it is on
/// average.
///
/// The random number of a weight is a function of the seed and of its place (batch element, head, query, key) alone: every
/// path, tile size and number of threads drops the same weights.
///
/// - SeeAlso: Srivastava et al. (2014), "Dropout"; Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2, 3"
///   (Philox4x32-10, the generator).
public struct AttentionDropout: Sendable, Hashable {
  /// p: the part of the weights that is dropped, 0…1.
  public var probability: Double
  public var seed: UInt64

  public init(probability: Double, seed: UInt64) {
    self.probability = probability
    self.seed = seed
  }

  func validate() throws(AttentionError) {
    guard probability >= 0, probability <= 1 else {
      throw .argument(name: "dropout probability", expected: "0...1", actual: "\(probability)")
    }
  }

  /// Drops weights of a block.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func apply<Scalar: BLASScalar>(to block: ScoreBlock<Scalar>) {
    guard probability > 0 else { return }
    let factor = probability < 1 ? Scalar(1 / (1 - probability)) : 0
    // A 32-bit draw below this drops; p = 1 drops them all.
    let limit = UInt64((probability * 0x1p32).rounded())
    var row = block.base
    for head in block.heads {
      for query in block.queries {
        var column = 0
        while column < block.keys.count {
          let key = block.keys.lowerBound + column
          let draws = Philox4x32.draw(
            counter: SIMD4(
              UInt32(truncatingIfNeeded: key >> 2), UInt32(truncatingIfNeeded: query),
              UInt32(truncatingIfNeeded: head), UInt32(truncatingIfNeeded: block.batch)),
            key: SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
          var lane = key & 3
          while lane < 4, column < block.keys.count {
            row[column] = UInt64(draws[lane]) < limit ? 0 : row[column] * factor
            (lane, column) = (lane + 1, column + 1)
          }
        }
        row += block.ld
      }
    }
  }
}
