import Attention
import Support
import Testing

/// Attention over a cache gives what attention over tensors gives.
@Suite("Attention over a cache")
struct CachedAttentionTests {
  // [2, 6, 19, 5], [2, 2, 19, 5], [2, 2, 19, 3]
  private let q: Tensor<Double>
  private let k: Tensor<Double>
  private let v: Tensor<Double>

  init() throws { (q, k, v) = try Self.operands() }

  private static func operands() throws -> (Tensor<Double>, Tensor<Double>, Tensor<Double>) {
    (try numbers([2, 6, 19, 5]), try numbers([2, 2, 19, 5], seed: 2), try numbers([2, 2, 19, 3], seed: 3))
  }

  private static let windows = [1, 5, 6, 7, 40]

  /// The causal attention of the whole sequence by definition, under each window; under none, that of 40.
  private static let expected = Result {
    let (q, k, v) = try operands()
    return try windows.map { window in
      var oracle = DoubleOracle(q, k, v)
      oracle.attends = { _, _, i, j in j <= i && i - j < window }
      return try Tensor(oracle.computed().output, shape: [2, 6, 19, 3])
    }
  }

  private static let piecewise = [[19], [7, 12], [16, 1, 1, 1], [4, 4, 4, 4, 3], Array(repeating: 1, count: 19)]

  @Test("A prefill at once, in pieces and position by position agree", arguments: Way.all, [1, 4, 16])
  func prefill(way: Way, rowsPerPage: Int) throws {
    let expected = try Self.expected.get()[4]
    for pieces in Self.piecewise {
      let outputs = try way.attendInPieces(q, k, v, pieces: pieces, rowsPerPage: rowsPerPage)
      try expectPieces(outputs, expected, way, "of \(pieces)")
    }
  }

  @Test(
    "The plain loops give the same bits, cached or not, whatever the pages", arguments: [Way.Element.float, .double])
  func sameBits(element: Way.Element) throws {
    let way = Way(path: .reference, element: element, workers: 1)
    let expected = try way.attend(q, k, v, mask: .causal).output
    for (pieces, rowsPerPage) in zip(Self.piecewise, [3, 4, 5, 16, 1]) {
      var start = 0
      for output in try way.attendInPieces(q, k, v, pieces: pieces, rowsPerPage: rowsPerPage) {
        let range = start..<(start + output.shape[2])
        #expect(try output.isBitwiseEqual(to: expected.sliced(axis: 2, range)), "\(range) of \(pieces)")
        start = range.upperBound
      }
    }
  }

  @Test("In one page every path gives the bits that it gives on tensors", arguments: Way.all)
  func onePage(way: Way) throws {
    var start = 0
    for output in try way.attendInPieces(q, k, v, pieces: [8, 1, 10], rowsPerPage: 32) {
      let end = start + output.shape[2]
      let expected = try way.attend(
        q.sliced(axis: 2, start..<end), k.sliced(axis: 2, 0..<end), v.sliced(axis: 2, 0..<end), mask: .causal,
        alignment: .end)
      #expect(output.isBitwiseEqual(to: expected.output), "\(start)..<\(end)")
      start = end
    }
  }

  @Test("A window is that window over the whole history", arguments: Way.all)
  func window(way: Way) throws {
    for ((window, rowsPerPage), expected) in zip(zip(Self.windows, [4, 4, 1, 16, 4]), try Self.expected.get()) {
      for pieces in Self.piecewise.dropFirst() {
        let outputs = try way.attendInPieces(q, k, v, pieces: pieces, rowsPerPage: rowsPerPage, window: window)
        try expectPieces(outputs, expected, way, "window \(window), of \(pieces)")
      }
    }
  }

  @Test("Masks and biases span all positions", arguments: Way.all)
  func masks(way: Way) throws {
    let (keep, bias) = (try coins([6, 1, 19], seed: 4), try numbers([19], seed: 5))
    var oracle = DoubleOracle(q, k, v)
    oracle.attends = { _, h, i, j in j <= i && keep[h, 0, j] }
    oracle.bias = { _, _, _, j in bias[j] }
    let expected = oracle.computed().output
    let outputs = try way.attendInPieces(
      q, k, v, pieces: [19], rowsPerPage: 4, mask: .causal & .keep(keep) & .bias(bias))
    expectClose(outputs.first, expected, way)
  }

  @Test(
    "What is asked for besides the output is that of tensors", arguments: Way.complete.filter { $0.element == .double })
  func details(way: Way) throws {
    var cache = try KeyValueCache<Double>(
      batch: 2, keyValueHeads: 2, headSize: 5, valueHeadSize: 3, capacity: 19, rowsPerPage: 4)
    try cache.append(keys: k, values: v)
    let last = try q.sliced(axis: 2, 15..<19)
    let options = way.options(alignment: .offset(15), details: .all, softcap: 3)
    let cached = try scaledDotProductAttention(queries: last, cache: cache, mask: .causal, options: options)
    let expected = try scaledDotProductAttention(queries: last, keys: k, values: v, mask: .causal, options: options)
    #expect(cached.weights?.shape == [2, 6, 4, 19])
    for (ours, theirs) in [
      (cached.output, expected.output), (cached.weights, expected.weights), (cached.logSumExp, expected.logSumExp),
      (cached.details.rawScores, expected.details.rawScores),
      (cached.details.cappedScores, expected.details.cappedScores),
      (cached.details.maskedScores, expected.details.maskedScores),
    ] as [(Tensor<Double>?, Tensor<Double>?)] {
      expectClose(ours, theirs?.elements ?? [], way)
    }
  }

  @Test("A single query attends all positions without a mask, and the same under a causal one", arguments: Way.all)
  func decoding(way: Way) throws {
    let expected = try Self.expected.get()[4].sliced(axis: 2, 18..<19)
    func decoded<Scalar: BLASScalar>(_ type: Scalar.Type) throws {
      var cache = try KeyValueCache<Scalar>(
        batch: 2, keyValueHeads: 2, headSize: 5, valueHeadSize: 3, capacity: 19, rowsPerPage: 4)
      try cache.append(keys: k.converted(to: type), values: v.converted(to: type))
      let last = try q.sliced(axis: 2, 18..<19).converted(to: type)
      for mask in [AttentionMask<Scalar>.none, .causal] {
        let output = try scaledDotProductAttention(
          queries: last, cache: cache, mask: mask, path: way.path, workers: way.workers)
        expectClose(try output.converted(to: Double.self), expected.elements, way)
        // [B, L, H·D] gives [B, L, H·Dv].
        let joined = try scaledDotProductAttention(
          queries: last.mergingHeads(), cache: cache, heads: 6, mask: mask, path: way.path, workers: way.workers)
        #expect(try joined.isBitwiseEqual(to: output.mergingHeads()))
      }
    }
    switch way.element {
    case .float: try decoded(Float.self)
    case .double: try decoded(Double.self)
    }
  }

  @Test("Where queries stand is what the alignment says, each element's for itself", arguments: Way.paths)
  func alignment(path: AttentionPath) throws {
    var cache = try KeyValueCache<Double>(
      batch: 2, keyValueHeads: 2, headSize: 5, valueHeadSize: 3, capacity: 19, rowsPerPage: 4)
    try cache.append(keys: k, values: v)
    let some = try q.sliced(axis: 2, 0..<3)
    for alignment in [QueryAlignment.start, .end, .offset(7), .offsets([2, 11])] {
      let ours = try scaledDotProductAttention(
        queries: some, cache: cache, mask: .causal, alignment: alignment, path: path)
      let theirs = try scaledDotProductAttention(
        queries: some, keys: k, values: v, mask: .causal, alignment: alignment, path: path)
      let way = Way(path: path, element: .double, workers: 1)
      expectClose(ours, theirs.elements, way, "\(alignment)")
    }
    // A mask's own key lengths do not move the queries.
    let ours = try scaledDotProductAttention(
      queries: some, cache: cache, mask: .causal & .keyLengths([5, 17]), path: path)
    let theirs = try scaledDotProductAttention(
      queries: some, keys: k, values: v, mask: .causal & .keyLengths([5, 17]), alignment: .offset(16), path: path)
    expectClose(ours, theirs.elements, Way(path: path, element: .double, workers: 1))
  }

  @Test("Caller-owned queries and output", arguments: Way.paths)
  func spans(path: AttentionPath) throws {
    var cache = try KeyValueCache<Double>(
      batch: 2, keyValueHeads: 2, headSize: 5, valueHeadSize: 3, capacity: 24, rowsPerPage: 4)
    try cache.append(keys: k, values: v, lengths: [19, 11])
    let plan = try AttentionPlan(cache: cache, heads: 6, queries: 19, options: AttentionOptions(path: path))
    let expected = try plan(queries: q, cache: cache, mask: .causal).output
    var workspace = try plan.makeWorkspace()
    var output = [Double](repeating: 0, count: 2 * 6 * 19 * 3)
    var target = output.mutableSpan
    try q.withSpan { queries in
      _ = try plan.run(
        queries: queries, queryStrides: .headsFirst(heads: 6, rows: 19, headSize: 5), cache: cache, mask: .causal,
        into: &target, outputStrides: .headsFirst(heads: 6, rows: 19, headSize: 3), workspace: &workspace)
    }
    #expect(output == expected.elements)
  }
}
