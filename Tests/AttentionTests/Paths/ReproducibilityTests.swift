import Attention
import Support
import Testing

/// A row's result depends on its query, on the keys that it attends and on their places alone, bit for bit.
@Suite("Same bits")
struct ReproducibilityTests {
  private func problem<Scalar: BLASScalar>(
    _ way: ReproducibleWay, _ scores: ReproducibleScores, batch: Int = 1, queries: Int = 60, as type: Scalar.Type
  ) throws -> ReproducibleProblem<Scalar> {
    // 60 queries from place 341 on: the edge of a tile of keys lies among their own.
    way.isSlow
      ? try ReproducibleProblem(batch: batch, queries: min(queries, 13), keys: 41, scores)
      : try ReproducibleProblem(batch: batch, queries: queries, keys: 401, scores)
  }

  @Test("Whatever the number of workers", arguments: ReproducibleWay.inAnyNumberOfRows, ReproducibleScores.allCases)
  func workers(way: ReproducibleWay, scores: ReproducibleScores) throws {
    func check<Scalar: BLASScalar>(_ type: Scalar.Type) throws {
      for queries in [1, 60] {
        let problem = try problem(way, scores, batch: 2, queries: queries, as: type)
        let alone = try problem.attend(way)
        for workers in [2, 3, 7] {
          try expectSameBits(problem.attend(way, workers: workers), alone, "\(queries) queries on \(workers) workers")
        }
      }
    }
    switch way.element {
    case .float: try check(Float.self)
    case .double: try check(Double.self)
    }
  }

  @Test("Whatever the batch", arguments: ReproducibleWay.inAnyNumberOfRows, ReproducibleScores.allCases)
  func batches(way: ReproducibleWay, scores: ReproducibleScores) throws {
    func check<Scalar: BLASScalar>(_ type: Scalar.Type) throws {
      for (queries, lengths) in [(1, nil), (17, [401, 5, 390])] as [(Int, [Int]?)] {
        var problem = try problem(way, scores, batch: 3, queries: queries, as: type)
        problem.lengths = lengths?.map { min($0, problem.keys.shape[2]) }
        let whole = try problem.attend(way, workers: 2)
        for part in [0..<1, 1..<2, 2..<3, 1..<3] {
          try expectSameBits(
            problem.taking(batch: part).attend(way, workers: 3), whole, batch: part, "\(queries) queries, \(part)")
        }
      }
    }
    switch way.element {
    case .float: try check(Float.self)
    case .double: try check(Double.self)
    }
  }

  @Test("Whatever rows stand beside it, from 1 to 60", arguments: ReproducibleWay.all, ReproducibleScores.allCases)
  func rows(way: ReproducibleWay, scores: ReproducibleScores) throws {
    func check<Scalar: BLASScalar>(_ type: Scalar.Type) throws {
      let problem = try problem(way, scores, as: type)
      let whole = try problem.attend(way)
      let count = problem.queries.shape[2]
      let few = [1, 2, 5, 8, 9, 15, 16, 17, 31, 33, 47, 48, 49, 59]
      for length in (scores == .plain || scores == .causal ? Array(1..<count) : few.filter { $0 < count }) {
        // The first of them, from the middle, the last by turns.
        let start = (count - length) * (length % 3) / 2
        let rows = start..<(start + length)
        try expectSameBits(problem.taking(queries: rows).attend(way), whole, rows: rows, "rows \(rows)")
      }
    }
    switch way.element {
    case .float: try check(Float.self)
    case .double: try check(Double.self)
    }
  }

  @Test("Whether heads share keys and values or have copies of them", arguments: ReproducibleWay.all, [1, 4, 50])
  func grouping(way: ReproducibleWay, queries: Int) throws {
    func check<Scalar: BLASScalar>(_ type: Scalar.Type) throws {
      for (groups, scores) in zip([1, 2, 3, 4, 6], [.plain, .causal, .alibi, .sinks, .masked] as [ReproducibleScores]) {
        let grouped = try ReproducibleProblem<Scalar>(
          batch: 2, heads: 12, keyValueHeads: groups, queries: way.isSlow ? min(queries, 5) : queries,
          keys: way.isSlow ? 23 : 401, scores)
        var copied = grouped
        func copies(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
          let (s, size) = (x.shape[2], x.shape[3])
          return try x.insertingAxis(2).broadcast(to: [2, groups, 12 / groups, s, size]).copy()
            .reshaped(to: [2, 12, s, size])
        }
        (copied.keys, copied.values) = (try copies(grouped.keys), try copies(grouped.values))
        try expectSameBits(grouped.attend(way, workers: 2), copied.attend(way), "\(groups) key/value heads")
      }
    }
    switch way.element {
    case .float: try check(Float.self)
    case .double: try check(Double.self)
    }
  }

  /// The elements of [B, N, rows, columns] as a view into memory where each row begins `offset` elements into one of
  /// `columns + gap`, with NaN around.
  private func embedded<Scalar: BLASScalar>(_ x: Tensor<Scalar>, offset: Int, gap: Int) throws -> Tensor<Scalar> {
    let (rows, columns) = (x.shape[0] * x.shape[1] * x.shape[2], x.shape[3])
    let elements = x.elements
    var larger = [Scalar](repeating: .nan, count: rows * (columns + gap))
    for row in 0..<rows {
      for column in 0..<columns { larger[row * (columns + gap) + offset + column] = elements[row * columns + column] }
    }
    return try Tensor(larger, shape: Array(x.shape.dropLast()) + [columns + gap])
      .sliced(axis: 3, offset..<(offset + columns))
  }

  @Test("Wherever its operands lie in memory", arguments: ReproducibleWay.inAnyNumberOfRows, [3, 8, 50])
  func memory(way: ReproducibleWay, queries: Int) throws {
    func check<Scalar: BLASScalar>(_ type: Scalar.Type) throws {
      let problem = try problem(way, .causal, batch: 2, queries: queries, as: type)
      let expected = try problem.attend(way)
      for offset in 0..<(way.isSlow ? 2 : 17) {
        var moved = problem
        moved.queries = try embedded(problem.queries, offset: offset, gap: offset + offset % 3)
        moved.keys = try embedded(problem.keys, offset: 16 - offset, gap: 17 + offset % 4)
        moved.values = try embedded(problem.values, offset: offset / 2, gap: offset / 2 + offset % 5)
        try expectSameBits(moved.attend(way), expected, "offset \(offset)")
      }
      // Heads joined in rows [B, L, H·D], results too.
      let joined = try scaledDotProductAttention(
        queries: problem.queries.mergingHeads(), keys: problem.keys.mergingHeads(),
        values: problem.values.mergingHeads(), heads: 6, keyValueHeads: 2, mask: problem.mask,
        options: way.options(alignment: .offset(problem.place)))
      #expect(joined.output.isBitwiseEqual(to: try expected.output.mergingHeads()))
    }
    switch way.element {
    case .float: try check(Float.self)
    case .double: try check(Double.self)
    }
  }

  @Test("However many keys follow that it does not attend", arguments: ReproducibleWay.inAnyNumberOfRows, [1, 8, 60])
  func laterKeys(way: ReproducibleWay, queries: Int) throws {
    func check<Scalar: BLASScalar>(_ type: Scalar.Type) throws {
      for scores in [ReproducibleScores.causal, .window, .alibi] {
        let s = way.isSlow ? 41 : 440
        var problem = try ReproducibleProblem<Scalar>(batch: 2, queries: way.isSlow ? 3 : queries, keys: s, scores)
        let l = problem.queries.shape[2]
        for end in [l, l + 8, 383, 384, 385].filter({ $0 >= l && $0 < s }) {
          problem.place = end - l
          let expected = try problem.taking(keys: end).attend(way)
          try expectSameBits(problem.attend(way, workers: 2), expected, "\(s) keys, of which \(end) matter")
          for more in [1, 50].filter({ end + $0 < s }) {
            try expectSameBits(problem.taking(keys: end + more).attend(way), expected, "\(more) keys after \(end)")
          }
        }
        // Keys cut off by their number, whatever they hold.
        var padded = problem
        (padded.place, padded.lengths) = (s / 2 - l, [s / 2, s / 2])
        padded.keys = try problem.keys.replacingRows(from: s / 2, with: .nan)
        padded.values = try problem.values.replacingRows(from: s / 2, with: .nan)
        problem.place = s / 2 - l
        try expectSameBits(padded.attend(way), try problem.taking(keys: s / 2).attend(way), "padding after \(s / 2)")
      }
    }
    switch way.element {
    case .float: try check(Float.self)
    case .double: try check(Double.self)
    }
  }
}

extension Tensor where Element: RealElement {
  /// The same with another number in all elements of the rows from `row` on, which are axis 2.
  fileprivate func replacingRows(from row: Int, with number: Element) throws -> Tensor {
    let (rows, columns) = (shape[2], shape[3])
    var elements = self.elements
    for index in elements.indices where index / columns % rows >= row { elements[index] = number }
    return try Tensor(elements, shape: shape)
  }
}
