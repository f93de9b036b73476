import Support
import Testing

@testable import Attention

/// What rules say of blocks, against the same rules place by place.
@Suite struct MaskRuleTests {
  private static let (queries, keys) = (7, 13)

  @Test("Coverage of every block, exactly, by arithmetic", arguments: PatternCase.exact)
  func exactCoverage(_ example: PatternCase) throws {
    #expect(example.pattern.rule.isExact)
    try checkEveryBlock(example)
  }

  @Test("Coverage of every block, exactly, by looking at places where it must", arguments: PatternCase.searched)
  func searchedCoverage(_ example: PatternCase) throws {
    #expect(!example.pattern.rule.isExact)
    try checkEveryBlock(example)
  }

  @Test("Coverage of a predicate that is asked in each run")
  func lazyCoverage() throws { try checkEveryBlock(.lazyPredicate, offsets: [0]) }

  /// Every block of 7 queries and 13 keys, with queries before, among and after the keys.
  private func checkEveryBlock(_ example: PatternCase, offsets: [Int] = [-9, -3, 0, 5, 20]) throws {
    let rule = example.pattern.rule
    for offset in offsets {
      let truth = Truth(queries: Self.queries, keys: Self.keys) { example.attends(offset + $0, $1) }
      for firstQuery in 0..<Self.queries {
        for endQuery in (firstQuery + 1)...Self.queries {
          for firstKey in 0..<Self.keys {
            for endKey in (firstKey + 1)...Self.keys {
              let block = PatternBlock(
                batch: 0, heads: 0..<1, queries: firstQuery..<endQuery, keys: firstKey..<endKey, offset: offset)
              let expected = truth.coverage(block)
              let coverage = rule.exactCoverage(of: block)
              if coverage != expected { Issue.record("\(block): \(coverage), expected \(expected)") }
              let span = rule.span(of: block)
              if !truth.lies(in: span, block) { Issue.record("\(block): span \(span)") }
            }
          }
        }
      }
      try checkRows(rule, truth, offset: offset)
    }
  }

  private func checkRows(_ rule: any MaskRule, _ truth: Truth, offset: Int) throws {
    for query in 0..<Self.queries {
      for firstKey in 0..<Self.keys {
        for endKey in (firstKey + 1)...Self.keys {
          // What lies beside the row must stay.
          var bytes = [Bool](repeating: true, count: Self.keys + 2)
          bytes.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            rule.fill(
              PatternRow(batch: 0, head: 0, query: query, keys: firstKey..<endKey, offset: offset), into: base + 1)
          }
          let row = (firstKey..<endKey).map { truth.attends(query, $0) }
          let expected = [true] + row + [Bool](repeating: true, count: Self.keys + 1 - row.count)
          let count = rule.count(
            of: PatternRow(batch: 0, head: 0, query: query, keys: firstKey..<endKey, offset: offset))
          if let count, count != row.count(where: { $0 }) { Issue.record("count \(count) of \(row)") }
          if rule.isExact && count == nil { Issue.record("a rule by arithmetic counts by arithmetic") }
          if bytes != expected { Issue.record("query \(query), keys \(firstKey)..<\(endKey), offset \(offset)") }
        }
      }
    }
  }

  @Test("Spans of patterns are as narrow as arithmetic can tell")
  func spans() {
    func span(_ pattern: MaskPattern, _ queries: Range<Int>, _ keys: Range<Int>, offset: Int = 0) -> Range<Int>? {
      let span = pattern.rule.span(
        of: PatternBlock(batch: 0, heads: 0..<1, queries: queries, keys: keys, offset: offset))
      return span.isEmpty ? nil : span
    }
    let all = 0..<1000
    #expect(span(.blockLocal(size: 100), 250..<270, all) == 200..<300)
    #expect(span(.blockLocal(size: 100), 250..<310, all) == 200..<400)
    #expect(span(.blockLocal(size: 100), 0..<2, all, offset: 1000) == nil)
    #expect(span(.window(left: 5, right: 3), 250..<260, all) == 245..<263)
    #expect(span(.dilatedWindow(left: 50, right: 0, dilation: 10), 250..<251, all) == 200..<251)
    #expect(span(.globalTokens(8), 250..<260, all) == 0..<8)
    #expect(span(.globalTokens(8), 7..<260, all) == all)
    #expect(span(.globalTokens(8), 250..<260, 8..<1000) == nil)
    #expect(span(.globalTokens(8) | .window(left: 5, right: 3), 250..<260, 8..<1000) == 245..<263)
    #expect(span(.globalTokens(8) & .window(left: 5, right: 3), 250..<260, all) == nil)
    #expect(span(.blockSummaries(size: 100, count: 10), 0..<1, 100..<250) == 190..<200)
    #expect(
      span(.segments([Int](repeating: 1, count: 300) + [Int](repeating: 2, count: 700)), 250..<260, all) == 0..<300)
  }
}

/// The truth of a rule, with sums from which any block's count is known.
private struct Truth {
  let queries: Int
  let keys: Int
  private let places: [Bool]
  /// Attended places above and to the left of (i, j) [queries + 1, keys + 1].
  private var sums: [Int]

  init(queries: Int, keys: Int, _ attends: (_ query: Int, _ key: Int) -> Bool) {
    (self.queries, self.keys) = (queries, keys)
    var places: [Bool] = []
    sums = [Int](repeating: 0, count: (queries + 1) * (keys + 1))
    for query in 0..<queries {
      for key in 0..<keys {
        places.append(attends(query, key))
        let above = query * (keys + 1) + key
        let here = above + keys + 2
        sums[here] = sums[above + 1] + sums[here - 1] - sums[above] + (places[places.count - 1] ? 1 : 0)
      }
    }
    self.places = places
  }

  func attends(_ query: Int, _ key: Int) -> Bool { places[query * keys + key] }

  private func count(_ rows: Range<Int>, _ columns: Range<Int>) -> Int {
    let (top, bottom) = (rows.lowerBound * (keys + 1), rows.upperBound * (keys + 1))
    return sums[bottom + columns.upperBound] - sums[top + columns.upperBound] - sums[bottom + columns.lowerBound]
      + sums[top + columns.lowerBound]
  }

  func coverage(_ block: PatternBlock) -> MaskCoverage {
    let count = count(block.queries, block.keys)
    return count == 0 ? .none : count == block.queries.count * block.keys.count ? .all : .part
  }

  /// Whether a span has all that is attended of a block.
  func lies(in span: Range<Int>, _ block: PatternBlock) -> Bool {
    if span.isEmpty { return count(block.queries, block.keys) == 0 }
    return span.lowerBound >= block.keys.lowerBound && span.upperBound <= block.keys.upperBound
      && count(block.queries, span) == count(block.queries, block.keys)
  }
}
