import Attention
import Support
import Testing

/// A layer that rotates its queries and keys.
@Suite("A layer with rotary positions")
struct MultiHeadAttentionRotaryTests {
  private func hand(
    _ rotary: RotaryPositions<Double>, order: AxisOrder = .batchFirst, appendsKeys: Bool = false
  ) throws -> LayerByHand<Double> {
    var hand = try LayerByHand<Double>(order: order, appendsKeys: appendsKeys)
    hand.layer.rotaryPositions = rotary
    return hand
  }

  private func x(_ rows: Int = 11, seed: UInt64 = 7) throws -> Tensor<Double> {
    var random = SeededGenerator(seed: seed)
    return try random.normal([2, rows, 15])
  }

  @Test(
    "Projected queries and keys are rotated, values are not", arguments: [RotaryPairing.halves, .interleaved],
    AxisOrder.allCases)
  func byHand(pairing: RotaryPairing, order: AxisOrder) throws {
    for size in [2, 4] {
      // Some positions are in the tables.
      let rotary = try RotaryPositions<Double>(rotarySize: size, base: 50, pairing: pairing, precomputed: 6)
      let hand = try hand(rotary, order: order)
      let x = try x()
      let heads = try scaledDotProductAttention(
        queries: rotary(hand.queries(x)), keys: rotary(hand.keys(x)), values: hand.values(x), mask: .causal)
      let expected = try hand.output(heads)
      let given = order == .batchFirst ? x : try x.transposed(0, 1)
      for workers in [1, 2] {
        let output = try hand.layer(given, mask: .causal, workers: workers)
        expectClose(order == .batchFirst ? output : try output.transposed(0, 1), expected, "size \(size)")
      }
      // Inputs stay, and without positions the layer is another.
      #expect(try x == self.x())
      var plain = hand.layer
      plain.rotaryPositions = nil
      let without = try plain(given, mask: .causal)
      #expect(try without != hand.layer(given, mask: .causal))
      #expect(try without == LayerByHand<Double>(order: order).layer(given, mask: .causal))
    }
  }

  @Test("A projection large enough for its rotation to be shared between workers")
  func workers() throws {
    var layer = try MultiHeadAttention<Float>(embeddingSize: 64, headCount: 2, seed: 1)
    layer.rotaryPositions = try RotaryPositions(rotarySize: 32)
    var random = SeededGenerator(seed: 3)
    let x: Tensor<Float> = try random.normal([1, 4100, 64])
    // Positions alone: every query attends its own key.
    let mask = AttentionMask<Float>.window(left: 1, right: 0)
    let one = try layer(x, mask: mask, path: .tiled, workers: 1)
    expectClose(try layer(x, mask: mask, path: .tiled, workers: 2), one, within: ErrorBound.floatAbsolute)
  }

  @Test("Queries stand where the alignment places them")
  func alignment() throws {
    let rotary = try RotaryPositions<Double>(rotarySize: 4, base: 50)
    let hand = try hand(rotary)
    let (x, memory) = (try x(3), try x(11, seed: 8))
    for (alignment, mask, offsets) in [
      (.start, .causal, [0, 0]), (.end, .causal, [8, 8]), (.offset(5), .none, [5, 5]), (.offset(-2), .none, [-2, -2]),
      (.offsets([1, 7]), .causal, [1, 7]), (.end, .keyLengths([11, 6]), [8, 3]),
      (.end, .causal & .keyLengths([4, 9]), [1, 6]),
    ] as [(QueryAlignment, AttentionMask<Double>, [Int])] {
      let ours = try hand.layer(query: x, key: memory, value: memory, mask: mask, alignment: alignment)
      let heads = try scaledDotProductAttention(
        queries: rotary(hand.queries(x), at: .offsets(offsets)), keys: rotary(hand.keys(memory)),
        values: hand.values(memory), mask: mask, alignment: alignment)
      expectClose(ours, try hand.output(heads), "\(alignment), \(mask)")
    }
    // A plan's own mask, and a run's.
    let plan = try hand.layer.plan(
      batch: 2, queries: 3, keys: 11, mask: .keyLengths([11, 6]), options: AttentionOptions(alignment: .end))
    var workspace = try plan.makeWorkspace()
    for mask in [nil, AttentionMask<Double>.keyLengths([4, 9])] {
      let ours = try plan(query: x, key: memory, value: memory, mask: mask, workspace: &workspace)
      let theirs = try hand.layer(
        query: x, key: memory, value: memory, mask: mask ?? .keyLengths([11, 6]), alignment: .end)
      expectClose(ours.output, theirs)
    }
  }

  @Test("L ≠ S without an alignment has no answer")
  func missingAlignment() throws {
    let layer = try hand(RotaryPositions(rotarySize: 4)).layer
    let (x, memory) = (try x(3), try x(11))
    let error = AttentionError.alignmentNeeded(queries: 3, keys: 11)
    #expect(throws: error) { try layer(query: x, key: memory, value: memory) }
    #expect(throws: error) { try layer.plan(batch: 2, queries: 3, keys: 11) }
    #expect(throws: error) { try layer.inspect(AttentionInspection(.entropy), query: x, key: memory) }
    let plan = try layer.plan(batch: 2, queries: 11)
    var workspace = try plan.makeWorkspace()
    #expect(throws: error) { try plan(query: x, key: memory, value: memory, workspace: &workspace) }
    #expect(error.description.hasPrefix("causal, window, position bias or rotary positions over L = 3 queries"))
  }

  @Test("What counts is the distance: behind others that nobody attends, a sequence is what it is alone")
  func relative() throws {
    for pairing in [RotaryPairing.halves, .interleaved] {
      let layer = try hand(RotaryPositions(rotarySize: 4, base: 50, pairing: pairing, precomputed: 9)).layer
      let x = try x(5)
      let alone = try layer(x, mask: .causal)
      for shift in [1, 6, 600] {
        var cache = try layer.makeCache(batch: 2, capacity: shift + 5)
        _ = try layer(Tensor(repeating: 0.5, shape: [2, shift, 15]), appendingTo: &cache)
        var keep = try Tensor<Bool>(repeating: true, shape: [shift + 5])
        for key in 0..<shift { keep[key] = false }
        let shifted = try layer(x, appendingTo: &cache, mask: .causal & .keep(keep))
        expectClose(shifted.output, alone, within: 1e-11, "\(pairing), shifted by \(shift)")
      }
      // And it does count.
      let reversed = try Tensor(
        (0..<2).flatMap { b in (0..<5).flatMap { i in (0..<15).map { x[b, 4 - i, $0] } } }, shape: [2, 5, 15])
      let (last, first) = (try layer(x).sliced(axis: 1, 4..<5), try layer(reversed).sliced(axis: 1, 0..<1))
      #expect(!Comparison(first, last.doubles, shape: [2, 1, 15], absolute: 1e-3).isWithin)
    }
  }

  @Test("In a cache positions go on, also behind a window", arguments: AxisOrder.allCases)
  func cache(order: AxisOrder) throws {
    let layer = try hand(RotaryPositions(rotarySize: 4, base: 50, precomputed: 6), order: order).layer
    let x = order == .batchFirst ? try x() : try x().transposed(0, 1)
    let axis = order == .batchFirst ? 1 : 0
    for window in [nil, 4] {
      let mask = AttentionMask<Double>.causal & .window(left: window.map { $0 - 1 }, right: nil)
      let whole = try layer(x, mask: mask)
      for pieces in [[11], [7, 4], [5, 1, 1, 4], Array(repeating: 1, count: 11)] {
        var cache = try layer.makeCache(batch: 2, capacity: 11, window: window)
        var start = 0
        for count in pieces {
          let rows = start..<(start + count)
          let part = try x.sliced(axis: axis, rows)
          let piece = try layer(part, appendingTo: &cache, mask: .causal)
          expectClose(piece.output, try whole.sliced(axis: axis, rows), "\(rows) of \(pieces)")
          // The same queries again, over what is there now.
          expectClose(try layer(part, borrowing: cache, mask: .causal).output, piece.output, "borrowed")
          start = rows.upperBound
        }
      }
    }
  }

  @Test("Over a cache of different lengths too, queries are rotated to where they stand")
  func cacheAlignment() throws {
    let rotary = try RotaryPositions<Double>(rotarySize: 4, base: 50)
    let hand = try hand(rotary)
    var cache = try hand.layer.makeCache(batch: 2, capacity: 16)
    let memory = try x(11, seed: 8)
    _ = try hand.layer(memory, appendingTo: &cache, lengths: [11, 6])
    let x = try x(3)
    let lengths = AttentionMask<Double>.keyLengths([11, 6])
    for (alignment, mask, offsets) in [
      (nil, .causal, [8, 3]), (.end, .causal, [8, 3]), (.start, .none, [0, 0]), (.offset(2), .causal, [2, 2]),
      (.offsets([4, -1]), .causal, [4, -1]), (nil, .causal & .keyLengths([7, 9]), [8, 3]),
      (.end, .causal & .keyLengths([7, 9]), [4, 3]),
    ] as [(QueryAlignment?, AttentionMask<Double>, [Int])] {
      let heads = try scaledDotProductAttention(
        queries: rotary(hand.queries(x), at: .offsets(offsets)), keys: rotary(hand.keys(memory)),
        values: hand.values(memory), mask: mask & lengths, alignment: .offsets(offsets))
      let options = AttentionOptions(alignment: alignment)
      let borrowed = try hand.layer(x, borrowing: cache, mask: mask, options: options)
      expectClose(borrowed.output, try hand.output(heads), "\(String(describing: alignment)), \(mask)")
    }
    // Of an append, the keys stand behind the others whatever places the queries.
    let appended = try x.sliced(axis: 1, 0..<2)
    for (alignment, offsets) in [
      (nil, [11, 6]), (.end, [11, 6]), (.offset(3), [3, 3]), (.offsets([0, 9]), [0, 9]),
    ]
      as [(QueryAlignment?, [Int])]
    {
      var copy = cache
      let ours = try hand.layer(
        appended, appendingTo: &copy, mask: .causal, options: AttentionOptions(alignment: alignment))
      var own = cache
      try own.append(
        keys: rotary(hand.keys(appended), at: .offsets([11, 6])), values: hand.values(appended))
      let heads = try scaledDotProductAttention(
        queries: rotary(hand.queries(appended), at: .offsets(offsets)), cache: own, mask: .causal,
        alignment: .offsets(offsets))
      expectClose(ours.output, try hand.output(heads), "append, \(String(describing: alignment))")
    }
  }

  @Test("Appended keys are not rotated")
  func appendedKeys() throws {
    let rotary = try RotaryPositions<Double>(rotarySize: 4, base: 50)
    let hand = try hand(rotary, appendsKeys: true)
    let x = try x(4)
    // [2, 6, 15]: behind the four rows the learned one and that of zeros.
    func extended(_ heads: Tensor<Double>, _ row: Tensor<Double>?) throws -> Tensor<Double> {
      let (rows, learned) = (try heads.mergingHeads(), try #require(row))
      var longer = try Tensor<Double>(zeros: [2, 6, 15])
      for b in 0..<2 {
        for e in 0..<15 {
          for i in 0..<4 { longer[b, i, e] = rows[b, i, e] }
          longer[b, 4, e] = learned[0, 0, e]
        }
      }
      return try longer.splittingHeads(3)
    }
    let heads = try scaledDotProductAttention(
      queries: rotary(hand.queries(x)), keys: extended(rotary(hand.keys(x)), hand.layer.appendedKeys.key),
      values: extended(hand.values(x), hand.layer.appendedKeys.value))
    expectClose(try hand.layer(x), try hand.output(heads))
  }

  @Test("Frequencies that follow the length are those of the longer of queries and keys")
  func dynamicScaling() throws {
    let scaling = RotaryScaling.dynamicNTK(factor: 4, originalLength: 5)
    let rotary = try RotaryPositions<Double>(rotarySize: 4, base: 50, scaling: scaling)
    let hand = try hand(rotary)
    let (x, memory) = (try x(3), try x(11, seed: 8))
    for (offset, length) in [(0, 11), (8, 11), (20, 23)] {
      let fitted = try rotary.fitted(toLength: length)
      let heads = try scaledDotProductAttention(
        queries: fitted(hand.queries(x), at: .offset(offset)), keys: fitted(hand.keys(memory)),
        values: hand.values(memory))
      let ours = try hand.layer(query: x, key: memory, value: memory, alignment: .offset(offset))
      expectClose(ours, try hand.output(heads), "at \(offset)")
    }
  }

  @Test("Explained, and of empty sequences")
  func explanation() throws {
    let layer = try hand(RotaryPositions(rotarySize: 4)).layer
    #expect(
      try layer.plan(queries: 7).explain().contains(
        "rotary     the first 4 of the 5 numbers of each head of queries and keys\n"))
    #expect(try !LayerByHand<Double>().layer.plan(queries: 7).explain().contains("rotary"))
    #expect(try layer(Tensor(zeros: [2, 0, 15])).shape == [2, 0, 15])
    #expect(try layer(Tensor(zeros: [0, 3, 15])).shape == [0, 3, 15])
  }
}
