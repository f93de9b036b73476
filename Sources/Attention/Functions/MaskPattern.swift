internal import Tensors

/// How much of a block of scores a mask lets through.
package enum MaskCoverage: Sendable, Hashable {
  case none, part, all
}

/// A block of scores as a pattern sees it: some query heads and queries of a batch element against some keys.
package struct PatternBlock: Sendable, Hashable {
  package let batch: Int
  package let heads: Range<Int>
  package let queries: Range<Int>
  package let keys: Range<Int>
  /// Where query 0 stands among the keys: query i stands at `offset` + i.
  package let offset: Int

  package init(batch: Int, heads: Range<Int>, queries: Range<Int>, keys: Range<Int>, offset: Int) {
    (self.batch, self.heads, self.queries, self.keys, self.offset) = (batch, heads, queries, keys, offset)
  }
}

/// A mask given by a rule instead of by a value for every place, which can also tell what it does to a whole block: tiles that it
/// empties are neither computed nor read, and tiles that it leaves whole skip it.
public struct MaskPattern: Sendable, CustomStringConvertible {
  public let description: String
  /// Whether the rule depends on where queries stand among the keys.
  let needsAlignment: Bool
  /// How much of a block is attended. `part` is always a right answer, only a slow one.
  let coverage: @Sendable (_ block: PatternBlock) -> MaskCoverage
  /// Fills rows of bytes, 1 where attended: row r belongs to head `heads.lowerBound + r / queries.count` and query
  /// `queries.lowerBound + r % queries.count` of the block and begins at `target + r·stride`.
  let fill: @Sendable (_ block: PatternBlock, _ target: UnsafeMutablePointer<Bool>, _ stride: Int) -> Void

  package init(
    description: String, needsAlignment: Bool, coverage: @escaping @Sendable (PatternBlock) -> MaskCoverage,
    fill: @escaping @Sendable (PatternBlock, UnsafeMutablePointer<Bool>, Int) -> Void
  ) {
    self.description = description
    self.needsAlignment = needsAlignment
    self.coverage = coverage
    self.fill = fill
  }
}
