import Attention
import Support
import Testing

/// What a layer refuses about a cache, with the cache then as it was.
@Suite("Errors of a layer over a cache")
struct MultiHeadAttentionCacheErrorTests {
  private let layer: MultiHeadAttention<Float>
  private let cache: KeyValueCache<Float>

  /// Batch elements of 6 and 4 positions of 8.
  init() throws {
    layer = try LayerByHand<Float>().layer
    var random = SeededGenerator(seed: 11)
    var cache = try layer.makeCache(batch: 2, capacity: 8)
    _ = try layer(random.normal([2, 6, 15]), appendingTo: &cache, lengths: [6, 4])
    self.cache = cache
  }

  private func zeros(_ shape: Int...) throws -> Tensor<Float> { try Tensor(zeros: shape) }

  /// By a call and by a plan, appending and borrowing; only those that `ways` names.
  private func expect(
    _ error: AttentionError, _ x: Tensor<Float>, layer given: MultiHeadAttention<Float>? = nil,
    cache other: KeyValueCache<Float>? = nil, lengths: [Int]? = nil, mask: AttentionMask<Float> = .none,
    modifiers: AttentionModifiers<Float> = .none, options: AttentionOptions = AttentionOptions(),
    isOfAppends: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let layer = given ?? self.layer
    var cache = other ?? self.cache
    let (before, lengthsBefore, pastBefore) = (try cache.tensors(), cache.lengths, cache.pastLengths)
    #expect(throws: error, sourceLocation: sourceLocation) {
      try layer(x, appendingTo: &cache, lengths: lengths, mask: mask, modifiers: modifiers, options: options)
    }
    if !isOfAppends {
      #expect(throws: error, sourceLocation: sourceLocation) {
        try layer(x, borrowing: cache, mask: mask, modifiers: modifiers, options: options)
      }
    }
    // Plans are made with what can only be wrong there.
    if let plan = try? self.layer.plan(cache: self.cache, queries: 3, modifiers: modifiers, options: options),
      given == nil
    {
      var workspace = try plan.makeWorkspace()
      var output = try Tensor<Float>(repeating: 7, shape: x.shape)
      #expect(throws: error, sourceLocation: sourceLocation) {
        try plan.run(
          x, appendingTo: &cache, lengths: lengths, mask: mask, into: &output, workspace: &workspace)
      }
      if !isOfAppends {
        #expect(throws: error, sourceLocation: sourceLocation) {
          try plan.run(x, borrowing: cache, mask: mask, into: &output, workspace: &workspace)
        }
      }
      #expect(output.elements.allSatisfy { $0 == 7 }, sourceLocation: sourceLocation)
    }
    #expect(cache.lengths == lengthsBefore && cache.pastLengths == pastBefore, sourceLocation: sourceLocation)
    #expect(try cache.tensors() == before, sourceLocation: sourceLocation)
  }

  @Test("Inputs that do not fit the layer or the cache")
  func inputs() throws {
    try expect(.rank(name: "query", expected: "3: [B, L, E], or 2: [L, E]", shape: [15]), zeros(15))
    try expect(
      .shape(name: "query", expected: "[2, 1, 15], the layer's embedding size", actual: [2, 1, 14]), zeros(2, 1, 14))
    try expect(.argument(name: "batch", expected: "2, as of the cache", actual: "3"), zeros(3, 1, 15))
    try expect(.argument(name: "batch", expected: "2, as of the cache", actual: "1"), zeros(1, 15))
    // Keys and values of a size of their own are not projected from queries' rows.
    let separate = try MultiHeadAttention<Float>(embeddingSize: 15, headCount: 3, keySize: 7, seed: 1)
    try expect(
      .shape(name: "key", expected: "[2, 1, 7], query's batch and the layer's key size", actual: [2, 1, 15]),
      zeros(2, 1, 15), layer: separate, isOfAppends: true)
  }

  @Test("A cache of other heads")
  func heads() throws {
    for (heads, size, valueSize) in [(2, 5, 5), (3, 4, 5), (3, 5, 4)] {
      let other = try KeyValueCache<Float>(
        batch: 2, keyValueHeads: heads, headSize: size, valueHeadSize: valueSize, capacity: 8)
      let error = AttentionError.shape(
        name: "cache", expected: "[G, D, Dv] = [3, 5, 5], as the layer's heads", actual: [heads, size, valueSize])
      try expect(error, zeros(2, 1, 15), cache: other)
      #expect(throws: error) { try layer.plan(cache: other, queries: 1) }
    }
  }

  @Test("More rows than there is room for")
  func overflow() throws {
    let error = AttentionError.capacity(name: "cache length", capacity: 8, actual: 9)
    try expect(error, zeros(2, 3, 15), isOfAppends: true)
    try expect(error, zeros(2, 3, 15), lengths: [3, 0], isOfAppends: true)
    try expect(
      .argument(name: "lengths", expected: "2, one per batch element", actual: "1"), zeros(2, 1, 15),
      lengths: [1], isOfAppends: true)
    try expect(
      .argument(name: "length", expected: "0...1", actual: "2"), zeros(2, 1, 15), lengths: [1, 2],
      isOfAppends: true)
    // Beyond the positions of given tables as well: the room is what is said.
    var rotary = layer
    let table = try Tensor<Float>(repeating: 1, shape: [8, 2])
    rotary.rotaryPositions = try RotaryPositions(cosines: table, sines: table)
    try expect(error, zeros(2, 3, 15), layer: rotary, isOfAppends: true)
  }

  @Test("Appended keys beside a cache")
  func appendedKeys() throws {
    for (learned, zero, count) in [(true, false, 1), (false, true, 1), (true, true, 2)] {
      let layer = try MultiHeadAttention<Float>(
        embeddingSize: 15, headCount: 3, appendsLearnedKey: learned, appendsZeroKey: zero, seed: 1)
      let error = AttentionError.argument(
        name: "appended keys", expected: "none in a layer with a cache", actual: "\(count)")
      try expect(error, zeros(2, 1, 15), layer: layer)
      #expect(throws: error) { try layer.plan(cache: cache, queries: 1) }
      #expect(throws: error) { try layer.inspect(AttentionInspection(.entropy), zeros(2, 1, 15), borrowing: cache) }
    }
  }

  @Test("Rotary positions that the heads or the tables do not have")
  func rotary() throws {
    var large = layer
    large.rotaryPositions = try RotaryPositions(rotarySize: 6)
    let error = AttentionError.argument(name: "headSize", expected: "6, the rotary size, or more", actual: "5")
    try expect(error, zeros(2, 1, 15), layer: large)
    #expect(throws: error) { try large.plan(cache: cache, queries: 1) }
    #expect(throws: error) { try large.plan(queries: 1) }
    #expect(throws: error) { try large(zeros(2, 1, 15)) }
    #expect(throws: error) { try large.inspect(AttentionInspection(.entropy), zeros(2, 1, 15)) }
    var short = layer
    let table = try Tensor<Float>(repeating: 1, shape: [7, 2])
    short.rotaryPositions = try RotaryPositions(cosines: table, sines: table)
    try expect(
      .argument(name: "position", expected: "in 0..<7, the rows of the tables", actual: "7"), zeros(2, 2, 15),
      layer: short, isOfAppends: true)
  }

  @Test("Masks, modifiers, options and sizes that do not fit a run")
  func runs() throws {
    let x = try zeros(2, 2, 15)
    try expect(
      .maskShape(name: "keep mask", shape: [2, 9], expected: [2, 3, 2, 8]), x,
      mask: .keep(try Tensor(zeros: [2, 9])), isOfAppends: true)
    try expect(
      .argument(name: "key lengths", expected: "2, one per batch element", actual: "1"), x, mask: .keyLengths([3]))
    try expect(
      .argument(name: "window left", expected: "0 or more, or -1 for unbounded", actual: "-2"), x,
      mask: .window(left: -2, right: nil))
    try expect(
      .argument(name: "alignment offsets", expected: "2, one per batch element", actual: "3"), x,
      options: AttentionOptions(alignment: .offsets([1, 2, 3])))
    try expect(
      .argument(name: "sinks", expected: "3, one per head", actual: "2"), x,
      modifiers: AttentionModifiers(sinks: [1, 2]))
    try expect(
      .argument(name: "workers", expected: "1 or more", actual: "0"), x, options: AttentionOptions(workers: 0))

    var cache = self.cache
    let before = try cache.tensors()
    let plan = try layer.plan(cache: cache, queries: 2)
    var workspace = try plan.makeWorkspace()
    var output = try zeros(2, 1, 15)
    let outputError = AttentionError.shape(
      name: "output", expected: "[2, 2, 15], as the input", actual: [2, 1, 15])
    #expect(throws: outputError) { try plan.run(x, appendingTo: &cache, into: &output, workspace: &workspace) }
    #expect(throws: outputError) { try plan.run(x, borrowing: cache, into: &output, workspace: &workspace) }
    var long = try zeros(2, 3, 15)
    let capacity = AttentionError.capacity(name: "queries", capacity: 2, actual: 3)
    #expect(throws: capacity) { try plan.run(zeros(2, 3, 15), appendingTo: &cache, into: &long, workspace: &workspace) }
    #expect(throws: capacity) { try plan.run(zeros(2, 3, 15), borrowing: cache, into: &long, workspace: &workspace) }
    // Of more queries than rows are projected: keys of a plan without a cache.
    let wide = try layer.plan(batch: 2, queries: 3, keys: 2)
    var other = try wide.makeWorkspace()
    #expect(throws: capacity) { try wide.run(zeros(2, 3, 15), appendingTo: &cache, into: &long, workspace: &other) }
    // A cache beyond the plan's capacity.
    let narrow = try layer.plan(cache: layer.makeCache(batch: 2, capacity: 7), queries: 2)
    var third = try narrow.makeWorkspace()
    var same = try zeros(2, 2, 15)
    #expect(throws: AttentionError.capacity(name: "keys", capacity: 7, actual: 8)) {
      try narrow.run(x, appendingTo: &cache, into: &same, workspace: &third)
    }
    #expect(cache.lengths == [6, 4])
    #expect(try cache.tensors() == before)
  }

  @Test("Sizes of a cache out of range")
  func making() {
    #expect(throws: AttentionError.argument(name: "capacity", expected: "1...2147483647", actual: "0")) {
      try layer.makeCache(capacity: 0)
    }
    #expect(throws: AttentionError.argument(name: "window", expected: "1...2147483647", actual: "0")) {
      try layer.makeCache(capacity: 4, window: 0)
    }
    #expect(throws: AttentionError.argument(name: "batch", expected: "0...2147483647", actual: "-1")) {
      try layer.makeCache(batch: -1, capacity: 4)
    }
  }
}
