import Attention
import Support
import Testing

/// Sequences that go their own ways: of different lengths, from a common past, taken back, in 16 bits, on several threads.
@Suite("Sequences in a cache")
struct CachedSequencesTests {
  // [3, 4, 13, 5], [3, 2, 13, 5], [3, 2, 13, 7]
  private let q: Tensor<Double>
  private let k: Tensor<Double>
  private let v: Tensor<Double>

  init() throws {
    (q, k, v) = (
      try numbers([3, 4, 13, 5]), try numbers([3, 2, 13, 5], seed: 2), try numbers([3, 2, 13, 7], seed: 3)
    )
  }

  private func cache<Scalar: BLASScalar>(
    _ type: Scalar.Type = Double.self, batch: Int = 3, window: Int? = nil, element: KeyValueElement = .full,
    rowsPerPage: Int = 4
  ) throws -> KeyValueCache<Scalar> {
    try KeyValueCache(
      batch: batch, keyValueHeads: 2, headSize: 5, valueHeadSize: 7, capacity: 40, window: window, element: element,
      rowsPerPage: rowsPerPage)
  }

  /// The causal attention of one batch element's whole sequence, by definition: [4, 13, 7].
  private func alone(_ element: Int, window: Int = .max) throws -> Tensor<Double> {
    func part(_ x: Tensor<Double>) throws -> Tensor<Double> { try x.sliced(axis: 0, element..<(element + 1)).copy() }
    var oracle = try DoubleOracle(part(q), part(k), part(v))
    oracle.attends = { _, _, i, j in j <= i && i - j < window }
    return try Tensor(oracle.computed().output, shape: [4, 13, 7])
  }

  /// The next `count` positions of each batch element, from where it stands, as a padded piece.
  private func piece(_ x: Tensor<Double>, at starts: [Int], _ count: Int) throws -> Tensor<Double> {
    let (heads, size) = (x.shape[1], x.shape[3])
    var piece = try Tensor<Double>(repeating: .nan, shape: [3, heads, count, size])
    for b in 0..<3 {
      for h in 0..<heads {
        for i in 0..<count where starts[b] + i < x.shape[2] {
          for e in 0..<size { piece[b, h, i, e] = x[b, h, starts[b] + i, e] }
        }
      }
    }
    return piece
  }

  @Test("Batch elements of different lengths each get their own sequence's attention", arguments: Way.paths, [nil, 3])
  func ragged(path: AttentionPath, window: Int?) throws {
    let expected = try (0..<3).map { try alone($0, window: window ?? .max) }
    var cache = try cache(window: window)
    let way = Way(path: path, element: .double, workers: 1)
    for counts in [[5, 0, 2], [1, 1, 1], [0, 6, 3], [7, 1, 1], [0, 5, 0]] {
      let starts = cache.lengths
      let rows = counts.max() ?? 0
      // What lies beyond an element's own rows is NaN, and must not matter.
      let output = try scaledDotProductAttention(
        queries: piece(q, at: starts, rows), keys: piece(k, at: starts, rows), values: piece(v, at: starts, rows),
        appendingTo: &cache, lengths: counts, mask: .causal, path: path)
      #expect(cache.pastLengths == starts && cache.lengths == zip(starts, counts).map { $0 + $1 })
      for b in 0..<3 {
        let own = try output.selecting(axis: 0, b).sliced(axis: 1, 0..<counts[b])
        let rows = try expected[b].sliced(axis: 1, starts[b]..<(starts[b] + counts[b]))
        expectClose(own, rows.elements, way, "element \(b) from \(starts[b])")
      }
    }
    #expect(cache.lengths == [13, 13, 7])
    // One more query of each, at its own last position.
    let last = try scaledDotProductAttention(
      queries: piece(q, at: [12, 12, 6], 1), cache: cache, mask: .causal, path: path)
    for (b, position) in [12, 12, 6].enumerated() {
      let row = try expected[b].sliced(axis: 1, position..<(position + 1))
      expectClose(try last.selecting(axis: 0, b), row.elements, way, "element \(b)")
    }
  }

  @Test("NaN in rows that were taken back, and beyond an element's length, is never read", arguments: Way.paths)
  func unreadRows(path: AttentionPath) throws {
    var (clean, poisoned) = (try cache(), try cache())
    let nan = try Tensor<Double>(repeating: .nan, shape: [3, 2, 20, 7])
    try poisoned.append(keys: nan.sliced(axis: 3, 0..<5), values: nan)
    try poisoned.truncate(to: 0)
    for counts in [[5, 3, 9], [1, 1, 1]] {
      let rows = counts[2]
      try clean.append(keys: k.sliced(axis: 2, 0..<rows), values: v.sliced(axis: 2, 0..<rows), lengths: counts)
      try poisoned.append(keys: k.sliced(axis: 2, 0..<rows), values: v.sliced(axis: 2, 0..<rows), lengths: counts)
      for mask in [
        AttentionMask<Double>.none, .causal, .keep(try coins([13], seed: 6).sliced(axis: 0, 0..<clean.length)),
      ] {
        let options = AttentionOptions(details: [.maskedScores, .weights, .logSumExp], path: path)
        let ours = try scaledDotProductAttention(
          queries: q.sliced(axis: 2, 0..<2), cache: poisoned, mask: mask, options: options)
        let theirs = try scaledDotProductAttention(
          queries: q.sliced(axis: 2, 0..<2), cache: clean, mask: mask, options: options)
        #expect(ours.output.isBitwiseEqual(to: theirs.output), "\(mask)")
        #expect(isBitwiseEqual(ours.weights, theirs.weights) && isBitwiseEqual(ours.logSumExp, theirs.logSumExp))
        #expect(isBitwiseEqual(ours.details.maskedScores, theirs.details.maskedScores))
        #expect(ours.output.elements.allSatisfy { $0.isFinite })
      }
    }
  }

  @Test("Copies that go on differently are as if each had been built alone", arguments: Way.paths)
  func snapshots(path: AttentionPath) throws {
    var cache = try cache()
    try cache.append(keys: k.sliced(axis: 2, 0..<6), values: v.sliced(axis: 2, 0..<6))
    let past = cache
    for start in [6, 9, 11] {
      var branch = past
      var direct = try self.cache()
      try direct.append(keys: k.sliced(axis: 2, 0..<6), values: v.sliced(axis: 2, 0..<6))
      for position in start..<(start + 2) {
        let range = position..<(position + 1)
        func next(_ cache: inout KeyValueCache<Double>) throws -> Tensor<Double> {
          try scaledDotProductAttention(
            queries: q.sliced(axis: 2, range), keys: k.sliced(axis: 2, range), values: v.sliced(axis: 2, range),
            appendingTo: &cache, path: path)
        }
        let (ours, theirs) = (try next(&branch), try next(&direct))
        #expect(ours.isBitwiseEqual(to: theirs), "\(start), position \(position)")
      }
      #expect(branch.copiedPages == 3)
    }
    #expect(past.lengths == [6, 6, 6])
  }

  @Test("A rejected proposal leaves no trace", arguments: Way.paths)
  func takenBack(path: AttentionPath) throws {
    for window in [nil, 4] {
      let (expected, way) = (
        try (0..<3).map { try alone($0, window: window ?? .max) }, Way(path: path, element: .double, workers: 1)
      )
      var cache = try cache(window: window)
      for start in stride(from: 0, to: 12, by: 2) {
        // Five rows are proposed, two accepted.
        let wrong = try Tensor<Double>(repeating: 7, shape: [3, 2, 5, 7])
        try cache.append(keys: wrong.sliced(axis: 3, 0..<5), values: wrong)
        try cache.truncate(to: start)
        let range = start..<(start + 2)
        let output = try scaledDotProductAttention(
          queries: q.sliced(axis: 2, range), keys: k.sliced(axis: 2, range), values: v.sliced(axis: 2, range),
          appendingTo: &cache, mask: .causal, path: path)
        for b in 0..<3 {
          expectClose(
            try output.selecting(axis: 0, b), try expected[b].sliced(axis: 1, range).elements, way,
            "element \(b), \(range)")
        }
      }
    }
  }

  @Test("Beams are the sequences that they were made of", arguments: Way.paths)
  func beams(path: AttentionPath) throws {
    var cache = try cache(batch: 1)
    try cache.append(
      keys: k.sliced(axis: 0, 0..<1).sliced(axis: 2, 0..<6), values: v.sliced(axis: 0, 0..<1).sliced(axis: 2, 0..<6))
    try cache.reorder([0, 0, 0])
    // Each step's row of beam b is that of batch element b; then the beams change places.
    var history = [[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]]
    for (position, order) in zip(6..<11, [[0, 1, 2], [2, 2, 0], [1, 0, 0], [1, 2, 1], [0, 0, 0]]) {
      let range = position..<(position + 1)
      try cache.append(keys: k.sliced(axis: 2, range), values: v.sliced(axis: 2, range))
      for b in 0..<3 { history[b].append(b) }
      try cache.reorder(order)
      history = order.map { history[$0] }
      let query = try q.sliced(axis: 2, range)
      let output = try scaledDotProductAttention(queries: query, cache: cache, path: path)
      for b in 0..<3 {
        func rows(_ x: Tensor<Double>) throws -> Tensor<Double> {
          var rows = try Tensor<Double>(zeros: [1, 2, position + 1, x.shape[3]])
          for h in 0..<2 {
            for j in 0...position {
              for e in 0..<x.shape[3] { rows[0, h, j, e] = x[history[b][j], h, j, e] }
            }
          }
          return rows
        }
        let oracle = try DoubleOracle(query.sliced(axis: 0, b..<(b + 1)), rows(k), rows(v)).computed()
        expectClose(
          try output.selecting(axis: 0, b), oracle.output, Way(path: path, element: .double, workers: 1), "beam \(b)")
      }
    }
  }

  @Test(
    "Sixteen bits give the bits of rows rounded beforehand", arguments: Way.all, [KeyValueElement.float16, .bfloat16])
  func sixteenBits(way: Way, element: KeyValueElement) throws {
    var random = SeededGenerator(seed: 31)
    let (q, k, v) = (
      try random.normal([2, 4, 13, 5], as: Double.self), try random.normal([2, 2, 13, 5], as: Double.self),
      try random.normal([2, 2, 13, 7], as: Double.self)
    )
    func rounded(_ x: Tensor<Double>) throws -> Tensor<Double> {
      // In Float rows are rounded from Float.
      let x = way.element == .float ? try x.converted(to: Float.self).converted(to: Double.self) : x
      return element == .float16
        ? try x.converted(to: Float16.self).converted(to: Double.self)
        : try x.converted(to: BFloat16.self).converted(to: Double.self)
    }
    for pieces in [[13], [6, 1, 6]] {
      let ours = try way.attendInPieces(q, k, v, pieces: pieces, rowsPerPage: 4, element: element)
      let theirs = try way.attendInPieces(q, rounded(k), rounded(v), pieces: pieces, rowsPerPage: 4)
      #expect(ours.count == theirs.count)
      for (a, b) in zip(ours, theirs) { #expect(a.isBitwiseEqual(to: b), "\(pieces)") }
    }
  }

  @Test("Eight threads go on from one snapshot, each giving bitwise what it gives alone", arguments: Way.paths)
  func threads(path: AttentionPath) throws {
    var shared = try cache(element: .float16)
    try shared.append(keys: k.sliced(axis: 2, 0..<6), values: v.sliced(axis: 2, 0..<6))
    let (past, plan) = (
      shared, try AttentionPlan(cache: shared, heads: 4, queries: 1, options: AttentionOptions(path: path, workers: 1))
    )
    let (q, k, v) = (q, k, v)
    @Sendable func goOn(_ index: Int) throws -> [Tensor<Double>] {
      var cache = past
      return try (6..<13).map { position in
        let range = position..<(position + 1)
        let order = (0..<3).map { ($0 + index) % 3 }
        try cache.reorder(order)
        return try plan(
          queries: q.sliced(axis: 2, range), keys: k.sliced(axis: 2, range), values: v.sliced(axis: 2, range),
          appendingTo: &cache
        ).output
      }
    }
    let alone = try (0..<8).map { try goOn($0) }
    let together = try ConcurrentCalls.run(8) { try goOn($0) }
    #expect(together.count == 8)
    for (ours, theirs) in zip(together, alone) {
      #expect(zip(ours, theirs).allSatisfy { $0.isBitwiseEqual(to: $1) })
    }
    #expect(past.lengths == [6, 6, 6])
  }

  @Test("A plan and its workspace serve all lengths up to the capacity", arguments: Way.paths)
  func plan(path: AttentionPath) throws {
    let expected = try (0..<3).map { try alone($0) }
    var cache = try cache(element: .full)
    // Causal, and no alignment is needed.
    let plan = try AttentionPlan(
      cache: cache, heads: 4, queries: 4, mask: .causal, options: AttentionOptions(path: path, workers: 1))
    var workspace = try plan.makeWorkspace()
    #expect(try AttentionPlan(cache: self.cache(element: .bfloat16), heads: 4, queries: 4).scratchBytes > 0)
    var start = 0
    for count in [4, 1, 1, 4, 3] {
      let range = start..<(start + count)
      var output = try Tensor<Double>(zeros: [3, 4, count, 7])
      try plan.run(
        queries: q.sliced(axis: 2, range), keys: k.sliced(axis: 2, range), values: v.sliced(axis: 2, range),
        appendingTo: &cache, into: &output, workspace: &workspace)
      var result = try plan(queries: q.sliced(axis: 2, range), cache: cache)
      #expect(result.output.isBitwiseEqual(to: output))
      try plan.run(queries: q.sliced(axis: 2, range), cache: cache, into: &result, workspace: &workspace)
      #expect(result.output.isBitwiseEqual(to: output))
      for b in 0..<3 {
        expectClose(
          try output.selecting(axis: 0, b), try expected[b].sliced(axis: 1, range).elements,
          Way(path: path, element: .double, workers: 1), "element \(b), \(range)")
      }
      start += count
    }
    #expect(cache.length == 13)
  }
}
