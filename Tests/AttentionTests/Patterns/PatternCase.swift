import Support
import Testing

@testable import Attention

/// A pattern, and the same rule written down place by place.
struct PatternCase: Sendable, CustomTestStringConvertible {
  let pattern: MaskPattern
  /// Whether the query at place p attends key j.
  let attends: @Sendable (_ place: Int, _ key: Int) -> Bool

  var testDescription: String { pattern.description }

  init(_ pattern: MaskPattern, _ attends: @escaping @Sendable (_ place: Int, _ key: Int) -> Bool) {
    (self.pattern, self.attends) = (pattern, attends)
  }
}

extension PatternCase {
  private static func modulo(_ number: Int, _ divisor: Int) -> Int {
    number % divisor < 0 ? number % divisor + divisor : number % divisor
  }

  /// Which block a place lies in; those before the first have negative numbers.
  private static func block(_ place: Int, _ size: Int) -> Int {
    place >= 0 ? place / size : -1 - (-1 - place) / size
  }

  static func blockLocal(_ size: Int) -> PatternCase {
    PatternCase(.blockLocal(size: size)) { p, j in block(p, size) == block(j, size) }
  }

  static func window(_ left: Int?, _ right: Int?, _ dilation: Int = 1) -> PatternCase {
    PatternCase(
      dilation == 1
        ? .window(left: left, right: right) : .dilatedWindow(left: left, right: right, dilation: dilation)
    ) { p, j in
      (left.map { p - j <= $0 } ?? true) && (right.map { j - p <= $0 } ?? true) && modulo(j - p, dilation) == 0
    }
  }

  static func strided(_ stride: Int) -> PatternCase {
    PatternCase(.strided(stride)) { p, j in modulo(p - j, stride) == 0 }
  }

  static func globalTokens(_ count: Int) -> PatternCase {
    PatternCase(.globalTokens(count)) { p, j in j < count || (p >= 0 && p < count) }
  }

  static func summaries(_ size: Int, _ count: Int) -> PatternCase {
    PatternCase(.blockSummaries(size: size, count: count)) { _, j in j % size >= size - count }
  }

  static func segments(_ ids: [Int]) -> PatternCase {
    PatternCase(.segments(ids)) { p, j in ids.indices.contains(p) && ids[p] == ids[j] }
  }

  static func | (left: PatternCase, right: PatternCase) -> PatternCase {
    PatternCase(left.pattern | right.pattern) { left.attends($0, $1) || right.attends($0, $1) }
  }

  static func & (left: PatternCase, right: PatternCase) -> PatternCase {
    PatternCase(left.pattern & right.pattern) { left.attends($0, $1) && right.attends($0, $1) }
  }

  static prefix func ! (base: PatternCase) -> PatternCase {
    PatternCase(!base.pattern) { !base.attends($0, $1) }
  }

  /// Asked anew in each run; of queries that stand at their own number.
  static let lazyPredicate = PatternCase(.predicate { _, _, query, key in (query * 7 + key * 3) % 5 < 2 }) { p, j in
    (p * 7 + j * 3) % 5 < 2
  }

  /// Rules that tell by arithmetic what they do to a block.
  static let exact: [PatternCase] =
    [1, 2, 3, 5, 16, .max].map(blockLocal)
    + [
      window(0, 0), window(2, 1), window(nil, 0), window(0, nil), window(nil, nil), window(.max, .max), window(4, 0),
      window(3, 5, 2), window(nil, 0, 3), window(nil, nil, 4), window(6, 6, 3), window(1, 1, 2), window(2, 7, 5),
      window(0, 0, 9), window(5, 5, .max),
    ]
    + [1, 2, 3, 7, 50].map(strided)
    + [0, 1, 3, 13, 100, .max].map(globalTokens)
    + [(1, 0), (1, 1), (4, 1), (4, 3), (5, 5), (3, 0), (100, 60)].map { summaries($0.0, $0.1) }
    + [
      segments([0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]), segments([7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7]),
      segments([1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]), segments([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
      segments([5, 5, -1, -1, 5, 5, 5, 9, 9, -1, 5, .min, .max]),
    ]
    + [!blockLocal(3), !window(2, 1), !globalTokens(3), !strided(2)]

  /// Rules whose places may have to be looked at.
  static let searched: [PatternCase] = [
    strided(2) | window(1, 1), blockLocal(4) & window(nil, 0), window(3, 3) | globalTokens(2),
    (blockLocal(4) | summaries(4, 1)) & window(nil, 0), !(strided(3) | blockLocal(5)), strided(2) & !strided(2),
    strided(2) | !strided(2), strided(2) & strided(3),
    (window(2, 2) & strided(2)) | segments([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0]),
    blockLocal(3) & blockLocal(5),
  ]
}
