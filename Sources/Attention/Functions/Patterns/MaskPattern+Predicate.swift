/// Patterns given by a closure.
extension MaskPattern {
  /// Where a closure says so, asked anew in every run: no memory, for sizes whose places are too many to keep a bit for each.
  ///
  /// The closure is called for every place of the tiles that nothing else of the mask empties, up to twice; tiles that it empties are
  /// neither computed nor read. Intersected with a pattern by arithmetic it is asked only where that attends:
  /// `.blockLocal(size: 512) & .predicate { … }`.
  ///
  /// - Parameter isAttended: whether query i of batch element b and query head h attends key j. Called from several threads at
  ///   once; must give the same answer for the same place each time.
  /// - Complexity: one call for each place of a tile that is wholly attended or empty, up to two for one that is partly attended.
  @inlinable
  public static func predicate(
    _ isAttended: @escaping @Sendable (_ batch: Int, _ head: Int, _ query: Int, _ key: Int) -> Bool
  ) -> MaskPattern {
    lazyPredicate { batch, head, query, firstKey, target in
      for column in target.indices { target[column] = isAttended(batch, head, query, firstKey + column) }
    }
  }

  /// Where a closure says so, asked once, now, for all places: runs look the answers up.
  ///
  /// To be made once and used in many runs. Places are kept in blocks of 64 × 64, each of which is attended wholly, not at all
  /// or in part, as FlexAttention's `BlockMask` has it; empty blocks are neither computed nor read.
  ///
  /// Memory: 4 bytes for each block, and 512 more for each that is attended in part. For 65536 queries and keys and a causal
  /// rule that is 4.7 MB.
  ///
  /// - Parameters:
  ///   - batch: 1: the same for every batch element.
  ///   - heads: 1: the same for every head.
  ///   - queries: the most queries of a run.
  ///   - keys: the most keys of a run.
  ///   - workers: threads that share the work; nil: ``/Tensors/Workers/count``.
  ///   - isAttended: whether query i of batch element b and query head h attends key j. Called from several threads at once.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` for an extent below 0 or above 2³¹ − 1, or fewer than one worker;
  ///   ``AttentionError/tooLarge(name:shape:)`` for more than 2³¹ − 1 blocks. A run of more batch elements or heads (unless
  ///   there is 1), queries or keys throws too.
  /// - Complexity: batch · heads · queries · keys calls.
  /// - SeeAlso: Dong et al. (2024), "Flex Attention: a programming model for generating optimized attention kernels", section 3.
  @inlinable
  public static func predicate(
    batch: Int = 1, heads: Int = 1, queries: Int, keys: Int, workers: Int? = nil,
    _ isAttended: @escaping @Sendable (_ batch: Int, _ head: Int, _ query: Int, _ key: Int) -> Bool
  ) throws(AttentionError) -> MaskPattern {
    try evaluatedPredicate([batch, heads, queries, keys], workers: workers) { batch, head, query, firstKey, target in
      for column in target.indices { target[column] = isAttended(batch, head, query, firstKey + column) }
    }
  }

  /// Fills a row for the keys from a first one on. The loop is compiled in the module that writes the predicate.
  @usableFromInline
  typealias PredicateRow =
    @Sendable (
      _ batch: Int, _ head: Int, _ query: Int, _ firstKey: Int, _ target: UnsafeMutableBufferPointer<Bool>
    ) -> Void

  @usableFromInline
  static func lazyPredicate(_ row: @escaping PredicateRow) -> MaskPattern { MaskPattern(PredicateRule(row)) }

  @usableFromInline
  static func evaluatedPredicate(
    _ extents: [Int], workers: Int?, _ row: PredicateRow
  ) throws(AttentionError) -> MaskPattern {
    MaskPattern(try EvaluatedPredicate(extents, workers: workers, row))
  }
}

/// A predicate that is asked in each run.
struct PredicateRule: MaskRule {
  private let row: MaskPattern.PredicateRow

  init(_ row: @escaping MaskPattern.PredicateRow) { self.row = row }

  var description: String { "predicate" }
  var variesByHead: Bool { true }
  var isExact: Bool { false }

  func validate(for shape: AttentionShape) throws(AttentionError) {}
  func coverage(of block: PatternBlock) -> MaskCoverage { .part }

  func fill(_ row: PatternRow, into target: UnsafeMutablePointer<Bool>) {
    self.row(
      row.batch, row.head, row.query, row.keys.lowerBound,
      UnsafeMutableBufferPointer(start: target, count: row.keys.count))
  }
}
