/// A rule for the keys of a sequence, and beyond them further keys that every query attends.
struct AppendedKeysRule: MaskRule {
  let rule: any MaskRule
  /// Keys of the sequence.
  let keys: Int
  /// How many are appended.
  let count: Int
  /// Where query 0 stands among the keys of the sequence, for each batch element.
  let offsets: [Int]

  var variesByHead: Bool { rule.variesByHead }
  var isExact: Bool { rule.isExact }
  var description: String { "\(rule)" }

  func validate(for shape: AttentionShape) throws(AttentionError) {
    guard shape.keys == keys + count else {
      throw .argument(name: "keys", expected: "\(keys) and \(count) appended", actual: "\(shape.keys)")
    }
    guard shape.batch <= offsets.count else {
      throw .argument(name: "batch", expected: "at most \(offsets.count)", actual: "\(shape.batch)")
    }
  }

  /// A block without the appended keys; nil where there are no others.
  private func sequence(_ block: PatternBlock) -> PatternBlock? {
    var block = block
    block.keys = block.keys.clamped(to: 0..<keys)
    block.offset = offsets[block.batch]
    return block.keys.isEmpty ? nil : block
  }

  func coverage(of block: PatternBlock) -> MaskCoverage {
    guard let sequence = sequence(block) else { return .all }
    let coverage = rule.coverage(of: sequence)
    return sequence.keys == block.keys || coverage == .all ? coverage : .part
  }

  func span(of block: PatternBlock) -> Range<Int> {
    guard let sequence = sequence(block) else { return block.keys }
    let span = rule.span(of: sequence)
    if sequence.keys == block.keys { return span }
    return (span.isEmpty ? keys : span.lowerBound)..<block.keys.upperBound
  }

  func fill(_ row: PatternRow, into target: UnsafeMutablePointer<Bool>) {
    var sequence = row
    sequence.keys = row.keys.clamped(to: 0..<keys)
    sequence.offset = offsets[row.batch]
    let count = sequence.keys.count
    if count > 0 { rule.fill(sequence, into: target) }
    (target + count).update(repeating: true, count: row.keys.count - count)
  }
}
