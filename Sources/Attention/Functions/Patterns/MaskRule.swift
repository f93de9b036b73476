internal import Glibc

/// How much of a block of scores a mask lets through.
enum MaskCoverage: Sendable, Hashable {
  case none, part, all
}

/// A block of scores as a rule sees it: some query heads and queries of a batch element against some keys. None of the ranges
/// is empty.
struct PatternBlock: Sendable, Hashable {
  var batch: Int
  var heads: Range<Int>
  var queries: Range<Int>
  var keys: Range<Int>
  /// Where query 0 stands among the keys: query i stands at p = `offset` + i.
  var offset: Int

  /// Where the queries stand among the keys.
  var places: Range<Int> { (offset + queries.lowerBound)..<(offset + queries.upperBound) }

  func row(head: Int, query: Int) -> PatternRow {
    PatternRow(batch: batch, head: head, query: query, keys: keys, offset: offset)
  }
}

/// One row of a block.
struct PatternRow: Sendable, Hashable {
  var batch: Int
  var head: Int
  var query: Int
  var keys: Range<Int>
  var offset: Int

  var place: Int { offset + query }
}

/// What a ``MaskPattern`` asks of a rule for which query attends which key.
protocol MaskRule: Sendable, CustomStringConvertible {
  /// Whether the rule depends on where queries stand among the keys.
  var needsAlignment: Bool { get }
  /// Whether the rule may differ from head to head.
  var variesByHead: Bool { get }
  /// Whether ``coverage(of:)`` says `part` only where some places are attended and some not. If not, places have to be looked at.
  var isExact: Bool { get }
  /// That the rule can be asked about a problem of this shape at all: nothing else is called before.
  func validate(for shape: AttentionShape) throws(AttentionError)
  /// How much of a block is attended, quickly.
  func coverage(of block: PatternBlock) -> MaskCoverage
  /// Keys of the block outside of which no row attends any, quickly; empty where none is attended.
  func span(of block: PatternBlock) -> Range<Int>
  /// How many keys of a row are attended; nil where they have to be counted.
  func count(of row: PatternRow) -> Int?
  /// Writes a byte for each key of a row, 1 where attended.
  func fill(_ row: PatternRow, into target: UnsafeMutablePointer<Bool>)
}

extension MaskRule {
  var needsAlignment: Bool { false }
  var variesByHead: Bool { false }
  var isExact: Bool { true }
  func span(of block: PatternBlock) -> Range<Int> { block.keys }
  func count(of row: PatternRow) -> Int? { nil }

  /// Marks the keys of a row that lie in a range, and no others.
  func fill(_ row: PatternRow, into target: UnsafeMutablePointer<Bool>, attending range: Range<Int>) {
    let attended = range.clamped(to: row.keys)
    target.update(repeating: false, count: row.keys.count)
    (target + (attended.lowerBound - row.keys.lowerBound)).update(repeating: true, count: attended.count)
  }
}

extension MaskRule {
  /// How much of a block is attended, exactly: by looking at its places where the rule alone can't tell.
  ///
  /// - Complexity: at most that of filling the block, up to the first row that settles it.
  func exactCoverage(of block: PatternBlock) -> MaskCoverage {
    var unlimited = Int.max
    return exactCoverage(of: block, placesLeft: &unlimited) ?? .part
  }

  /// The same, or nil where that would look at too many places.
  ///
  /// - Parameters:
  ///   - block: asked about.
  ///   - placesLeft: how many places may be looked at, less afterwards.
  func exactCoverage(of block: PatternBlock, placesLeft: inout Int) -> MaskCoverage? {
    let quick = coverage(of: block)
    guard quick == .part, !isExact else { return quick }
    var (any, all) = (false, true)
    for head in variesByHead ? block.heads[...] : block.heads.prefix(1) {
      for query in block.queries {
        guard block.keys.count <= placesLeft else { return nil }
        placesLeft -= block.keys.count
        forEachChunk(of: block.row(head: head, query: query)) { _, bytes in
          guard let base = bytes.baseAddress else { return }
          any = any || memchr(base, 1, bytes.count) != nil
          all = all && memchr(base, 0, bytes.count) == nil
        }
        if any && !all { return .part }
      }
    }
    return all ? .all : any ? .part : MaskCoverage.none
  }

  /// How many keys of a row are attended, counted one by one.
  func countPlaces(of row: PatternRow) -> Int {
    var count = 0
    forEachChunk(of: row) { _, bytes in
      for byte in bytes { count &+= byte ? 1 : 0 }
    }
    return count
  }

  /// Calls `body` with the bytes of a row, some columns at a time, from a buffer on the stack.
  ///
  /// - Parameter body: receives the first column of each piece, counted from the row's first key.
  func forEachChunk(of row: PatternRow, _ body: (_ column: Int, _ bytes: UnsafeMutableBufferPointer<Bool>) -> Void) {
    // Beyond 1024 bytes a temporary allocation may be on the heap.
    let limit = 512
    withUnsafeTemporaryAllocation(of: Bool.self, capacity: limit) { buffer in
      guard let base = buffer.baseAddress else { return }
      var chunk = row
      for start in stride(from: row.keys.lowerBound, to: row.keys.upperBound, by: limit) {
        chunk.keys = start..<min(start + limit, row.keys.upperBound)
        fill(chunk, into: base)
        body(start - row.keys.lowerBound, UnsafeMutableBufferPointer(start: base, count: chunk.keys.count))
      }
    }
  }
}

extension Int {
  /// ⌊self / divisor⌋, for a positive divisor.
  func floorDivided(by divisor: Int) -> Int {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
