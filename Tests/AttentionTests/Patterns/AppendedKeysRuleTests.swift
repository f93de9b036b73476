import Support
import Testing

@testable import Attention

/// Patterns before keys that a layer appends (`bias_k`, `add_zero_attn`).
@Suite struct AppendedKeysRuleTests {
  static let patterns: [MaskPattern] = [
    .blockLocal(size: 4), .window(left: 2, right: 0) | .globalTokens(1),
    .predicate { _, head, query, key in (head + query + key) % 3 == 0 },
    !.causal, .segments([[0, 0, 0, 1, 1, 1, 1, 1, 2], [5, 6, 6, 6, 6, 6, 6, 7, 7]]),
  ]

  @Test("Blocks, rows and spans, with two keys appended to nine", arguments: patterns)
  func blocks(pattern: MaskPattern) throws {
    let shape = try AttentionShape(batch: 2, heads: 2, queries: 5, keys: 9, headSize: 1)
    let mask = try AttentionMask<Double>.pattern(pattern).appending(2, to: shape, alignment: .end)
    let rule = try #require(mask.pattern).rule
    #expect(!mask.needsAlignment)
    for batch in 0..<2 {
      for head in 0..<2 {
        for first in 0..<11 {
          for end in (first + 1)...11 {
            // The offset that counts is that of the sequence: 9 − 5.
            let block = PatternBlock(
              batch: batch, heads: head..<(head + 1), queries: 1..<4, keys: first..<end, offset: 6)
            var kept: [Bool] = []
            for query in block.queries {
              for key in block.keys {
                kept.append(key >= 9 || attends(pattern.rule, batch, head, query, key))
              }
            }
            let expected: MaskCoverage = kept.allSatisfy { $0 } ? .all : kept.contains(true) ? .part : .none
            #expect(rule.exactCoverage(of: block) == expected, "\(block)")
            var bytes = [Bool](repeating: false, count: kept.count)
            bytes.withUnsafeMutableBufferPointer { buffer in
              guard let base = buffer.baseAddress else { return }
              for (index, query) in block.queries.enumerated() {
                rule.fill(block.row(head: head, query: query), into: base + index * block.keys.count)
              }
            }
            #expect(bytes == kept, "\(block)")
            let span = rule.span(of: block)
            for (index, isKept) in kept.enumerated() where isKept {
              #expect(span.contains(first + index % block.keys.count), "\(block): \(span)")
            }
          }
        }
      }
    }
  }

  private func attends(_ rule: any MaskRule, _ batch: Int, _ head: Int, _ query: Int, _ key: Int) -> Bool {
    var byte = false
    rule.fill(PatternRow(batch: batch, head: head, query: query, keys: key..<(key + 1), offset: 4), into: &byte)
    return byte
  }

  @Test("A layer with an appended zero key masks its sequence by the pattern")
  func layer() throws {
    var random = SeededGenerator(seed: 4)
    let x: Tensor<Double> = try random.normal([2, 7, 6])
    let layer = try MultiHeadAttention<Double>(embeddingSize: 6, headCount: 2, appendsZeroKey: true, seed: 3)
    let kept = (0..<49).map { $0 / 7 / 3 == $0 % 7 / 3 }
    let expected = try layer(x, mask: .keep(Tensor(kept, shape: [7, 7])))
    let comparison = Comparison(
      try layer(x, mask: .pattern(.blockLocal(size: 3))), expected.elements, shape: [2, 7, 6], absolute: 1e-13)
    #expect(comparison.isWithin, "\(comparison)")
  }

  @Test("Another number of keys or batch elements than it was made for")
  func misfits() throws {
    let shape = try AttentionShape(batch: 2, queries: 5, keys: 9, headSize: 1)
    let mask = try AttentionMask<Double>.pattern(.causal).appending(2, to: shape, alignment: .start)
    #expect(throws: AttentionError.argument(name: "keys", expected: "9 and 2 appended", actual: "9")) {
      _ = try AttentionPlan(shape: shape, mask: mask)
    }
    #expect(throws: AttentionError.argument(name: "batch", expected: "at most 2", actual: "3")) {
      _ = try AttentionPlan(shape: AttentionShape(batch: 3, queries: 5, keys: 11, headSize: 1), mask: mask)
    }
  }
}
