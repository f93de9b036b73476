import Attention
import Support
import Testing

/// Figures about a layer's weights are those of its weights.
@Suite("A look at a layer's weights")
struct MultiHeadAttentionInspectTests {
  private static let everything = AttentionInspection(
    [.logSumExp, .maximum, .keyTotals], topKeys: 2, weights: WeightSelection())

  private func x(_ rows: Int = 7, seed: UInt64 = 7) throws -> Tensor<Double> {
    var random = SeededGenerator(seed: seed)
    return try random.normal([2, rows, 15])
  }

  /// That the figures are those of weights [B, H, L, S].
  private func expect(
    _ insight: AttentionInsight<Double>, of weights: Tensor<Double>?, _ logSumExp: Tensor<Double>?,
    _ what: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let (weights, logSumExp) = (try #require(weights), try #require(logSumExp))
    expectClose(insight.weights, weights, "weights, \(what)", sourceLocation: sourceLocation)
    expectClose(insight.logSumExp, logSumExp, "log-sum-exp, \(what)", sourceLocation: sourceLocation)
    let (batch, rows, keys) = (weights.shape[0], weights.shape[2], weights.shape[3])
    var totals = try Tensor<Double>(zeros: [batch, 3, keys])
    var largest = try Tensor<Double>(zeros: [batch, 3, rows])
    for b in 0..<batch {
      for h in 0..<3 {
        for i in 0..<rows {
          for j in 0..<keys {
            totals[b, h, j] += weights[b, h, i, j]
            largest[b, h, i] = max(largest[b, h, i], weights[b, h, i, j])
          }
        }
      }
    }
    expectClose(insight.keyTotals, totals, "totals, \(what)", sourceLocation: sourceLocation)
    expectClose(insight.maximumWeight, largest, "maximum, \(what)", sourceLocation: sourceLocation)
    #expect(insight.topKeys?.shape == [batch, 3, rows, 2], sourceLocation: sourceLocation)
  }

  @Test("Of self-attention and of a memory", arguments: [false, true])
  func figures(hasMore: Bool) throws {
    for order in AxisOrder.allCases {
      var hand = try LayerByHand<Double>(order: order, appendsKeys: hasMore)
      if hasMore { hand.layer.rotaryPositions = try RotaryPositions(rotarySize: 4) }
      let modifiers = hasMore ? AttentionModifiers<Double>(sinks: [1, 0, -1]) : .none
      func ordered(_ x: Tensor<Double>) throws -> Tensor<Double> {
        order == .batchFirst ? x : try x.transposed(0, 1)
      }
      let (x, memory) = (try ordered(x()), try ordered(x(11, seed: 8)))
      let options = AttentionOptions(alignment: .end, details: [.logSumExp])
      for mask in [AttentionMask<Double>.none, .causal & .keyLengths([7, 4])] {
        let own = try hand.layer(x, mask: mask, modifiers: modifiers, needsWeights: .perHead, options: options)
        let insight = try hand.layer.inspect(Self.everything, x, mask: mask, modifiers: modifiers, options: options)
        try expect(insight, of: own.weights, own.details.logSumExp, "\(mask)")
        let cross = try hand.layer(
          query: x, key: memory, value: memory, mask: mask, modifiers: modifiers, needsWeights: .perHead,
          options: options)
        let other = try hand.layer.inspect(
          Self.everything, query: x, key: memory, mask: mask, modifiers: modifiers, options: options)
        try expect(other, of: cross.weights, cross.details.logSumExp, "memory, \(mask)")
      }
    }
  }

  @Test("Values are not needed, of whatever size they would be")
  func valuesOfAnotherSize() throws {
    let layer = try MultiHeadAttention<Double>(embeddingSize: 15, headCount: 3, keySize: 11, valueSize: 4, seed: 1)
    var random = SeededGenerator(seed: 9)
    let (x, key): (Tensor<Double>, Tensor<Double>) = (try x(), try random.normal([2, 5, 11]))
    let options = AttentionOptions(details: [.logSumExp])
    let whole = try layer(
      query: x, key: key, value: random.normal([2, 5, 4]), needsWeights: .perHead, options: options)
    let insight = try layer.inspect(Self.everything, query: x, key: key)
    try expect(insight, of: whole.weights, whole.details.logSumExp, "sizes")
    // A single sequence: B = 1.
    let single = try layer.inspect(
      AttentionInspection(.entropy), query: x.selecting(axis: 0, 0), key: key.selecting(axis: 0, 0))
    #expect(single.entropy?.shape == [1, 3, 7])
  }

  @Test("Over a cache, of one length and of several, with a window and in sixteen bits")
  func caches() throws {
    var hand = try LayerByHand<Double>()
    hand.layer.rotaryPositions = try RotaryPositions(rotarySize: 4)
    let layer = hand.layer
    let (memory, x) = (try x(11, seed: 8), try x(2))
    for (lengths, window, element) in [
      (nil, nil, .full), ([11, 6], nil, .full), (nil, 5, .full), ([11, 6], 4, .full), (nil, nil, .float16),
      ([9, 11], 6, .bfloat16),
    ] as [([Int]?, Int?, KeyValueElement)] {
      var cache = try layer.makeCache(batch: 2, capacity: 16, window: window, element: element)
      _ = try layer(memory.sliced(axis: 1, 0..<6), appendingTo: &cache, mask: .causal)
      _ = try layer(
        memory.sliced(axis: 1, 6..<11), appendingTo: &cache, lengths: lengths.map { $0.map { $0 - 6 } }, mask: .causal)
      let before = cache.lengths
      for (mask, alignment) in [
        (AttentionMask<Double>.none, nil), (.causal, nil), (.causal & .keyLengths([10, 10]), nil), (.causal, .end),
      ] as [(AttentionMask<Double>, QueryAlignment?)] {
        // A mask's lengths are within S only.
        let options = AttentionOptions(alignment: alignment, details: [.logSumExp])
        let whole = try layer(x, borrowing: cache, mask: mask, needsWeights: .perHead, options: options)
        let insight = try layer.inspect(Self.everything, x, borrowing: cache, mask: mask, options: options)
        let what = "\(String(describing: lengths)), window \(String(describing: window)), \(element), \(mask)"
        try expect(insight, of: whole.weights, whole.details.logSumExp, what)
      }
      #expect(cache.lengths == before)
    }
  }

  @Test("A plan looks into a cache; nothing before the window can be asked about")
  func plans() throws {
    let hand = try LayerByHand<Double>()
    let (memory, x) = (try x(11, seed: 8), try x(2))
    var cache = try hand.layer.makeCache(batch: 2, capacity: 16, window: 3)
    _ = try hand.layer(memory.sliced(axis: 1, 0..<9), appendingTo: &cache, mask: .causal)
    _ = try hand.layer(memory.sliced(axis: 1, 9..<11), appendingTo: &cache, mask: .causal)
    let plan = try AttentionPlan(cache: cache, heads: 3, queries: 2, mask: .causal)
    let queries = try hand.queries(x)
    let insight = try plan.inspect(Self.everything, queries: queries, cache: cache)
    let whole = try scaledDotProductAttention(
      queries: queries, cache: cache, mask: .causal, options: AttentionOptions(details: [.weights, .logSumExp]))
    try expect(insight, of: whole.weights, whole.logSumExp, "plan")
    let placed = try plan.inspect(AttentionInspection(.maximum), queries: queries, cache: cache, alignment: .offset(9))
    #expect(placed.maximumWeight == insight.maximumWeight)
    #expect(
      throws: AttentionError.argument(
        name: "position of query 0", expected: "9 or later, as positions before 7 are dropped", actual: "2")
    ) { try plan.inspect(Self.everything, queries: queries, cache: cache, alignment: .offset(2)) }
    #expect(throws: AttentionError.capacity(name: "queries", capacity: 2, actual: 3)) {
      try plan.inspect(Self.everything, queries: Tensor(zeros: [2, 3, 3, 5]), cache: cache)
    }
    #expect(throws: AttentionError.argument(name: "topKeys", expected: "1 or more", actual: "0")) {
      try hand.layer.inspect(AttentionInspection(topKeys: 0), x, borrowing: cache)
    }
    #expect(throws: AttentionError.argument(name: "batch", expected: "2, as of the cache", actual: "3")) {
      try hand.layer.inspect(Self.everything, Tensor(zeros: [3, 1, 15]), borrowing: cache)
    }
    #expect(throws: AttentionError.rank(name: "key", expected: "3, as query of shape [2, 2, 15]", shape: [15])) {
      try hand.layer.inspect(Self.everything, query: x, key: Tensor(zeros: [15]))
    }
    #expect(throws: AttentionError.argument(name: "head of weights", expected: "0..<3", actual: "3")) {
      try hand.layer.inspect(AttentionInspection(weights: WeightSelection(heads: [3])), x)
    }
  }
}
