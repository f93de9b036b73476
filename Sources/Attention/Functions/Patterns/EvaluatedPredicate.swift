internal import Tensors

/// A predicate's answers for all places of some extents, in blocks of 64 × 64.
struct EvaluatedPredicate: MaskRule {
  /// Queries and keys of a block: a row of it is a word of bits.
  static let side = 64

  let batch: Int
  let heads: Int
  let queries: Int
  let keys: Int
  /// Row after row of blocks: for each batch element, head and 64 queries.
  private let rows: [BlockRow]

  /// - Parameters:
  ///   - extents: batch, heads, queries and keys.
  ///   - workers: nil: as many as all else uses.
  ///   - row: fills a row of places.
  init(_ extents: [Int], workers: Int?, _ row: MaskPattern.PredicateRow) throws(AttentionError) {
    for (name, extent) in zip(["batch", "heads", "queries", "keys"], extents)
    where !(0...Int(Int32.max)).contains(extent) {
      throw .argument(name: "predicate's \(name)", expected: "0...\(Int32.max)", actual: "\(extent)")
    }
    if let workers, workers < 1 { throw .argument(name: "workers", expected: "1 or more", actual: "\(workers)") }
    (batch, heads, queries, keys) = (extents[0], extents[1], extents[2], extents[3])
    try Self.checkCount(extents)
    let (heads, queries, keys, blocks) = (heads, queries, keys, Self.blocks(queries))
    let empty = BlockRow()
    rows = [BlockRow](unsafeUninitializedCapacity: batch * heads * blocks) { rows, count in
      rows.initialize(repeating: empty)
      count = rows.count
      // Each piece writes an element of its own.
      nonisolated(unsafe) let rows = rows
      FanOut.run(pieces: rows.count, workers: workers ?? Workers.count) { piece, _ in
        let (pair, block) = piece.quotientAndRemainder(dividingBy: blocks)
        let start = block * Self.side
        rows[piece] = BlockRow(
          batch: pair / heads, head: pair % heads, queries: start..<min(start + Self.side, queries), keys: keys, row)
      }
    }
  }

  private static func checkCount(_ extents: [Int]) throws(AttentionError) {
    var count = 1.0
    for (axis, extent) in extents.enumerated() { count *= Double(axis < 2 ? extent : max(blocks(extent), 1)) }
    guard count <= Double(Int32.max) else { throw .tooLarge(name: "predicate", shape: extents) }
  }

  private static func blocks(_ extent: Int) -> Int { (extent + side - 1) / side }

  var description: String { "predicate[\(batch), \(heads), \(queries), \(keys)]" }
  var variesByHead: Bool { heads != 1 }

  func validate(for shape: AttentionShape) throws(AttentionError) {
    if batch != 1 { try check("batch", shape.batch, limit: batch) }
    if heads != 1 { try check("heads", shape.heads, limit: heads) }
    try check("queries", shape.queries, limit: queries)
    try check("keys", shape.keys, limit: keys)
  }

  private func check(_ name: String, _ size: Int, limit: Int) throws(AttentionError) {
    guard size <= limit else {
      throw .argument(name: name, expected: "at most \(limit), as \(self) was evaluated for", actual: "\(size)")
    }
  }

  /// The row of blocks that a query lies in.
  private func index(batch: Int, head: Int, query: Int) -> Int {
    let pair = (self.batch == 1 ? 0 : batch) * heads + (heads == 1 ? 0 : head)
    return pair * Self.blocks(queries) + query / Self.side
  }

  /// Calls `body` with each row of blocks that a block's queries lie in, and which of its rows they are, until it answers false.
  private func forEachRow(
    of block: PatternBlock, _ body: (_ row: BlockRow, _ queries: Range<Int>) -> Bool
  ) {
    for head in heads == 1 ? block.heads.prefix(1) : block.heads[...] {
      var query = block.queries.lowerBound
      while query < block.queries.upperBound {
        let first = query % Self.side
        let end = min(Self.side, first + block.queries.upperBound - query)
        guard body(rows[index(batch: block.batch, head: head, query: query)], first..<end) else { return }
        query += end - first
      }
    }
  }

  func coverage(of block: PatternBlock) -> MaskCoverage {
    var (any, all) = (false, true)
    forEachRow(of: block) { row, queries in
      switch row.coverage(queries: queries, keys: block.keys) {
      case .none: all = false
      case .all: any = true
      case .part: (any, all) = (true, false)
      }
      return !any || all
    }
    return all ? .all : any ? .part : .none
  }

  func span(of block: PatternBlock) -> Range<Int> {
    var (low, high) = (block.keys.upperBound, block.keys.lowerBound)
    forEachRow(of: block) { row, _ in
      let span = row.span(of: block.keys)
      if !span.isEmpty { (low, high) = (min(low, span.lowerBound), max(high, span.upperBound)) }
      return low > block.keys.lowerBound || high < block.keys.upperBound
    }
    return low < high ? low..<high : block.keys.lowerBound..<block.keys.lowerBound
  }

  func count(of row: PatternRow) -> Int? {
    rows[index(batch: row.batch, head: row.head, query: row.query)].count(query: row.query % Self.side, keys: row.keys)
  }

  func fill(_ row: PatternRow, into target: UnsafeMutablePointer<Bool>) {
    rows[index(batch: row.batch, head: row.head, query: row.query)]
      .fill(query: row.query % Self.side, keys: row.keys, into: target)
  }
}
