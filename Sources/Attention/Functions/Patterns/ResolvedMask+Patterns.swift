internal import Tensors

extension ResolvedMask {
  func patternBlock(
    batch: Int, heads: Range<Int>, queries block: Range<Int>, keys tile: Range<Int>
  ) -> PatternBlock {
    PatternBlock(batch: batch, heads: heads, queries: block, keys: tile, offset: offset(batch: batch))
  }

  /// Where query 0 stands among the keys.
  func offset(batch: Int) -> Int {
    alignment.offset(batch: batch, queries: queries, keys: keys, keyLengths: keyLengths)
  }

  /// How much of a block the pattern lets through; nil where too many places would have to be looked at.
  func patternCoverage(
    batch: Int, heads: Range<Int>, queries: Range<Int>, keys: Range<Int>, placesLeft: inout Int
  ) -> MaskCoverage? {
    guard hasRule, let rule else { return .all }
    return rule.exactCoverage(
      of: patternBlock(batch: batch, heads: heads, queries: queries, keys: keys), placesLeft: &placesLeft)
  }

  /// Keys outside of which neither ranges nor the pattern let any row of a block attend one; empty where they let none.
  func span(batch: Int, heads: Range<Int>, queries: Range<Int>, keys: Range<Int>) -> Range<Int> {
    let attended = keys.clamped(to: union(batch: batch, queries: queries))
    guard hasRule, let rule, !attended.isEmpty else { return attended }
    return rule.span(of: patternBlock(batch: batch, heads: heads, queries: queries, keys: attended))
  }

  /// Writes a byte for each place of a block, 1 where the pattern and `keep` let it through, rows one after the other.
  func fillKeep(
    batch: Int, heads: Range<Int>, queries: Range<Int>, keys: Range<Int>, into target: UnsafeMutablePointer<Bool>
  ) {
    let block = patternBlock(batch: batch, heads: heads, queries: queries, keys: keys)
    let columns = keys.count
    var row = target
    // Once: to ask the optional copies it.
    let rule = rule
    for head in heads {
      for query in queries {
        if let rule {
          if head > heads.lowerBound, !rule.variesByHead, !hasKeep {
            row.update(from: row - queries.count * columns, count: columns)
          } else {
            rule.fill(block.row(head: head, query: query), into: row)
          }
        } else {
          row.update(repeating: true, count: columns)
        }
        if hasKeep, let keep {
          let kept = keep.row(batch: batch, head: head, query: query) + keys.lowerBound
          for column in 0..<columns { row[column] = row[column] && kept[column] }
        }
        row += columns
      }
    }
  }
}
