import Attention
import Support
import Testing

/// A layer over a cache gives what it gives over the sequence.
@Suite("A layer over a cache")
struct MultiHeadAttentionCacheTests {
  static let paths: [AttentionPath] = [.reference, .blas, .tiled]
  private static let piecewise = [[11], [7, 4], [5, 1, 1, 4], Array(repeating: 1, count: 11)]

  private func x(_ batch: Int = 2, seed: UInt64 = 7) throws -> Tensor<Double> {
    var random = SeededGenerator(seed: seed)
    return try random.normal([batch, 11, 15])
  }

  @Test("A prefill at once, in pieces and token by token agree", arguments: AxisOrder.allCases, paths)
  func prefill(order: AxisOrder, path: AttentionPath) throws {
    let layer = try LayerByHand<Double>(order: order).layer
    let x = order == .batchFirst ? try x() : try x().transposed(0, 1)
    let axis = order == .batchFirst ? 1 : 0
    let options = AttentionOptions(path: path)
    let whole = try layer(x, mask: .causal, needsWeights: .perHead, options: options)
    let weights = try #require(whole.weights)
    for pieces in Self.piecewise {
      var cache = try layer.makeCache(batch: 2, capacity: 11)
      var start = 0
      for count in pieces {
        let rows = start..<(start + count)
        for needsWeights in [HeadWeights.perHead, .averaged] {
          var copy = cache
          let piece = try layer(
            x.sliced(axis: axis, rows), appendingTo: &copy, mask: .causal, needsWeights: needsWeights, options: options)
          let label = "\(rows) of \(pieces)"
          expectClose(piece.output, try whole.output.sliced(axis: axis, rows), label)
          var expected = try weights.sliced(axis: 2, rows).sliced(axis: 3, 0..<rows.upperBound)
          if needsWeights == .averaged { expected = try mean(expected) }
          expectClose(piece.weights, expected, label)
          if needsWeights == .averaged { cache = copy }
        }
        start = rows.upperBound
      }
      #expect(cache.lengths == [11, 11])
    }
  }

  private func mean(_ weights: Tensor<Double>) throws -> Tensor<Double> {
    let (batch, rows, keys) = (weights.shape[0], weights.shape[2], weights.shape[3])
    var mean = try Tensor<Double>(zeros: [batch, rows, keys])
    for b in 0..<batch {
      for i in 0..<rows { for j in 0..<keys { for h in 0..<3 { mean[b, i, j] += weights[b, h, i, j] / 3 } } }
    }
    return mean
  }

  @Test("A single sequence without a batch axis", arguments: AxisOrder.allCases)
  func unbatched(order: AxisOrder) throws {
    let layer = try LayerByHand<Double>(order: order).layer
    let x = try x(1).selecting(axis: 0, 0)
    let whole = try layer(x, mask: .causal, needsWeights: .averaged, options: AttentionOptions())
    let weights = try #require(whole.weights)
    var cache = try layer.makeCache(capacity: 16)
    for rows in [0..<6, 6..<7, 7..<11] {
      let piece = try layer(
        x.sliced(axis: 0, rows), appendingTo: &cache, mask: .causal, needsWeights: .averaged,
        options: AttentionOptions(details: [.logSumExp]))
      #expect(piece.details.logSumExp?.shape == [1, 3, rows.count])
      expectClose(piece.output, try whole.output.sliced(axis: 0, rows), "\(rows)")
      expectClose(piece.weights, try weights.sliced(axis: 0, rows).sliced(axis: 1, 0..<rows.upperBound), "\(rows)")
    }
  }

  @Test("Batch elements that append different numbers of rows are each as alone", arguments: AxisOrder.allCases, paths)
  func ragged(order: AxisOrder, path: AttentionPath) throws {
    var hand = try LayerByHand<Double>(order: order)
    hand.layer.rotaryPositions = try RotaryPositions(rotarySize: 4)
    let (layer, options) = (hand.layer, AttentionOptions(path: path))
    let x = try x(3)
    var cache = try layer.makeCache(batch: 3, capacity: 11)
    var starts = [0, 0, 0]
    for lengths in [[5, 0, 3], [1, 4, 2], [0, 1, 0], [5, 5, 5]] {
      let rows = lengths.max() ?? 0
      // [B, rows, E]: what an element does not append is of another sequence.
      var input = try Tensor<Double>(repeating: 9, shape: [3, rows, 15])
      for b in 0..<3 {
        for i in 0..<lengths[b] { for e in 0..<15 { input[b, i, e] = x[b, starts[b] + i, e] } }
      }
      let given = order == .batchFirst ? input : try input.transposed(0, 1)
      let result = try layer(
        given, appendingTo: &cache, lengths: lengths, mask: .causal, needsWeights: .none, options: options)
      let output = order == .batchFirst ? result.output : try result.output.transposed(0, 1)
      for b in 0..<3 {
        let end = starts[b] + lengths[b]
        let alone = try layer(x.selecting(axis: 0, b).sliced(axis: 0, 0..<end), mask: .causal, path: path)
        expectClose(
          try output.selecting(axis: 0, b).sliced(axis: 0, 0..<lengths[b]),
          try alone.sliced(axis: 0, starts[b]..<end), "\(b), \(lengths)")
        starts[b] = end
      }
      #expect(cache.lengths == starts)
    }
  }

  @Test("A cache's window is that window over the sequence", arguments: paths)
  func window(path: AttentionPath) throws {
    let layer = try LayerByHand<Double>().layer
    let x = try x()
    for window in [1, 3, 4, 20] {
      let whole = try layer(x, mask: .causal & .window(left: window - 1, right: nil), path: path)
      for pieces in Self.piecewise {
        var cache = try layer.makeCache(batch: 2, capacity: 11, window: window)
        var start = 0
        for count in pieces {
          let rows = start..<(start + count)
          let piece = try layer(
            x.sliced(axis: 1, rows), appendingTo: &cache, mask: .causal, options: AttentionOptions(path: path))
          expectClose(piece.output, try whole.sliced(axis: 1, rows), "window \(window), \(rows) of \(pieces)")
          start = rows.upperBound
        }
        #expect(cache.window == window)
      }
    }
  }

  @Test(
    "A cache of 16 bits: projections by hand, rounded as they are appended",
    arguments: [KeyValueElement.float16, .bfloat16], paths)
  func halves(element: KeyValueElement, path: AttentionPath) throws {
    let hand = try LayerByHand<Float>()
    let x = try x().converted(to: Float.self)
    var cache = try hand.layer.makeCache(batch: 2, capacity: 11, element: element)
    var own = try KeyValueCache<Float>(batch: 2, keyValueHeads: 3, headSize: 5, capacity: 11, element: element)
    #expect(cache.element == element)
    for rows in [0..<6, 6..<7, 7..<11] {
      let part = try x.sliced(axis: 1, rows)
      let piece = try hand.layer(part, appendingTo: &cache, mask: .causal, options: AttentionOptions(path: path))
      let (keys, values) = (try hand.keys(part), try hand.values(part))
      let heads = try scaledDotProductAttention(
        queries: hand.queries(part), keys: keys, values: values, appendingTo: &own, mask: .causal, path: path)
      expectClose(piece.output, try hand.output(heads), within: 2e-6, "\(rows)")
    }
    // Numbers of the element, and not those of Float.
    let (ours, exact) = (try cache.tensors().keys, try hand.keys(x))
    let step = element == .float16 ? 0x1p-11 : 0x1p-8
    #expect(ours != exact)
    let largest = exact.doubles.reduce(0) { max($0, abs($1)) }
    expectClose(ours, exact, within: 1.01 * step * largest, "rounded keys")
  }

  @Test("Borrowing another layer's cache is projecting its keys and values", arguments: AxisOrder.allCases, paths)
  func borrowing(order: AxisOrder, path: AttentionPath) throws {
    let (lender, borrower) = (
      try LayerByHand<Double>(order: order), try LayerByHand<Double>(order: order, seed: 2).layer
    )
    let joint = try MultiHeadAttention(
      inputProjection: .separate(
        query: borrower.inputProjection.query, key: lender.layer.inputProjection.key,
        value: lender.layer.inputProjection.value),
      outputProjection: borrower.outputProjection, headCount: 3, axisOrder: order)
    func ordered(_ x: Tensor<Double>) throws -> Tensor<Double> {
      order == .batchFirst ? x : try x.transposed(0, 1)
    }
    let (memory, x) = (try ordered(x()), try ordered(x(seed: 8).sliced(axis: 1, 0..<3)))
    var cache = try lender.layer.makeCache(batch: 2, capacity: 16)
    _ = try lender.layer(memory, appendingTo: &cache, mask: .causal)
    let before = try cache.tensors()
    var random = SeededGenerator(seed: 9)
    let (keep, bias) = (try random.mask([3, 11], probability: 0.6), try random.normal([3, 3, 11], as: Double.self))
    for (mask, alignment) in [
      (AttentionMask<Double>.none, nil), (.causal, nil), (.causal, .offset(2)), (.causal, .offsets([1, 6])),
      (.causal, .start), (.window(left: 2, right: 1), .end), (.keep(keep) & .bias(bias), nil),
      (.causal & .keyLengths([11, 6]), nil), (.causal & .keyLengths([11, 6]), .end),
    ] as [(AttentionMask<Double>, QueryAlignment?)] {
      for needsWeights in HeadWeights.allCases {
        let options = AttentionOptions(alignment: alignment, path: path)
        let ours = try borrower(x, borrowing: cache, mask: mask, needsWeights: needsWeights, options: options)
        // Without an alignment the last query stands at the last position, whatever the mask's lengths.
        let theirs = try joint(
          query: x, key: memory, value: memory, mask: mask, needsWeights: needsWeights,
          options: AttentionOptions(alignment: alignment ?? .offset(8), path: path))
        expectClose(ours.output, theirs.output, "\(mask), \(String(describing: alignment))")
        #expect((ours.weights == nil) == (needsWeights == .none))
        if let weights = theirs.weights { expectClose(ours.weights, weights, "weights, \(mask)") }
      }
    }
    #expect(cache.lengths == [11, 11])
    #expect(try cache.tensors() == before)
  }

  @Test("Masks span what the cache holds after the append, whatever its capacity", arguments: paths)
  func masks(path: AttentionPath) throws {
    let layer = try LayerByHand<Double>().layer
    let x = try x()
    var random = SeededGenerator(seed: 10)
    let (keep, bias) = (
      try random.mask([2, 1, 11, 11], probability: 0.7), try random.normal([3, 11, 11], as: Double.self)
    )
    let mask = AttentionMask<Double>.causal & .keep(keep) & .bias(bias)
    let whole = try layer(x, mask: mask, path: path)
    var cache = try layer.makeCache(batch: 2, capacity: 100)
    for rows in [0..<6, 6..<7, 7..<11] {
      let mask =
        AttentionMask<Double>.causal
        & .keep(try keep.sliced(axis: 2, rows).sliced(axis: 3, 0..<rows.upperBound))
        & .bias(try bias.sliced(axis: 1, rows).sliced(axis: 2, 0..<rows.upperBound))
      let piece = try layer(
        x.sliced(axis: 1, rows), appendingTo: &cache, mask: mask, options: AttentionOptions(path: path))
      expectClose(piece.output, try whole.sliced(axis: 1, rows), "\(rows)")
    }
    // A bias by distance goes with the positions.
    let alibi = AttentionMask<Double>.causal & .positionBias(.alibi(slopes: [0.5, 0.25, 1]))
    let biased = try layer(x, mask: alibi, path: path)
    cache.removeAll()
    for rows in [0..<6, 6..<7, 7..<11] {
      let piece = try layer(
        x.sliced(axis: 1, rows), appendingTo: &cache, mask: alibi, options: AttentionOptions(path: path))
      expectClose(piece.output, try biased.sliced(axis: 1, rows), "\(rows) by distance")
    }
  }

  @Test(
    "One plan and workspace for runs of all sizes, for smaller caches and other layers' too",
    arguments: AxisOrder.allCases)
  func plan(order: AxisOrder) throws {
    let layer = try LayerByHand<Float>(order: order).layer
    let x = try order == .batchFirst ? x().converted(to: Float.self) : x().converted(to: Float.self).transposed(0, 1)
    let axis = order == .batchFirst ? 1 : 0
    var cache = try layer.makeCache(batch: 2, capacity: 11)
    let options = AttentionOptions(path: .tiled)
    let plan = try layer.plan(cache: cache, queries: 7, mask: .causal, needsWeights: .averaged, options: options)
    var workspace = try plan.makeWorkspace()
    let bytes = workspace.byteCount
    var fresh = cache
    for rows in [0..<6, 6..<7, 7..<11] {
      let part = try x.sliced(axis: axis, rows)
      var output = try Tensor<Float>(repeating: .nan, shape: part.shape)
      let (weights, _) = try plan.run(part, appendingTo: &cache, into: &output, workspace: &workspace)
      let expected = try layer(
        part, appendingTo: &fresh, mask: .causal, needsWeights: .averaged, options: options)
      expectClose(output, expected.output, within: 1e-6, "\(rows)")
      expectClose(weights, try #require(expected.weights), within: 1e-6, "weights of \(rows)")
      var again = try Tensor<Float>(repeating: .nan, shape: part.shape)
      let (same, _) = try plan.run(part, borrowing: cache, into: &again, workspace: &workspace)
      expectClose(again, output, within: 1e-6, "\(rows) again")
      expectClose(same, try #require(weights), within: 1e-6, "weights of \(rows) again")
      // A mask of the run's own.
      _ = try plan.run(part, borrowing: cache, mask: .some(.none), into: &again, workspace: &workspace)
      let unmasked = try layer(part, borrowing: cache, options: options)
      expectClose(again, unmasked.output, within: 1e-6, "\(rows) without mask")
    }
    #expect(workspace.byteCount == bytes)
    // A smaller cache of one sequence, and a plan that was not made for a cache.
    var small = try layer.makeCache(capacity: 8)
    var output = try Tensor<Float>(zeros: [3, 15])
    let alone = try (order == .batchFirst ? x : x.transposed(0, 1)).selecting(axis: 0, 1).sliced(axis: 0, 0..<3)
    try plan.run(alone, appendingTo: &small, into: &output, workspace: &workspace)
    expectClose(output, try layer(alone, mask: .causal), within: 1e-6, "one sequence")
    let plain = try layer.plan(batch: 2, queries: 5, mask: .causal, options: options)
    var other = try plain.makeWorkspace()
    small.removeAll()
    try plain.run(alone, appendingTo: &small, into: &output, workspace: &other)
    expectClose(output, try layer(alone, mask: .causal), within: 1e-6, "one sequence, another plan")
  }

  @Test("A plan for a cache runs without one up to its queries, and no further")
  func planWithoutCache() throws {
    let layer = try LayerByHand<Float>().layer
    let x = try x().converted(to: Float.self)
    let plan = try layer.plan(cache: layer.makeCache(batch: 2, capacity: 64), queries: 5)
    var workspace = try plan.makeWorkspace()
    let short = try x.sliced(axis: 1, 0..<5)
    let result = try plan(query: short, key: short, value: short, mask: .causal, workspace: &workspace)
    expectClose(result.output, try layer(short, mask: .causal), within: 1e-6)
    // More keys than are projected would go beyond the workspace.
    #expect(throws: AttentionError.capacity(name: "keys", capacity: 5, actual: 11)) {
      try plan(query: short, key: x, value: x, workspace: &workspace)
    }
  }

  @Test("An alignment of the options places the queries of an append")
  func alignment() throws {
    let layer = try LayerByHand<Double>().layer
    let x = try x()
    var cache = try layer.makeCache(batch: 2, capacity: 11)
    _ = try layer(x.sliced(axis: 1, 0..<7), appendingTo: &cache)
    let last = try x.sliced(axis: 1, 7..<11)
    let ours = try layer(
      last, appendingTo: &cache, mask: .causal, options: AttentionOptions(alignment: .offsets([3, -1])))
    let theirs = try layer(query: last, key: x, value: x, mask: .causal, alignment: .offsets([3, -1]))
    expectClose(ours.output, theirs)
  }

  @Test("Nothing to append, nobody to append")
  func empty() throws {
    let layer = try LayerByHand<Float>().layer
    var cache = try layer.makeCache(batch: 2, capacity: 4)
    #expect(try layer(Tensor(zeros: [2, 0, 15]), appendingTo: &cache, mask: .causal).output.shape == [2, 0, 15])
    #expect(cache.lengths == [0, 0])
    // Of an empty cache nothing is attended: the output projection's bias.
    let x = try Tensor<Float>(repeating: 1, shape: [2, 1, 15])
    let bias = try #require(layer.outputProjection.bias).elements
    #expect(try layer(x, borrowing: cache).output.elements == bias + bias)
    var none = try layer.makeCache(batch: 0, capacity: 4)
    #expect(try layer(Tensor(zeros: [0, 3, 15]), appendingTo: &none, mask: .causal).output.shape == [0, 3, 15])
  }
}
