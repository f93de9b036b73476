/// ⌊p / size⌋ = ⌊j / size⌋.
struct BlockLocalRule: MaskRule {
  private let given: Int
  private let size: Int

  init(_ size: Int) {
    given = size
    self.size = min(size, QueryAlignment.limit)
  }

  var description: String { "blockLocal(\(given))" }
  var needsAlignment: Bool { true }

  func validate(for shape: AttentionShape) throws(AttentionError) {
    guard given > 0 else { throw .argument(name: "block size", expected: "1 or more", actual: "\(given)") }
  }

  /// The block that a place lies in.
  private func keys(attendedAt place: Int) -> Range<Int> {
    let start = place.floorDivided(by: size) * size
    return start..<(start + size)
  }

  func coverage(of block: PatternBlock) -> MaskCoverage {
    if span(of: block).isEmpty { return .none }
    let (first, last) = ends(of: block)
    return last.lowerBound <= block.keys.lowerBound && first.upperBound >= block.keys.upperBound ? .all : .part
  }

  /// Queries follow each other, so that the blocks that they attend have no gap between them.
  func span(of block: PatternBlock) -> Range<Int> {
    let (first, last) = ends(of: block)
    return block.keys.clamped(to: first.lowerBound..<last.upperBound)
  }

  private func ends(of block: PatternBlock) -> (first: Range<Int>, last: Range<Int>) {
    (keys(attendedAt: block.places.lowerBound), keys(attendedAt: block.places.upperBound - 1))
  }

  func count(of row: PatternRow) -> Int? { row.keys.clamped(to: keys(attendedAt: row.place)).count }

  func fill(_ row: PatternRow, into target: UnsafeMutablePointer<Bool>) {
    fill(row, into: target, attending: keys(attendedAt: row.place))
  }
}
