/// 0 ≤ p < count or j < count.
struct GlobalTokensRule: MaskRule {
  private let given: Int
  private let tokens: Range<Int>

  init(_ count: Int) {
    given = count
    tokens = 0..<min(max(count, 0), 2 * QueryAlignment.limit)
  }

  var description: String { "globalTokens(\(given))" }
  var needsAlignment: Bool { true }

  func validate(for shape: AttentionShape) throws(AttentionError) {
    guard given >= 0 else { throw .argument(name: "global tokens", expected: "0 or more", actual: "\(given)") }
  }

  func coverage(of block: PatternBlock) -> MaskCoverage {
    if block.places.clamped(to: tokens) == block.places || block.keys.clamped(to: tokens) == block.keys { return .all }
    return span(of: block).isEmpty ? .none : .part
  }

  func span(of block: PatternBlock) -> Range<Int> {
    block.places.overlaps(tokens) ? block.keys : block.keys.clamped(to: tokens)
  }

  func count(of row: PatternRow) -> Int? {
    tokens.contains(row.place) ? row.keys.count : row.keys.clamped(to: tokens).count
  }

  func fill(_ row: PatternRow, into target: UnsafeMutablePointer<Bool>) {
    fill(row, into: target, attending: tokens.contains(row.place) ? row.keys : tokens)
  }
}
