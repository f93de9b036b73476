import Attention
import Support
import Testing

/// Sequences that are packed, cached, or given token by token get the bits that they get at once and alone.
@Suite("Same bits of sequences")
struct ReproducibleSequencesTests {
  @Test(
    "A packed sequence is as by itself", arguments: ReproducibleWay.inAnyNumberOfRows,
    [ReproducibleScores.plain, .causal, .window, .softcapped])
  func packed(way: ReproducibleWay, scores: ReproducibleScores) throws {
    func check<Scalar: BLASScalar>(_ type: Scalar.Type) throws {
      let lengths = way.isSlow ? [7, 13, 0, 9] : [11, 60, 48, 0, 389, 47, 16, 9]
      let sequences = try PackedSequences(lengths: lengths)
      let whole = try ReproducibleProblem<Scalar>(queries: sequences.total, keys: sequences.total, scores)
      func rows(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> { try x.selecting(axis: 0, 0).transposed(0, 1) }
      for workers in [1, 3] {
        let packed = try scaledDotProductAttention(
          queries: rows(whole.queries), keys: rows(whole.keys), values: rows(whole.values), sequences: sequences,
          mask: scores.mask(heads: 6),
          options: way.options(softcap: scores.isSoftcapped ? 1.5 : nil, workers: workers))
        for index in lengths.indices where lengths[index] > 0 {
          let range = sequences.offsets[index]..<sequences.offsets[index + 1]
          var alone = whole
          alone.queries = try whole.queries.sliced(axis: 2, range)
          alone.keys = try whole.keys.sliced(axis: 2, range)
          alone.values = try whole.values.sliced(axis: 2, range)
          alone.place = 0
          let expected = try alone.attend(way)
          #expect(
            try packed.output.sliced(axis: 0, range).isBitwiseEqual(to: rows(expected.output)), "sequence \(index)")
          let logSumExp = try #require(packed.logSumExp).sliced(axis: 0, index..<(index + 1))
            .sliced(axis: 2, 0..<lengths[index])
          #expect(try #require(expected.logSumExp).isBitwiseEqual(to: logSumExp), "sequence \(index)")
        }
      }
    }
    switch way.element {
    case .float: try check(Float.self)
    case .double: try check(Double.self)
    }
  }

  /// Batch elements of different lengths, the queries the last of each.
  @Test(
    "A cache's pages change nothing, whatever their size", arguments: ReproducibleWay.inAnyNumberOfRows,
    [1, 5, 64, 384, 500])
  func pages(way: ReproducibleWay, rowsPerPage: Int) throws {
    func check<Scalar: BLASScalar>(_ type: Scalar.Type) throws {
      let s = way.isSlow ? 33 : 403
      let problem = try ReproducibleProblem<Scalar>(batch: 3, queries: min(s, 60), keys: s, .causal)
      for element in [KeyValueElement.full, .float16, .bfloat16] {
        var cache = try KeyValueCache<Scalar>(
          batch: 3, keyValueHeads: 2, headSize: 13, valueHeadSize: 11, capacity: s, element: element,
          rowsPerPage: rowsPerPage)
        try cache.append(keys: problem.keys, values: problem.values)
        try cache.truncate(to: [s, s - 19, s - 3])
        let flat = try cache.tensors()
        for queries in way.isSlow ? [1, 5] : [1, 9, 60] {
          var last = problem
          last.queries = try problem.queries.sliced(axis: 2, 0..<queries)
          (last.keys, last.values, last.lengths) = (flat.keys, flat.values, cache.lengths)
          let options = way.options(alignment: .offsets(cache.lengths.map { $0 - queries }), workers: 2)
          let expected = try scaledDotProductAttention(
            queries: last.queries, keys: last.keys, values: last.values, mask: last.mask, options: options)
          let paged = try scaledDotProductAttention(
            queries: last.queries, cache: cache, mask: .causal, options: options)
          try expectSameBits(paged, expected, "\(queries) queries, \(element)")
        }
      }
    }
    switch way.element {
    case .float: try check(Float.self)
    case .double: try check(Double.self)
    }
  }

  @Test(
    "A snapshot, rows taken back and elements reordered leave the bits", arguments: ReproducibleWay.inAnyNumberOfRows)
  func snapshots(way: ReproducibleWay) throws {
    func check<Scalar: BLASScalar>(_ type: Scalar.Type) throws {
      let (s, kept) = way.isSlow ? (33, 20) : (403, 390)
      let problem = try ReproducibleProblem<Scalar>(batch: 2, queries: 3, keys: s, .causal)
      var cache = try KeyValueCache<Scalar>(
        batch: 2, keyValueHeads: 2, headSize: 13, valueHeadSize: 11, capacity: 500, rowsPerPage: 32)
      let (keys, values) = (problem.keys, problem.values)
      try cache.append(keys: keys.sliced(axis: 2, 0..<kept), values: values.sliced(axis: 2, 0..<kept))
      func attend(_ cache: KeyValueCache<Scalar>) throws -> AttentionResult<Scalar> {
        try scaledDotProductAttention(queries: problem.queries, cache: cache, mask: .causal, options: way.options())
      }
      var short = try problem.taking(keys: kept)
      short.place = kept - 3
      let (atFirst, atLast) = (try short.attend(way), try problem.attend(way))
      let snapshot = cache
      try cache.append(keys: keys.sliced(axis: 2, kept..<s), values: values.sliced(axis: 2, kept..<s))
      try expectSameBits(attend(snapshot), atFirst, "the snapshot")
      try expectSameBits(attend(cache), atLast, "what went on from it")
      var reordered = cache
      try reordered.reorder([1, 1])
      var second = problem
      (second.keys, second.values) = (try cache.keys(batch: 1), try cache.values(batch: 1))
      second.keys = try second.keys.insertingAxis(0).broadcast(to: keys.shape)
      second.values = try second.values.insertingAxis(0).broadcast(to: values.shape)
      try expectSameBits(attend(reordered), second.attend(way), "element 1 twice")
      try cache.truncate(to: kept)
      try expectSameBits(attend(cache), atFirst, "taken back")
    }
    switch way.element {
    case .float: try check(Float.self)
    case .double: try check(Double.self)
    }
  }

  /// Pieces of a sequence: token by token, or around the sizes of blocks and tiles.
  private func pieces(_ way: ReproducibleWay, tokens: Int, oneByOneFrom start: Int) -> [[Int]] {
    guard !way.isSlow else { return [Array(repeating: 1, count: tokens), [5, tokens - 5]] }
    let oneByOne = (start > 0 ? [start] : []) + Array(repeating: 1, count: tokens - start)
    return [oneByOne, [17, 1, 47, 48, 49, 8, 9, 200, 4, 2, tokens - 385]]
  }

  @Test(
    "Prefill is token-by-token decoding", arguments: ReproducibleWay.all, ReproducibleScores.ofSequences)
  func decoding(way: ReproducibleWay, scores: ReproducibleScores) throws {
    func check<Scalar: BLASScalar>(_ type: Scalar.Type) throws {
      let tokens = way.isSlow ? 23 : 403
      let problem = try ReproducibleProblem<Scalar>(queries: tokens, keys: tokens, scores)
      let prefill = try problem.attend(way, workers: 2)
      for pieces in pieces(way, tokens: tokens, oneByOneFrom: scores == .causal ? 0 : 360) {
        var cache = try KeyValueCache<Scalar>(
          keyValueHeads: 2, headSize: 13, valueHeadSize: 11, capacity: tokens, rowsPerPage: 48)
        var start = 0
        for piece in pieces {
          let rows = start..<(start + piece)
          let result = try scaledDotProductAttention(
            queries: problem.queries.sliced(axis: 2, rows), keys: problem.keys.sliced(axis: 2, rows),
            values: problem.values.sliced(axis: 2, rows), appendingTo: &cache, mask: scores.mask(heads: 6),
            modifiers: scores.modifiers(heads: 6), options: way.options(softcap: scores.isSoftcapped ? 1.5 : nil))
          try expectSameBits(result, prefill, rows: rows, "tokens \(rows)")
          start = rows.upperBound
        }
        #expect(start == tokens)
      }
    }
    switch way.element {
    case .float: try check(Float.self)
    case .double: try check(Double.self)
    }
  }

  @Test("A cache that holds a window decodes as the window's prefill", arguments: ReproducibleWay.all, [1, 16, 100])
  func windowedCache(way: ReproducibleWay, rowsPerPage: Int) throws {
    func check<Scalar: BLASScalar>(_ type: Scalar.Type) throws {
      let tokens = way.isSlow ? 44 : 403
      let problem = try ReproducibleProblem<Scalar>(queries: tokens, keys: tokens, .window)
      let prefill = try problem.attend(way)
      var cache = try KeyValueCache<Scalar>(
        keyValueHeads: 2, headSize: 13, valueHeadSize: 11, capacity: tokens, window: 38, rowsPerPage: rowsPerPage)
      var start = 0
      for piece in [11] + Array(repeating: way.isSlow ? 3 : 7, count: way.isSlow ? 11 : 56) {
        let rows = start..<(start + piece)
        let result = try scaledDotProductAttention(
          queries: problem.queries.sliced(axis: 2, rows), keys: problem.keys.sliced(axis: 2, rows),
          values: problem.values.sliced(axis: 2, rows), appendingTo: &cache, mask: .causal, options: way.options())
        try expectSameBits(result, prefill, rows: rows, "tokens \(rows)")
        start = rows.upperBound
      }
      #expect(start == tokens)
    }
    switch way.element {
    case .float: try check(Float.self)
    case .double: try check(Double.self)
    }
  }
}
