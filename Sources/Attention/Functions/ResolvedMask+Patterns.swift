internal import Tensors

extension ResolvedMask {
  func patternBlock(batch: Int, heads: Range<Int>, queries block: Range<Int>, keys tile: Range<Int>) -> PatternBlock {
    PatternBlock(
      batch: batch, heads: heads, queries: block, keys: tile,
      offset: alignment.offset(batch: batch, queries: queries, keys: keys, keyLengths: keyLengths))
  }

  /// How much of a block all patterns let through together; `part` where they are not looked at together.
  func patternCoverage(batch: Int, heads: Range<Int>, queries: Range<Int>, keys: Range<Int>) -> MaskCoverage {
    guard !patterns.isEmpty else { return .all }
    let block = patternBlock(batch: batch, heads: heads, queries: queries, keys: keys)
    var coverage = MaskCoverage.all
    for pattern in patterns {
      switch pattern.coverage(block) {
      case .none: return .none
      case .part: coverage = .part
      case .all: break
      }
    }
    return coverage
  }

  /// Writes a byte for each place of a block, 1 where the patterns and `keep` let it through, rows one after the other.
  func fillKeep(
    batch: Int, heads: Range<Int>, queries: Range<Int>, keys: Range<Int>, into target: UnsafeMutablePointer<Bool>
  ) {
    let block = patternBlock(batch: batch, heads: heads, queries: queries, keys: keys)
    let columns = keys.count
    var isFirst = true
    if hasKeep, let keep {
      var row = target
      for head in heads {
        for query in queries {
          row.update(from: keep.row(batch: batch, head: head, query: query) + keys.lowerBound, count: columns)
          row += columns
        }
      }
      isFirst = false
    }
    for pattern in patterns {
      if isFirst {
        pattern.fill(block, target, columns)
        isFirst = false
        continue
      }
      let count = heads.count * queries.count * columns
      withUnsafeTemporaryAllocation(of: Bool.self, capacity: count) { other in
        guard let filled = other.baseAddress else { return }
        pattern.fill(block, filled, columns)
        for index in 0..<count { target[index] = target[index] && filled[index] }
      }
    }
  }

  /// Whether the patterns let a single place through.
  func patternsAttend(batch: Int, head: Int, query: Int, key: Int) -> Bool {
    guard !patterns.isEmpty else { return true }
    let block = patternBlock(
      batch: batch, heads: head..<(head + 1), queries: query..<(query + 1), keys: key..<(key + 1))
    for pattern in patterns {
      switch pattern.coverage(block) {
      case .none: return false
      case .all: break
      case .part:
        let attends = withUnsafeTemporaryAllocation(of: Bool.self, capacity: 1) { place in
          guard let byte = place.baseAddress else { return false }
          pattern.fill(block, byte, 1)
          return byte.pointee
        }
        if !attends { return false }
      }
    }
    return true
  }
}
