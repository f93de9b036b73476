import Attention
import Testing

/// What a cache and attention over it refuse, and that they then change nothing.
@Suite("Errors of a key/value cache")
struct KeyValueCacheErrorTests {
  private func made(
    batch: Int = 2, keyValueHeads: Int = 2, headSize: Int = 3, valueHeadSize: Int? = nil, capacity: Int = 8,
    window: Int? = nil, rowsPerPage: Int? = 4
  ) throws -> KeyValueCache<Float> {
    try KeyValueCache(
      batch: batch, keyValueHeads: keyValueHeads, headSize: headSize, valueHeadSize: valueHeadSize, capacity: capacity,
      window: window, rowsPerPage: rowsPerPage)
  }

  private func zeros(_ shape: Int...) throws -> Tensor<Float> { try Tensor(zeros: shape) }

  /// A cache whose batch elements hold 6 and 4 positions of 8.
  private func filled(window: Int? = nil) throws -> KeyValueCache<Float> {
    var cache = try made(valueHeadSize: 5, window: window)
    let (keys, values) = (try Tensor<Float>(repeating: 1, shape: [2, 2, 4, 3]), try zeros(2, 2, 4, 5))
    try cache.append(keys: keys, values: values)
    try cache.append(keys: keys, values: values, lengths: [2, 0])
    return cache
  }

  @Test("Sizes out of range")
  func initialiser() {
    func expect(_ name: String, _ expected: String, _ actual: String, _ body: () throws -> KeyValueCache<Float>) {
      #expect(throws: AttentionError.argument(name: name, expected: expected, actual: actual)) { try body() }
    }
    expect("window", "1...2147483647", "0") { try made(window: 0) }
    expect("window", "1...2147483647", "-1") { try made(window: -1) }
    expect("capacity", "1...2147483647", "0") { try made(capacity: 0) }
    expect("capacity", "1...2147483647", "2147483648") { try made(capacity: 1 << 31) }
    expect("rowsPerPage", "1...2147483647", "0") { try made(rowsPerPage: 0) }
    expect("keyValueHeads", "1...2147483647", "0") { try made(keyValueHeads: 0) }
    expect("batch", "0...2147483647", "-1") { try made(batch: -1) }
    expect("headSize", "0...2147483647", "-3") { try made(headSize: -3) }
    expect("valueHeadSize", "0...2147483647", "-2") { try made(valueHeadSize: -2) }
    let large = Int(Int32.max)
    #expect(throws: AttentionError.tooLarge(name: "keys", shape: [2, large, large, large])) {
      try made(keyValueHeads: large, headSize: large, capacity: large)
    }
    #expect(throws: AttentionError.tooLarge(name: "page of keys", shape: [large, large, 3, 1])) {
      try made(keyValueHeads: large, rowsPerPage: large)
    }
  }

  @Test("Rows that do not fit the cache")
  func append() throws {
    var cache = try filled()
    let before = try cache.tensors()
    let (keys, values) = (try zeros(2, 2, 2, 3), try zeros(2, 2, 2, 5))
    func expect(
      _ error: AttentionError, _ keys: Tensor<Float>, _ values: Tensor<Float>, _ lengths: [Int]? = nil,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      #expect(throws: error, sourceLocation: sourceLocation) {
        try cache.append(keys: keys, values: values, lengths: lengths)
      }
      #expect(throws: error, sourceLocation: sourceLocation) {
        try scaledDotProductAttention(
          queries: zeros(2, 4, 2, 3), keys: keys, values: values, appendingTo: &cache, lengths: lengths, mask: .causal)
      }
      #expect(cache.lengths == [6, 4] && cache.pastLengths == [4, 4], sourceLocation: sourceLocation)
      #expect(try cache.tensors() == before, sourceLocation: sourceLocation)
    }
    try expect(.rank(name: "key", expected: "3 or 4", shape: [2, 3]), zeros(2, 3), values)
    try expect(.rank(name: "value", expected: "3 or 4", shape: [1, 2, 2, 2, 5]), keys, zeros(1, 2, 2, 2, 5))
    try expect(.shape(name: "key", expected: "[2, 2, N, 3]", actual: [2, 1, 2, 3]), zeros(2, 1, 2, 3), values)
    try expect(.shape(name: "key", expected: "[2, 2, N, 3]", actual: [3, 2, 2, 3]), zeros(3, 2, 2, 3), values)
    try expect(.shape(name: "key", expected: "[2, 2, N, 3]", actual: [2, 2, 2, 4]), zeros(2, 2, 2, 4), values)
    try expect(.shape(name: "key", expected: "[2, N, 6]", actual: [2, 2, 7]), zeros(2, 2, 7), values)
    try expect(.shape(name: "value", expected: "[2, 2, 2, 5]", actual: [2, 2, 3, 5]), keys, zeros(2, 2, 3, 5))
    try expect(.shape(name: "value", expected: "[2, 2, 10]", actual: [2, 2, 6]), keys, zeros(2, 2, 6))
    try expect(.argument(name: "lengths", expected: "2, one per batch element", actual: "1"), keys, values, [2])
    try expect(.argument(name: "length", expected: "0...2", actual: "3"), keys, values, [0, 3])
    try expect(.argument(name: "length", expected: "0...2", actual: "-1"), keys, values, [-1, 0])
    try expect(.capacity(name: "cache length", capacity: 8, actual: 9), zeros(2, 2, 3, 3), zeros(2, 2, 3, 5))
    try expect(.capacity(name: "cache length", capacity: 8, actual: 9), zeros(2, 2, 5, 3), zeros(2, 2, 5, 5), [2, 5])
    #expect(
      AttentionError.capacity(name: "cache length", capacity: 8, actual: 9).description
        == "cache length is 9, the capacity is 8")
    // Filled to the last position.
    try cache.append(keys: zeros(2, 2, 4, 3), values: zeros(2, 2, 4, 5), lengths: [2, 4])
    #expect(cache.lengths == [8, 8])
  }

  @Test("Caller-owned rows that are not all there")
  func spans() throws {
    var cache = try made()
    let strides = HeadStrides.headsFirst(heads: 2, rows: 2, headSize: 3)
    func append(_ count: Int, _ keyStrides: HeadStrides, rows: Int = 2) throws {
      let (keys, values) = ([Float](repeating: 0, count: count), [Float](repeating: 0, count: 24))
      try cache.append(
        rows: rows, keys: keys.span, keyStrides: keyStrides, values: values.span, valueStrides: strides)
    }
    #expect(throws: AttentionError.spanTooShort(name: "keys", expected: 24, actual: 23)) { try append(23, strides) }
    #expect(throws: AttentionError.argument(name: "keys row stride", expected: "3...2147483647", actual: "2")) {
      try append(24, HeadStrides(batch: 12, head: 6, row: 2))
    }
    #expect(throws: AttentionError.argument(name: "rows", expected: "0...2147483647", actual: "-1")) {
      try append(24, strides, rows: -1)
    }
    #expect(cache.lengths == [0, 0])
  }

  @Test("Truncations beyond the length, or behind the window")
  func truncation() throws {
    var cache = try filled()
    func expect(_ expected: String, _ actual: String, _ name: String = "truncated length", _ body: () throws -> Void) {
      #expect(throws: AttentionError.argument(name: name, expected: expected, actual: actual)) { try body() }
      #expect(cache.lengths == [6, 4])
    }
    expect("0...4", "5") { try cache.truncate(to: 5) }
    expect("0...6", "-1") { try cache.truncate(to: -1) }
    expect("0...6", "7") { try cache.truncate(to: [7, 1]) }
    expect("2, one per batch element", "3", "lengths") { try cache.truncate(to: [1, 1, 1]) }

    var windowed = try filled(window: 2)
    // Element 0 has dropped positions 0 … 2: from 4 on all that the next query attends is held.
    #expect(windowed.heldPositions(batch: 0) == 3..<6)
    #expect(
      throws: AttentionError.argument(
        name: "truncated length", expected: "0, or 4...6, as positions before 3 are dropped", actual: "3")
    ) { try windowed.truncate(to: 3) }
    #expect(windowed.lengths == [6, 4])
    try windowed.truncate(to: 4)
    #expect(windowed.lengths == [4, 4])
    // With a window of one position there is nothing to look back at.
    var single = try filled(window: 1)
    try single.truncate(to: [2, 3])
    #expect(single.lengths == [2, 3])
    try single.append(keys: zeros(2, 2, 1, 3), values: zeros(2, 2, 1, 5))
    #expect(try scaledDotProductAttention(queries: zeros(2, 2, 1, 3), cache: single).elements.allSatisfy { $0 == 0 })
  }

  @Test("Batch elements that are not there, and more than the capacity")
  func reordering() throws {
    var cache = try filled()
    #expect(throws: AttentionError.argument(name: "batch element", expected: "0..<2", actual: "2")) {
      try cache.reorder([0, 2])
    }
    #expect(throws: AttentionError.argument(name: "batch element", expected: "0..<2", actual: "-1")) {
      try cache.reorder([-1])
    }
    #expect(cache.lengths == [6, 4])
    #expect(throws: AttentionError.capacity(name: "cache length", capacity: 8, actual: 9)) {
      try cache.reserveCapacity(9)
    }
  }

  @Test("Queries and plans that do not fit the cache")
  func queries() throws {
    let cache = try filled()
    func expect(_ error: AttentionError, _ queries: Tensor<Float>, heads: Int? = nil) {
      #expect(throws: error) { try scaledDotProductAttention(queries: queries, cache: cache, heads: heads) }
    }
    let expected = "batch 2 and head size 3 to go with the cache"
    try expect(.shape(name: "query", expected: expected, actual: [1, 4, 1, 3]), zeros(1, 4, 1, 3))
    try expect(.shape(name: "query", expected: expected, actual: [2, 4, 1, 5]), zeros(2, 4, 1, 5))
    try expect(.headCounts(heads: 3, keyValueHeads: 2), zeros(2, 3, 1, 3))
    try expect(
      .argument(name: "query head count", expected: "a number, for query of shape [2, 1, 12]", actual: "not given"),
      zeros(2, 1, 12))

    let plan = try AttentionPlan(
      cache: cache, heads: 4, queries: 2, options: AttentionOptions(details: .weights))
    var workspace = try plan.makeWorkspace()
    var output = try Tensor<Float>(repeating: 7, shape: [2, 4, 2, 5])
    #expect(
      throws: AttentionError.argument(
        name: "details", expected: "none for a run into a tensor", actual: "\(AttentionDetailSet.weights)")
    ) { try plan.run(queries: zeros(2, 4, 2, 3), cache: cache, into: &output, workspace: &workspace) }
    let small = try AttentionPlan<Float>(
      shape: AttentionShape(
        batch: 2, heads: 4, keyValueHeads: 2, queries: 2, keys: 5, headSize: 3, valueHeadSize: 5))
    #expect(throws: AttentionError.capacity(name: "keys", capacity: 5, actual: 6)) {
      try small.run(queries: zeros(2, 4, 2, 3), cache: cache, into: &output, workspace: &workspace)
    }
    #expect(throws: AttentionError.argument(name: "keyValueHeads", expected: "2, as planned", actual: "1")) {
      let other = try KeyValueCache<Float>(batch: 2, keyValueHeads: 1, headSize: 3, valueHeadSize: 5, capacity: 4)
      try small.run(queries: zeros(2, 4, 2, 3), cache: other, into: &output, workspace: &workspace)
    }
    #expect(output.elements.allSatisfy { $0 == 7 })
  }

  @Test("What a run after an append would refuse is refused before it")
  func nothingAppended() throws {
    var cache = try filled()
    let before = try cache.tensors()
    let (keys, values, queries) = (try zeros(2, 2, 2, 3), try zeros(2, 2, 2, 5), try zeros(2, 4, 2, 3))
    let plan = try AttentionPlan(cache: cache, heads: 4, queries: 2)
    var workspace = try plan.makeWorkspace()
    var output = try Tensor<Float>(repeating: 7, shape: [2, 4, 2, 5])
    func expect(
      _ error: AttentionError, _ queries: Tensor<Float>, mask: AttentionMask<Float> = .none,
      alignment: QueryAlignment? = nil, plan: AttentionPlan<Float>, _ output: inout Tensor<Float>,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      #expect(throws: error, sourceLocation: sourceLocation) {
        try plan.run(
          queries: queries, keys: keys, values: values, appendingTo: &cache, mask: mask, alignment: alignment,
          into: &output, workspace: &workspace)
      }
      #expect(cache.lengths == [6, 4] && output.elements.allSatisfy { $0 == 7 }, sourceLocation: sourceLocation)
      #expect(try cache.tensors() == before, sourceLocation: sourceLocation)
    }
    // S is 8 after the append.
    try expect(
      .maskShape(name: "keep mask", shape: [6], expected: [2, 4, 2, 8]), queries, mask: .keep(Tensor(zeros: [6])),
      plan: plan, &output)
    try expect(
      .argument(name: "key lengths", expected: "2, one per batch element", actual: "1"), queries,
      mask: .keyLengths([3]), plan: plan, &output)
    try expect(
      .argument(name: "alignment offsets", expected: "2, one per batch element", actual: "3"), queries,
      alignment: .offsets([1, 2, 3]), plan: plan, &output)
    try expect(.capacity(name: "queries", capacity: 2, actual: 3), zeros(2, 4, 3, 3), plan: plan, &output)
    try expect(
      .shape(name: "query", expected: "2 heads, as asked for", actual: [2, 4, 2, 3]), queries,
      plan: AttentionPlan(cache: cache, heads: 2, queries: 2), &output)
    var narrow = try Tensor<Float>(repeating: 7, shape: [2, 4, 1, 5])
    try expect(
      .shape(name: "output", expected: "[2, 4, 2, 5]", actual: [2, 4, 1, 5]), queries, plan: plan, &narrow)
    #expect(
      throws: AttentionError.argument(name: "window left", expected: "0 or more, or -1 for unbounded", actual: "-2")
    ) {
      try scaledDotProductAttention(
        queries: queries, keys: keys, values: values, appendingTo: &cache, mask: .window(left: -2, right: 0))
    }
    #expect(cache.lengths == [6, 4])
  }

  @Test("Queries whose window begins before what is held", arguments: Way.paths)
  func behindTheWindow(path: AttentionPath) throws {
    let cache = try filled(window: 3)
    #expect(cache.heldPositions(batch: 0) == 2..<6)
    func attend(_ count: Int, _ alignment: QueryAlignment?, mask: AttentionMask<Float> = .causal) throws {
      _ = try scaledDotProductAttention(
        queries: zeros(2, 2, count, 3), cache: cache, mask: mask, alignment: alignment, path: path)
    }
    // Element 0 has appended from 4 on, and holds what queries from there see.
    try attend(2, nil)
    try attend(2, .offsets([4, 0]))
    for (count, alignment, place) in [
      (3, nil, 3), (2, .offset(3), 3), (1, .start, 0), (6, .end, 0),
    ] as [(Int, QueryAlignment?, Int)] {
      #expect(
        throws: AttentionError.argument(
          name: "position of query 0", expected: "4 or later, as positions before 2 are dropped", actual: "\(place)")
      ) { try attend(count, alignment) }
    }
    // A narrower window of the mask's own reaches less far back.
    try attend(2, .offset(3), mask: .window(left: 1, right: 0))
    try attend(2, .offset(2), mask: .window(left: 0, right: 0))
  }

  @Test("Scores of masked places where their keys are not all there")
  func coveringDetails() throws {
    let cache = try filled()
    for details in [AttentionDetailSet.rawScores, [.cappedScores, .weights]] {
      #expect(
        throws: AttentionError.argument(
          name: "details",
          expected: "neither raw nor capped scores, as batch element 1 holds 0..<4 of 6 positions", actual: "\(details)"
        )
      ) {
        try scaledDotProductAttention(
          queries: zeros(2, 2, 1, 3), cache: cache, options: AttentionOptions(details: details))
      }
    }
  }
}
