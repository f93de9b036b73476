/// Query and key of the same segment.
struct SegmentRule: MaskRule {
  private let tables: [SegmentTable]
  /// Whether queries have the ids of the keys at their places.
  private let isAligned: Bool

  init(_ tables: [SegmentTable], isAligned: Bool) { (self.tables, self.isAligned) = (tables, isAligned) }

  var needsAlignment: Bool { isAligned }
  var description: String {
    let keys = tables.map { "\($0.keys.count)" }.joined(separator: ", ")
    return isAligned
      ? "segments[\(keys)]"
      : "segments(queries[\(tables.map { "\($0.queries.count)" }.joined(separator: ", "))], keys[\(keys)])"
  }

  func validate(for shape: AttentionShape) throws(AttentionError) {
    guard tables.count == 1 || tables.count >= shape.batch else {
      throw .argument(
        name: "segments", expected: "1 list of ids, or \(shape.batch), one per batch element", actual: "\(tables.count)"
      )
    }
    for table in tables.prefix(shape.batch) {
      try Self.check("segment ids of keys", table.keys.count, least: shape.keys)
      if !isAligned { try Self.check("segment ids of queries", table.queries.count, least: shape.queries) }
    }
  }

  private static func check(_ name: String, _ count: Int, least: Int) throws(AttentionError) {
    guard count >= least else { throw .argument(name: name, expected: "\(least) or more", actual: "\(count)") }
  }

  private func table(_ batch: Int) -> SegmentTable { tables.count == 1 ? tables[0] : tables[batch] }

  /// Where the queries' ids are.
  private func places(of block: PatternBlock) -> Range<Int> { isAligned ? block.places : block.queries }

  func coverage(of block: PatternBlock) -> MaskCoverage {
    let table = table(block.batch)
    let places = places(of: block)
    let known = places.clamped(to: 0..<table.queries.count)
    var (any, all) = (false, known == places)
    table.queries.forEach(in: known) { id, _ in
      let span = table.span(of: id, in: block.keys)
      if span != block.keys { all = false }
      table.keys.forEach(in: span) { key, _ in
        any = any || key == id
        all = all && key == id
        return !any || all
      }
      return !any || all
    }
    return all ? .all : any ? .part : .none
  }

  func span(of block: PatternBlock) -> Range<Int> {
    let table = table(block.batch)
    var (low, high) = (block.keys.upperBound, block.keys.lowerBound)
    table.queries.forEach(in: places(of: block).clamped(to: 0..<table.queries.count)) { id, _ in
      let span = table.span(of: id, in: block.keys)
      if !span.isEmpty { (low, high) = (min(low, span.lowerBound), max(high, span.upperBound)) }
      return low > block.keys.lowerBound || high < block.keys.upperBound
    }
    return low < high ? low..<high : block.keys.lowerBound..<block.keys.lowerBound
  }

  func count(of row: PatternRow) -> Int? {
    var count = 0
    forEachAttendedRun(of: row) { count += $0.count }
    return count
  }

  func fill(_ row: PatternRow, into target: UnsafeMutablePointer<Bool>) {
    target.update(repeating: false, count: row.keys.count)
    forEachAttendedRun(of: row) { places in
      (target + (places.lowerBound - row.keys.lowerBound)).update(repeating: true, count: places.count)
    }
  }

  private func forEachAttendedRun(of row: PatternRow, _ body: (_ keys: Range<Int>) -> Void) {
    let table = table(row.batch)
    let place = isAligned ? row.place : row.query
    guard (0..<table.queries.count).contains(place) else { return }
    let id = table.queries.ids[table.queries.run(at: place)]
    table.keys.forEach(in: table.span(of: id, in: row.keys)) { key, keys in
      if key == id { body(keys) }
      return true
    }
  }
}

/// Segments of queries and keys that are of different numbers of batch elements: an error where it is used.
struct MismatchedSegmentsRule: MaskRule {
  let queries: Int
  let keys: Int

  var description: String { "segments" }

  func validate(for shape: AttentionShape) throws(AttentionError) {
    throw .argument(
      name: "segments of keys", expected: "\(queries) lists of ids, as of queries", actual: "\(keys)")
  }

  func coverage(of block: PatternBlock) -> MaskCoverage { .none }
  func fill(_ row: PatternRow, into target: UnsafeMutablePointer<Bool>) {
    target.update(repeating: false, count: row.keys.count)
  }
}
