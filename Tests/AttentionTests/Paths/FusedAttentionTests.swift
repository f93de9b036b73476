import Attention
import Support
import Testing

/// What the fused path promises beyond what it shares with the others: see also the sweeps, semantics and golden tests.
@Suite("Fused attention")
struct FusedAttentionTests {
  private func attend<Scalar: BLASScalar>(
    _ q: Tensor<Scalar>, _ k: Tensor<Scalar>, _ v: Tensor<Scalar>, mask: AttentionMask<Scalar> = .none,
    alignment: QueryAlignment? = nil, workers: Int = 1, path: AttentionPath = .fused, isReproducible: Bool = false,
    modifiers: AttentionModifiers<Scalar> = .none
  ) throws -> Tensor<Scalar> {
    let shape = try AttentionShape(queries: q, keys: k, values: v)
    let options = AttentionOptions(
      alignment: alignment, path: path, isReproducible: isReproducible, workers: workers)
    let plan = try AttentionPlan(shape: shape, mask: mask, modifiers: modifiers, options: options)
    return try plan(queries: q, keys: k, values: v).output
  }

  private func operands(
    _ h: Int, _ g: Int, _ l: Int, _ s: Int, batch: Int = 1, size: Int = 13, valueSize: Int = 11
  ) throws -> (q: Tensor<Float>, k: Tensor<Float>, v: Tensor<Float>) {
    var random = SeededGenerator(seed: UInt64(h * 1_000_000 + l * 1000 + s))
    return (
      try random.normal([batch, h, l, size]), try random.normal([batch, g, s, size]),
      try random.normal([batch, g, s, valueSize])
    )
  }

  private func isBitwiseEqual(_ left: Tensor<Float>, _ right: Tensor<Float>) -> Bool {
    left.shape == right.shape && zip(left.elements, right.elements).allSatisfy { $0.bitPattern == $1.bitPattern }
  }

  @Test(
    "A row is the same bits by itself as in any block, batch and number of workers", arguments: [5, 47, 48, 97, 200])
  func rowsByThemselves(count: Int) throws {
    let (h, g, s) = (6, 2, 801)
    let (q, k, v) = try operands(h, g, count, s, batch: 2)
    let whole = try attend(q, k, v, isReproducible: true)
    #expect(isBitwiseEqual(try attend(q, k, v, workers: 2, isReproducible: true), whole))
    let second = try attend(
      q.sliced(axis: 0, 1..<2), k.sliced(axis: 0, 1..<2), v.sliced(axis: 0, 1..<2), workers: 3, isReproducible: true)
    #expect(isBitwiseEqual(second, try whole.sliced(axis: 0, 1..<2).copy()))
    for row in [0, count / 2, count - 1] {
      let one = try attend(q.sliced(axis: 2, row..<(row + 1)), k, v, isReproducible: true)
      #expect(isBitwiseEqual(one, try whole.sliced(axis: 2, row..<(row + 1)).copy()), "row \(row)")
    }
  }

  @Test("Causal prefill is token-by-token decoding, bit for bit")
  func prefillEqualsDecoding() throws {
    let (q, k, v) = try operands(4, 2, 403, 403)
    let prefill = try attend(q, k, v, mask: .causal, workers: 2, isReproducible: true)
    for token in [0, 1, 47, 48, 383, 384, 385, 402] {
      let one = try attend(
        q.sliced(axis: 2, token..<(token + 1)), k.sliced(axis: 2, 0..<(token + 1)),
        v.sliced(axis: 2, 0..<(token + 1)), isReproducible: true)
      #expect(isBitwiseEqual(one, try prefill.sliced(axis: 2, token..<(token + 1)).copy()), "token \(token)")
    }
  }

  /// Heads too few for the workers: these share each head's keys, in chunks of one tile or of two.
  @Test("Few rows are the same bits on any number of workers and in any batch", arguments: [5, 700, 3500])
  func fewRows(keyCount: Int) throws {
    let (q, k, v) = try operands(2, 1, 3, keyCount, batch: 3)
    let keep = try Tensor(
      (0..<3 * keyCount).map { $0 % 7 != 2 && $0 / keyCount + 400 != $0 % keyCount }, shape: [3, keyCount])
    let sinks = AttentionModifiers<Float>(sinks: [0.5, -.infinity])
    for (mask, modifiers) in [
      (AttentionMask<Float>.none, .none), (.none, sinks), (.keep(keep), sinks), (.window(left: 500, right: 0), .none),
    ] {
      let whole = try attend(q, k, v, mask: mask, alignment: .end, modifiers: modifiers)
      for workers in [2, 3, 8] {
        let other = try attend(q, k, v, mask: mask, alignment: .end, workers: workers, modifiers: modifiers)
        #expect(isBitwiseEqual(other, whole), "\(workers) workers")
        let one = try attend(
          q.sliced(axis: 0, 1..<2), k.sliced(axis: 0, 1..<2), v.sliced(axis: 0, 1..<2), mask: mask, alignment: .end,
          workers: workers, modifiers: modifiers)
        #expect(isBitwiseEqual(one, try whole.sliced(axis: 0, 1..<2).copy()), "\(workers) workers, by itself")
      }
      let expected = try attend(q, k, v, mask: mask, alignment: .end, path: .reference, modifiers: modifiers)
      let comparison = Comparison(whole, expected.doubles, shape: expected.shape, absolute: 1e-5, relative: 2e-5)
      #expect(comparison.isWithin, "\(comparison)")
    }
  }

  @Test("A reproducible plan takes no path that could not be, and none by size")
  func reproduciblePlans() throws {
    for path in [AttentionPath.blas, .tiled] {
      #expect(
        throws: AttentionError.argument(
          name: "path", expected: "fused, reference or auto, to be reproducible", actual: path.rawValue)
      ) {
        _ = try AttentionPlan<Float>(
          shape: AttentionShape(queries: 3, keys: 3, headSize: 4),
          options: AttentionOptions(path: path, isReproducible: true))
      }
    }
    let options = AttentionOptions(isReproducible: true)
    for count in [1, 300] {
      let shape = try AttentionShape(queries: count, keys: count, headSize: 4)
      #expect(try AttentionPlan<Float>(shape: shape, options: options).path == .fused)
      let dropout = AttentionModifiers<Float>(dropout: AttentionDropout(probability: 0.5, seed: 1))
      #expect(try AttentionPlan(shape: shape, modifiers: dropout, options: options).path == .reference)
    }
  }

  @Test("A cache's pages change no bit, whatever their size", arguments: [1, 5, 7, 64, 256, 384])
  func pages(rowsPerPage: Int) throws {
    let (q, k, v) = try operands(4, 2, 3, 403)
    var cache = try KeyValueCache<Float>(
      keyValueHeads: 2, headSize: 13, valueHeadSize: 11, capacity: 403, rowsPerPage: rowsPerPage)
    try cache.append(keys: k, values: v)
    let plan = try AttentionPlan(cache: cache, heads: 4, queries: 3, options: AttentionOptions(path: .fused))
    #expect(isBitwiseEqual(try plan(queries: q, cache: cache).output, try attend(q, k, v)))
  }

  /// ALiBi as numbers, where rows of several heads share a block and where they do not.
  @Test("A position bias is what its numbers are", arguments: [1, 5, 60], [nil, 7])
  func positionBias(count: Int, offset: Int?) throws {
    let (h, s) = (6, 411)
    let (q, k, v) = try operands(h, 2, count, s)
    let place = offset ?? s - count
    let slopes = (0..<h).map { 0.01 * Double($0 + 1) }
    var numbers: [Float] = []
    for slope in slopes {
      for i in 0..<count { for j in 0..<s { numbers.append(Float(-slope * Double(abs(i + place - j)))) } }
    }
    let bias = try Tensor(numbers, shape: [h, count, s])
    let expected = try attend(q, k, v, mask: .bias(bias), path: .reference)
    let actual = try attend(
      q, k, v, mask: .positionBias(.alibi(slopes: slopes)), alignment: .offset(place), workers: 2)
    let comparison = Comparison(actual, expected.doubles, shape: expected.shape, absolute: 1e-5, relative: 2e-5)
    #expect(comparison.isWithin, "\(comparison)")
  }

  @Test("Patterns over rows of several heads, and of one", arguments: [1, 5, 60, 150])
  func patterns(count: Int) throws {
    let (q, k, v) = try operands(6, 2, count, 411)
    let patterns: [MaskPattern] = [
      .dilatedWindow(left: 90, right: 90, dilation: 3) | .globalTokens(2), .blockLocal(size: 100),
      try .predicate(heads: 6, queries: count, keys: 411) { _, head, query, key in (query + key) % (head + 2) == 0 },
    ]
    for pattern in patterns {
      let mask = AttentionMask<Float>.pattern(pattern)
      let expected = try attend(q, k, v, mask: mask, alignment: .end, path: .reference)
      let actual = try attend(q, k, v, mask: mask, alignment: .end, workers: 2)
      let comparison = Comparison(actual, expected.doubles, shape: expected.shape, absolute: 1e-5, relative: 2e-5)
      #expect(comparison.isWithin, "\(pattern): \(comparison)")
    }
  }

  @Test("What it does not serve is an error that names the paths that do")
  func notServed() throws {
    let shape = try AttentionShape(queries: 30, keys: 50, headSize: 4)
    func expectError(_ reason: String, _ body: () throws -> Void) {
      #expect(
        throws: AttentionError.argument(
          name: "path", expected: "reference, blas or tiled, since \(reason)", actual: "fused")
      ) { try body() }
    }
    let fused = AttentionOptions(path: .fused)
    expectError("a value for every score is asked for") {
      _ = try AttentionPlan<Float>(shape: shape, options: AttentionOptions(details: .weights, path: .fused))
    }
    let program = AttentionModifiers<Float>(scoreProgram: ScoreProgram { score, _, _, _, _ in score })
    let reason = "a program or dropout works on scores"
    expectError(reason) { _ = try AttentionPlan(shape: shape, modifiers: program, options: fused) }
    let dropout = AttentionModifiers<Float>(dropout: AttentionDropout(probability: 0.5, seed: 1))
    expectError(reason) { _ = try AttentionPlan(shape: shape, modifiers: dropout, options: fused) }
    // Set later, the run finds it.
    var plan = try AttentionPlan<Float>(shape: shape, options: fused)
    plan.modifiers = dropout
    let (q, k) = (try Tensor<Float>(zeros: [1, 1, 30, 4]), try Tensor<Float>(zeros: [1, 1, 50, 4]))
    expectError(reason) { _ = try plan(queries: q, keys: k, values: k) }
    #expect(try AttentionPlan(shape: shape, modifiers: program).path == .tiled)
    // One that chose for itself chooses again.
    var free = try AttentionPlan<Float>(shape: shape)
    #expect(free.path == .fused)
    free.modifiers = dropout
    let tiled = try AttentionPlan(shape: shape, modifiers: dropout, options: AttentionOptions(path: .tiled))
    let (x, y) = (try free(queries: q, keys: k, values: k), try tiled(queries: q, keys: k, values: k))
    #expect(isBitwiseEqual(x.output, y.output))
  }
}
