/// How a mask acts on a block of scores: some query heads and queries, and some keys.
struct MaskRestriction {
  /// Some row's range ends inside the block.
  var byRange = false
  /// `keep` is false somewhere inside it.
  var byKeep = false
  /// A pattern is false somewhere inside it.
  var byPattern = false
  /// A score program gave −∞ somewhere inside it.
  var byProgram = false
  /// Scores get a bias (which may be −∞).
  var byBias = false
  /// The pattern may leave nothing of it, or all: its places have not been looked at.
  var isUnknown = false
  /// Nothing in it is attended.
  var isEmpty = false

  /// Whether a place of the block may be masked.
  var mayMask: Bool { byRange || byKeep || byPattern || byProgram || byBias }
}

extension ResolvedMask {
  /// - Complexity: O(rows · keys) for a `keep` mask that differs by row; a bias is searched for its first number above −∞ only.
  func restriction(batch: Int, heads: Range<Int>, queries: Range<Int>, keys: Range<Int>) -> MaskRestriction {
    var unlimited = Int.max
    return restriction(batch: batch, heads: heads, queries: queries, keys: keys, placesLeft: &unlimited)
  }

  /// The same, where a pattern's places may be looked at so often only; each time leaves less.
  func restriction(
    batch: Int, heads: Range<Int>, queries: Range<Int>, keys: Range<Int>, placesLeft: inout Int
  ) -> MaskRestriction {
    let attended = keys.clamped(to: union(batch: batch, queries: queries))
    guard !attended.isEmpty else { return MaskRestriction(byRange: true, isEmpty: true) }
    let pattern = patternCoverage(
      batch: batch, heads: heads, queries: queries, keys: attended, placesLeft: &placesLeft)
    if pattern == MaskCoverage.none { return MaskRestriction(byPattern: true, isEmpty: true) }
    let coverage = keepCoverage(batch: batch, heads: heads, queries: queries, keys: attended)
    return MaskRestriction(
      byRange: !coversWholly(batch: batch, queries: queries, keys: keys), byKeep: coverage == .part,
      byPattern: pattern != .all, byBias: hasBias, isUnknown: pattern == nil,
      isEmpty: coverage == .none || biasMasksAll(batch: batch, heads: heads, queries: queries, keys: attended))
  }

  /// Whether the bias is −∞ everywhere in a block.
  private func biasMasksAll(batch: Int, heads: Range<Int>, queries: Range<Int>, keys: Range<Int>) -> Bool {
    guard hasBias, let bias else { return false }
    for head in bias.headStride == 0 ? heads.prefix(1) : heads[...] {
      for query in bias.queryStride == 0 ? queries.prefix(1) : queries[...] {
        let row = bias.row(batch: batch, head: head, query: query)
        for key in keys where row[key] != -.infinity { return false }
      }
    }
    return true
  }
}
