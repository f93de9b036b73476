internal import Tensors

extension ResolvedMask {
  /// Calls `body` with tiles of at most `width` keys that together hold every key that some row of a block may attend: from the
  /// first such key on, each next tile from the next such key after it, and no longer than to its last.
  ///
  /// - Parameter all: every key, attended or not.
  func forEachTile(
    batch: Int, heads: Range<Int>, queries: Range<Int>, width: Int, all: Bool, _ body: (_ tile: Range<Int>) -> Void
  ) {
    let isUncut = all || !hasRule
    let keys =
      all ? 0..<self.keys : span(batch: batch, heads: heads, queries: queries, keys: 0..<self.keys)
    var start = keys.lowerBound
    while start < keys.upperBound {
      var tile = start..<min(start + width, keys.upperBound)
      if !isUncut {
        let rest = span(batch: batch, heads: heads, queries: queries, keys: start..<keys.upperBound)
        if rest.isEmpty { return }
        tile = rest.lowerBound..<min(rest.lowerBound + width, rest.upperBound)
      }
      start = tile.upperBound
      if !isUncut { tile = span(batch: batch, heads: heads, queries: queries, keys: tile) }
      if !tile.isEmpty { body(tile) }
    }
  }
}
