/// j mod size ≥ size − count, for every query.
struct BlockSummariesRule: MaskRule {
  private let size: Int
  private let count: Int

  init(size: Int, count: Int) { (self.size, self.count) = (size, count) }

  var description: String { "blockSummaries(\(count) of \(size))" }

  func validate(for shape: AttentionShape) throws(AttentionError) {
    guard size > 0 else { throw .argument(name: "block size", expected: "1 or more", actual: "\(size)") }
    guard (0...size).contains(count) else {
      throw .argument(name: "block summaries", expected: "0...\(size)", actual: "\(count)")
    }
  }

  func coverage(of block: PatternBlock) -> MaskCoverage {
    let attended = attended(of: block.keys)
    return attended == 0 ? .none : attended == block.keys.count ? .all : .part
  }

  private func attended(of keys: Range<Int>) -> Int {
    attended(before: keys.upperBound) - attended(before: keys.lowerBound)
  }

  /// How many of the first keys are attended.
  private func attended(before key: Int) -> Int {
    let (blocks, rest) = key.quotientAndRemainder(dividingBy: size)
    return blocks * count + max(0, rest - (size - count))
  }

  func span(of block: PatternBlock) -> Range<Int> {
    let (low, last) = (block.keys.lowerBound, block.keys.upperBound - 1)
    let first = low + max(0, size - count - low % size)
    let end = last % size >= size - count ? last + 1 : last - last % size
    return first < end ? first..<end : low..<low
  }

  func count(of row: PatternRow) -> Int? { attended(of: row.keys) }

  func fill(_ row: PatternRow, into target: UnsafeMutablePointer<Bool>) {
    var residue = row.keys.lowerBound % size
    for column in 0..<row.keys.count {
      target[column] = residue >= size - count
      residue = residue + 1 == size ? 0 : residue + 1
    }
  }
}
