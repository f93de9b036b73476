import Support
import Testing

@testable import Attention

/// Keys and values that a pattern puts out of reach are not read: poison there has no effect at all.
@Suite struct UnreadTileTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var pattern: MaskPattern
    /// Keys that no query attends.
    var unread: [Range<Int>]
    var testDescription: String { "\(pattern)" }
  }

  /// Four queries at places 700 … 703 of 2048 keys.
  static let cases = [
    Case(pattern: .blockLocal(size: 512), unread: [0..<512, 1024..<2048]),
    Case(pattern: .blockLocal(size: 701), unread: [1402..<2048]),
    Case(pattern: .window(left: 60, right: 60) | .globalTokens(64), unread: [64..<640, 764..<2048]),
    Case(pattern: .dilatedWindow(left: 40, right: 0, dilation: 20), unread: [0..<660, 704..<2048]),
    Case(pattern: .segments((0..<2048).map { $0 / 300 }), unread: [0..<600, 900..<2048]),
    Case(
      pattern: .segments((0..<2048).map { $0 / 300 % 2 == 0 ? 1 : $0 }), unread: [300..<600, 900..<1200, 1500..<1800]),
    Case(pattern: !.window(left: 2000, right: 300), unread: [0..<1000]),
    Case(pattern: .predicate { _, _, _, key in !(512..<1024).contains(key) }, unread: [512..<1024]),
  ]

  /// Written everywhere no query attends: finite poison, and NaN.
  @Test("13: tiles that a pattern empties, and places of others", arguments: Way.all, cases)
  func poisoned(way: Way, example: Case) throws {
    try expectUnread(way, example)
  }

  @Test("13: blocks that an evaluated predicate empties", arguments: Way.all)
  func evaluated(way: Way) throws {
    let pattern = try MaskPattern.predicate(queries: 4, keys: 2048) { _, _, query, key in
      key < 100 || (1030..<1050).contains(key) || key == 2000 + query
    }
    try expectUnread(way, Case(pattern: pattern, unread: [100..<1030, 1050..<2000, 2004..<2048]))
  }

  private func poisoned(
    _ tensor: Tensor<Double>, by poison: Double, where isSpoiled: (Int) -> Bool
  ) throws -> Tensor<Double> {
    let columns = tensor.shape[3]
    return try Tensor(
      tensor.elements.enumerated().map { isSpoiled($0 / columns) ? poison : $1 }, shape: tensor.shape)
  }

  private func expectUnread(_ way: Way, _ example: Case) throws {
    func isUnread(_ key: Int) -> Bool { example.unread.contains { $0.contains(key) } }
    let q = try numbers([1, 2, 4, 3])
    let (k, v) = (try numbers([1, 1, 2048, 3], seed: 2), try numbers([1, 1, 2048, 2], seed: 3))
    let mask = AttentionMask<Double>.pattern(example.pattern)
    for details: AttentionDetailSet in [[], [.weights, .logSumExp]] {
      let clean = try way.attend(q, k, v, mask: mask, alignment: .offset(700), details: details)
      #expect(clean.output.elements.allSatisfy { $0.isFinite && $0 != 0 })
      for poison in [1e30, .nan] {
        let spoiled = try way.attend(
          q, poisoned(k, by: poison, where: isUnread), poisoned(v, by: poison, where: isUnread), mask: mask,
          alignment: .offset(700), details: details)
        expectClose(spoiled.output, clean.output.elements, way, "\(poison): output")
        if let weights = clean.weights { expectClose(spoiled.weights, weights.elements, way, "\(poison): weights") }
        if let sums = clean.logSumExp { expectClose(spoiled.logSumExp, sums.elements, way, "\(poison): log-sum-exp") }
      }
    }
  }
}
