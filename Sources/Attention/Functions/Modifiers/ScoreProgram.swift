public import Tensors

/// A function of each score (or each weight) and its place, as `score_mod` and `prob_mod` of FlexAttention are.
///
/// ```swift
/// let soft = ScoreProgram<Float> { score, batch, head, query, key in score - 0.1 * Float(abs(query - key)) }
/// ```
///
/// −∞ for a score masks its key, as any mask does; NaN stays visible in its row.
///
/// The loop over a tile of scores is compiled in the module that writes the closure, and called once a tile. A closure that captures
/// nothing is compiled into it; one that captures something is called for each score (measured: 1 ns a score or less against 2 to 3). A
/// ``ScoreFunction`` is compiled into the loop whatever it holds.
///
/// - SeeAlso: ONNX `FlexAttention` (opset 26); Dong et al. (2024), "Flex Attention".
public struct ScoreProgram<Scalar: BLASScalar>: Sendable {
  @usableFromInline let applyToTile: @Sendable (ScoreTile<Scalar>) -> Void

  @usableFromInline
  init(applyToTile: @escaping @Sendable (ScoreTile<Scalar>) -> Void) { self.applyToTile = applyToTile }

  /// - Parameter body: the new value for a score, or weight, of batch element b, query head h, query i and key j. Called from
  ///   several threads at once, in any order, once or more for a place, and for some masked places too (whose results are
  ///   not used).
  @inlinable
  public init(
    _ body: @escaping @Sendable (_ score: Scalar, _ batch: Int, _ head: Int, _ query: Int, _ key: Int) -> Scalar
  ) {
    self.init(applyToTile: { tile in tile.map(body) })
  }
}

/// The scores of some query heads and queries against some keys, while a program looks at them.
@usableFromInline
struct ScoreTile<Scalar: BLASScalar> {
  @usableFromInline let base: UnsafeMutablePointer<Scalar>
  @usableFromInline let leadingDimension: Int
  @usableFromInline let batch: Int
  @usableFromInline let heads: Range<Int>
  @usableFromInline let queries: Range<Int>
  @usableFromInline let keys: Range<Int>

  init(_ block: ScoreBlock<Scalar>) {
    (base, leadingDimension, batch) = (block.base, block.ld, block.batch)
    (heads, queries, keys) = (block.heads, block.queries, block.keys)
  }

  @inlinable
  func map(_ body: (_ score: Scalar, _ batch: Int, _ head: Int, _ query: Int, _ key: Int) -> Scalar) {
    var row = base
    for head in heads {
      for query in queries {
        for column in 0..<keys.count {
          row[column] = body(row[column], batch, head, query, keys.lowerBound + column)
        }
        row += leadingDimension
      }
    }
  }
}

extension ScoreProgram {
  func apply(to block: ScoreBlock<Scalar>) { applyToTile(ScoreTile(block)) }
}
