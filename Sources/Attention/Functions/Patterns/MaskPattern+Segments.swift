/// Patterns for several sequences in one: documents packed after each other, or in turns.
extension MaskPattern {
  /// A query attends the keys of its own segment: ids[p] = ids[j]. A query whose place has no id attends nothing.
  ///
  /// Segments of one id need not be neighbours. Memory: two integers for each run of equal ids.
  ///
  /// - Parameter ids: one for each key [S] or more, the same for every batch element.
  public static func segments(_ ids: [Int]) -> MaskPattern { segments([ids]) }

  /// A query attends the keys of its own segment: ids[b][p] = ids[b][j].
  ///
  /// - Parameter ids: for each batch element one for each key [B][S] or more; a single element stands for all.
  public static func segments(_ ids: [[Int]]) -> MaskPattern {
    MaskPattern(SegmentRule(ids.map { SegmentTable(ids: $0) }, isAligned: true))
  }

  /// Query i attends the keys whose id is its own, wherever it stands: queries[b][i] = keys[b][j].
  ///
  /// - Parameters:
  ///   - queries: for each batch element one id for each query [B][L] or more; a single element stands for all.
  ///   - keys: for each batch element one id for each key [B][S] or more, of as many batch elements as `queries`.
  public static func segments(queries: [[Int]], keys: [[Int]]) -> MaskPattern {
    guard queries.count == keys.count else {
      return MaskPattern(MismatchedSegmentsRule(queries: queries.count, keys: keys.count))
    }
    return MaskPattern(SegmentRule(zip(queries, keys).map { SegmentTable(ids: $1, queryIDs: $0) }, isAligned: false))
  }
}
