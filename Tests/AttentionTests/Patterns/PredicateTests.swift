import Support
import Synchronization
import Testing

@testable import Attention

/// Predicates that are evaluated once, against themselves place by place.
@Suite struct PredicateTests {
  struct Extents: Sendable, CustomTestStringConvertible {
    var batch = 1
    var heads = 1
    var queries: Int
    var keys: Int
    var testDescription: String { "[\(batch), \(heads), \(queries), \(keys)]" }
  }

  static let extents = [
    Extents(queries: 1, keys: 1), Extents(queries: 3, keys: 5), Extents(queries: 63, keys: 65),
    Extents(queries: 64, keys: 64), Extents(queries: 65, keys: 63), Extents(queries: 130, keys: 191),
    Extents(batch: 2, heads: 3, queries: 67, keys: 71), Extents(queries: 7, keys: 700),
  ]

  /// Whole, empty and partial blocks, and whole and empty rows within them.
  @Sendable private static func attends(_ batch: Int, _ head: Int, _ query: Int, _ key: Int) -> Bool {
    switch (query / 64 + key / 64 + batch + head) % 4 {
    case 0: true
    case 1: false
    case 2: key <= query % 70
    default: (query * 31 + key * 17 + batch * 5 + head * 3) % 11 < 6
    }
  }

  @Test("Rows, coverage and spans of blocks at random", arguments: extents, [1, 2])
  func lookups(_ extents: Extents, workers: Int) throws {
    let e = extents
    let pattern = try MaskPattern.predicate(
      batch: e.batch, heads: e.heads, queries: e.queries, keys: e.keys, workers: workers, Self.attends)
    let rule = pattern.rule
    #expect(rule.isExact && rule.variesByHead == (e.heads > 1))
    var random = SeededGenerator(seed: 8)
    func some(_ count: Int) -> Range<Int> {
      let low = random.integer(0, count - 1)
      // Often short, sometimes to the end.
      let length = [random.integer(1, 9), random.integer(1, count), 64, count][random.integer(0, 3)]
      return low..<min(count, low + length)
    }
    for _ in 0..<60 {
      let block = PatternBlock(
        batch: random.integer(0, e.batch - 1), heads: some(e.heads), queries: some(e.queries), keys: some(e.keys),
        offset: random.integer(-5, 5))
      var (any, all) = (false, true)
      var (first, last) = (Int.max, -1)
      for head in block.heads {
        for query in block.queries {
          var bytes = [Bool](repeating: false, count: block.keys.count)
          bytes.withUnsafeMutableBufferPointer { buffer in
            if let base = buffer.baseAddress { rule.fill(block.row(head: head, query: query), into: base) }
          }
          let expected = block.keys.map { Self.attends(block.batch, head, query, $0) }
          #expect(bytes == expected, "\(block), head \(head), query \(query)")
          any = any || expected.contains(true)
          all = all && !expected.contains(false)
          if let low = expected.firstIndex(of: true), let high = expected.lastIndex(of: true) {
            (first, last) = (min(first, block.keys.lowerBound + low), max(last, block.keys.lowerBound + high))
          }
        }
      }
      #expect(rule.coverage(of: block) == (all ? .all : any ? .part : .none), "\(block)")
      let span = rule.span(of: block)
      #expect(!any || (span.lowerBound <= first && span.upperBound > last), "\(block): span \(span)")
      // As narrow as blocks of 64 are.
      #expect(
        span.isEmpty || first == .max || (first - span.lowerBound < 64 && span.upperBound - last <= 64),
        "\(block): span \(span)")
    }
  }

  @Test("Asked once for each place, when made", arguments: [1, 2])
  func askedOnce(workers: Int) throws {
    let calls = Mutex([Int](repeating: 0, count: 2 * 3 * 67 * 70))
    let pattern = try MaskPattern.predicate(batch: 2, heads: 3, queries: 67, keys: 70, workers: workers) { b, h, i, j in
      calls.withLock { $0[((b * 3 + h) * 67 + i) * 70 + j] += 1 }
      return j <= i
    }
    #expect(calls.withLock { $0.allSatisfy { $0 == 1 } })
    let x = try numbers([2, 3, 67, 4])
    let (k, v) = (try numbers([2, 3, 70, 4], seed: 2), try numbers([2, 3, 70, 4], seed: 3))
    for way in Way.all {
      let result = try way.attend(x, k, v, mask: .pattern(pattern))
      let causal = try way.attend(x, k, v, mask: .causal, alignment: .start)
      expectClose(result.output, causal.output.elements, way)
    }
    #expect(calls.withLock { $0.allSatisfy { $0 == 1 } })
  }

  @Test("One batch element or head stands for all; fewer queries and keys than evaluated", arguments: Way.all)
  func broadcast(way: Way) throws {
    let q = try numbers([2, 4, 5, 3])
    let (k, v) = (try numbers([2, 2, 9, 3], seed: 2), try numbers([2, 2, 9, 2], seed: 3))
    for (batch, heads) in [(1, 1), (2, 1), (1, 4), (2, 4), (3, 7)] {
      let pattern = try MaskPattern.predicate(batch: batch, heads: heads, queries: 70, keys: 200, Self.attends)
      let kept = (0..<2 * 4 * 5 * 9).map { index in
        Self.attends(
          batch == 1 ? 0 : index / 180, heads == 1 ? 0 : index / 45 % 4, index / 9 % 5, index % 9)
      }
      let result = try way.attend(q, k, v, mask: .pattern(pattern), details: [.weights])
      let expected = try way.attend(q, k, v, mask: .keep(try Tensor(kept, shape: [2, 4, 5, 9])), details: [.weights])
      expectClose(result.output, expected.output.elements, way, "\(batch), \(heads): output")
      expectClose(result.weights, expected.weights?.elements ?? [], way, "\(batch), \(heads): weights")
    }
  }

  @Test("Runs beyond the extents throw", arguments: Way.paths)
  func beyondExtents(path: AttentionPath) throws {
    let pattern = try MaskPattern.predicate(batch: 2, heads: 3, queries: 4, keys: 5) { _, _, _, _ in true }
    func expect(_ name: String, _ limit: Int, _ actual: Int, _ shape: AttentionShape) throws {
      let error = AttentionError.argument(
        name: name, expected: "at most \(limit), as predicate[2, 3, 4, 5] was evaluated for", actual: "\(actual)")
      #expect(throws: error) {
        _ = try AttentionPlan<Float>(shape: shape, mask: .pattern(pattern), options: AttentionOptions(path: path))
      }
      let q = try Tensor<Float>(zeros: [shape.batch, shape.heads, shape.queries, 2])
      let k = try Tensor<Float>(zeros: [shape.batch, shape.heads, shape.keys, 2])
      #expect(throws: error) {
        _ = try scaledDotProductAttention(
          queries: q, keys: k, values: k, mask: .pattern(!pattern & pattern), path: path)
      }
    }
    try expect("batch", 2, 3, AttentionShape(batch: 3, heads: 3, queries: 4, keys: 5, headSize: 2))
    try expect("heads", 3, 4, AttentionShape(batch: 2, heads: 4, queries: 4, keys: 5, headSize: 2))
    try expect("queries", 4, 5, AttentionShape(batch: 2, heads: 3, queries: 5, keys: 5, headSize: 2))
    try expect("keys", 5, 6, AttentionShape(batch: 2, heads: 3, queries: 4, keys: 6, headSize: 2))
  }

  @Test("Extents out of range")
  func badExtents() throws {
    func expect(
      _ error: AttentionError, batch: Int = 1, heads: Int = 1, queries: Int = 1, keys: Int = 1, workers: Int? = nil
    ) {
      #expect(throws: error) {
        _ = try MaskPattern.predicate(batch: batch, heads: heads, queries: queries, keys: keys, workers: workers) {
          _, _, _, _ in true
        }
      }
    }
    let range = "0...2147483647"
    expect(.argument(name: "predicate's batch", expected: range, actual: "-1"), batch: -1)
    expect(.argument(name: "predicate's heads", expected: range, actual: "\(Int.min)"), heads: .min)
    expect(.argument(name: "predicate's queries", expected: range, actual: "\(Int.max)"), queries: .max)
    expect(.argument(name: "predicate's keys", expected: range, actual: "2147483648"), keys: 1 << 31)
    expect(.argument(name: "workers", expected: "1 or more", actual: "0"), workers: 0)
    let limit = Int(Int32.max)
    expect(.tooLarge(name: "predicate", shape: [1, 1, limit, limit]), queries: limit, keys: limit)
    expect(.tooLarge(name: "predicate", shape: [limit, 2, 1, 1]), batch: limit, heads: 2)
  }

  @Test("Extents of 0 serve empty problems", arguments: Way.paths)
  func emptyExtents(path: AttentionPath) throws {
    let none = try Tensor<Float>(zeros: [1, 2, 0, 3])
    let pattern = try MaskPattern.predicate(queries: 0, keys: 0) { _, _, _, _ in true }
    let output = try scaledDotProductAttention(
      queries: none, keys: none, values: none, mask: .pattern(pattern), path: path)
    #expect(output.shape == [1, 2, 0, 3])
  }

  @Test("The lazy form is the evaluated one", arguments: Way.all)
  func lazy(way: Way) throws {
    let q = try numbers([2, 2, 70, 3])
    let (k, v) = (try numbers([2, 2, 600, 3], seed: 2), try numbers([2, 2, 600, 2], seed: 3))
    let evaluated = try MaskPattern.predicate(batch: 2, heads: 2, queries: 70, keys: 600, Self.attends)
    for details: AttentionDetailSet in [[], .weights] {
      let expected = try way.attend(q, k, v, mask: .pattern(evaluated), details: details)
      let result = try way.attend(q, k, v, mask: .pattern(.predicate(Self.attends)), details: details)
      expectClose(result.output, expected.output.elements, way)
      if let weights = expected.weights { expectClose(result.weights, weights.elements, way) }
    }
  }
}
