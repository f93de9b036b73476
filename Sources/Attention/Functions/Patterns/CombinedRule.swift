/// Where either of two rules attends, or both.
///
/// Two rules that each attend part of a block may together attend all of it, or nothing: the block's places then tell.
struct CombinedRule: MaskRule {
  enum Operation { case union, intersection }

  private let operation: Operation
  private let left: any MaskRule
  private let right: any MaskRule
  let needsAlignment: Bool
  let variesByHead: Bool

  init(_ operation: Operation, _ left: any MaskRule, _ right: any MaskRule) {
    (self.operation, self.left, self.right) = (operation, left, right)
    needsAlignment = left.needsAlignment || right.needsAlignment
    variesByHead = left.variesByHead || right.variesByHead
  }

  var isExact: Bool { false }
  var isUnion: Bool { operation == .union }

  var description: String {
    switch operation {
    case .union: "\(left) | \(right)"
    // Swift's & binds tighter than |.
    case .intersection: "\(Self.factor(left)) & \(Self.factor(right))"
    }
  }

  private static func factor(_ rule: any MaskRule) -> String {
    (rule as? CombinedRule)?.isUnion == true ? "(\(rule))" : "\(rule)"
  }

  func validate(for shape: AttentionShape) throws(AttentionError) {
    try left.validate(for: shape)
    try right.validate(for: shape)
  }

  func coverage(of block: PatternBlock) -> MaskCoverage {
    // What decides alone, and what leaves the decision to the other.
    let (ruling, neutral): (MaskCoverage, MaskCoverage) = operation == .union ? (.all, .none) : (.none, .all)
    let first = left.coverage(of: block)
    if first == ruling { return ruling }
    let second = right.coverage(of: block)
    if second == ruling || first == neutral { return second }
    return second == neutral ? first : .part
  }

  func span(of block: PatternBlock) -> Range<Int> {
    let (first, second) = (left.span(of: block), right.span(of: block))
    if operation == .intersection { return first.clamped(to: second) }
    if first.isEmpty { return second }
    if second.isEmpty { return first }
    return min(first.lowerBound, second.lowerBound)..<max(first.upperBound, second.upperBound)
  }

  func fill(_ row: PatternRow, into target: UnsafeMutablePointer<Bool>) {
    left.fill(row, into: target)
    right.forEachChunk(of: row) { column, bytes in
      switch operation {
      case .union: for index in bytes.indices { target[column + index] = target[column + index] || bytes[index] }
      case .intersection: for index in bytes.indices { target[column + index] = target[column + index] && bytes[index] }
      }
    }
  }
}

/// Where a rule does not attend.
struct ComplementRule: MaskRule {
  private let rule: any MaskRule
  let needsAlignment: Bool
  let variesByHead: Bool
  let isExact: Bool

  init(_ rule: any MaskRule) {
    self.rule = rule
    (needsAlignment, variesByHead, isExact) = (rule.needsAlignment, rule.variesByHead, rule.isExact)
  }

  var description: String { rule is CombinedRule ? "!(\(rule))" : "!\(rule)" }

  func validate(for shape: AttentionShape) throws(AttentionError) { try rule.validate(for: shape) }

  func coverage(of block: PatternBlock) -> MaskCoverage {
    switch rule.coverage(of: block) {
    case .none: .all
    case .part: .part
    case .all: .none
    }
  }

  func count(of row: PatternRow) -> Int? { rule.count(of: row).map { row.keys.count - $0 } }

  func fill(_ row: PatternRow, into target: UnsafeMutablePointer<Bool>) {
    rule.fill(row, into: target)
    for column in 0..<row.keys.count { target[column] = !target[column] }
  }
}
