import Support
import Testing

@testable import Attention

/// Position biases in plans: at the edges of tiles, reused, explained, and refused.
@Suite struct PositionBiasPlanTests {
  /// A size and an alignment beside the edges of tiles (512 keys, up to 256 rows).
  struct Edge: Sendable, CustomTestStringConvertible {
    let queries: Int
    let keys: Int
    let alignment: QueryAlignment

    var testDescription: String { "L \(queries), S \(keys), \(alignment)" }

    static let all: [Edge] = [
      Edge(queries: 511, keys: 700, alignment: .end), Edge(queries: 257, keys: 513, alignment: .start),
      Edge(queries: 256, keys: 512, alignment: .offset(-300)), Edge(queries: 193, keys: 640, alignment: .offset(900)),
      Edge(queries: 3, keys: 700, alignment: .offsets([697, -1])),
      Edge(queries: 512, keys: 511, alignment: .offsets([5, -20])),
    ]
  }

  /// The tiled path reads the numbers by distance as it reads a matrix: the same bits, and the reference path's answer.
  @Test(arguments: Edge.all, [false, true]) func tileEdges(edge: Edge, isCausal: Bool) throws {
    let (l, s, h) = (edge.queries, edge.keys, 4)
    var random = SeededGenerator(seed: UInt64(l * s))
    let q: Tensor<Float> = try random.normal([2, h, l, 7])
    let k: Tensor<Float> = try random.normal([2, 2, s, 7])
    let v: Tensor<Float> = try random.normal([2, 2, s, 5])
    let offsets = (0..<2).map { edge.alignment.offset(batch: $0, queries: l, keys: s, keyLengths: nil) }
    let matrix = try Tensor(alibi(offsets, heads: h, queries: l, keys: s), shape: [2, h, l, s])
    let causal: AttentionMask<Float> = isCausal ? .causal : .none
    func output(_ mask: AttentionMask<Float>, _ path: AttentionPath) throws -> Tensor<Float> {
      try scaledDotProductAttention(
        queries: q, keys: k, values: v, mask: mask, alignment: edge.alignment, path: path, workers: 2)
    }
    let byDistance = causal & .positionBias(.alibi(headCount: h))
    let tiled = try output(byDistance, .tiled)
    #expect(try tiled.isBitwiseEqual(to: output(causal & .bias(matrix), .tiled)))
    let blas = try output(byDistance, .blas)
    #expect(try blas.isBitwiseEqual(to: output(causal & .bias(matrix), .blas)))
    let comparison = Comparison(tiled, blas.doubles, shape: [2, h, l, 5], absolute: 4e-6)
    #expect(comparison.isWithin, "\(comparison)")
  }

  /// −slope·|p − j| at every place [B, H, L, S]. Counted with `while`, as tests are built without optimisation.
  private func alibi(_ offsets: [Int], heads: Int, queries: Int, keys: Int) -> [Float] {
    let slopes = PositionBias<Float>.alibiSlopes(headCount: heads)
    let count = offsets.count * heads * queries * keys
    return [Float](unsafeUninitializedCapacity: count) { numbers, initialized in
      var place = 0
      for offset in offsets {
        for slope in slopes {
          var query = offset
          while query < offset + queries {
            var key = 0
            while key < keys {
              let distance = query < key ? key &- query : query &- key
              numbers[place] = -Float(slope * Double(distance))
              place = place &+ 1
              key = key &+ 1
            }
            query = query &+ 1
          }
        }
      }
      initialized = place
    }
  }

  /// Numbers are computed once for all runs and copies, and again only where distances are new.
  @Test func numbersAreKept() throws {
    let bias = PositionBias<Float>.alibi(headCount: 3)
    func memory(_ distances: Range<Int>) throws -> UnsafeMutablePointer<Float> {
      try bias.vectors.numbers(of: distances) { range throws(TensorError) in
        try bias.numbers(of: range, heads: 3)
      }.numbers.storage.base
    }
    let first = try memory(-9..<10)
    #expect(try memory(-9..<10) == first)
    #expect(try memory(-3..<2) == first)
    let second = try memory(-10..<10)
    #expect(second != first)
    // Then with a reserve.
    #expect(try memory(-60..<50) == second)
    #expect(try memory(-200..<10) != second)
    // A mask and a plan hold the same numbers.
    let mask = AttentionMask<Float>.causal & .positionBias(bias)
    #expect(mask.positionBias?.vectors === bias.vectors)
  }

  /// Keys that grow step by step give what all at once gives.
  @Test(arguments: PositionBiasTests.paths) func decoding(path: AttentionPath) throws {
    var random = SeededGenerator(seed: 51)
    let (h, length) = (3, 41)
    let x: Tensor<Double> = try random.normal([2, h, length, 5])
    let table: Tensor<Double> = try random.normal([8, h])
    let mask =
      AttentionMask<Double>.causal
      & .positionBias(.buckets(table: table, isBidirectional: false, maximumDistance: 20) + .alibi(headCount: h))
    let whole = try scaledDotProductAttention(queries: x, keys: x, values: x, mask: mask, path: path)
    let plan = try AttentionPlan<Double>(
      shape: AttentionShape(batch: 2, heads: h, queries: 4, keys: length, headSize: 5), mask: mask,
      options: AttentionOptions(alignment: .end, path: path))
    var workspace = try plan.makeWorkspace()
    var done = 0
    for count in [1, 4, 1, 1, 3, 4, 4, 4, 4, 4, 4, 4, 3] {
      var output = try Tensor<Double>(zeros: [2, h, count, 5])
      let past = try x.sliced(axis: 2, 0..<(done + count))
      try plan.run(
        queries: x.sliced(axis: 2, done..<(done + count)), keys: past, values: past, into: &output,
        workspace: &workspace)
      let expected = try whole.sliced(axis: 2, done..<(done + count))
      let comparison = Comparison(output, expected.elements, shape: expected.shape, absolute: 1e-13)
      #expect(comparison.isWithin, "rows from \(done): \(comparison)")
      done += count
    }
    #expect(done == length)
  }

  @Test func explained() throws {
    let shape = try AttentionShape(heads: 6, queries: 600, keys: 600, headSize: 8)
    let table = try Tensor<Float>(zeros: [32, 6])
    let clipped = PositionBias<Float>.distances(table: try Tensor(zeros: [7]))
    let mask =
      AttentionMask<Float>.causal & .positionBias(.alibi(headCount: 6))
      & .positionBias(.buckets(table: table, isBidirectional: true))
      & .positionBias(clipped + .alibi(slopes: [1, 2, 3, 4, 5, 6]))
    #expect(
      mask.description
        == "causal & positionBias(alibi[6] + buckets[32, 6] to 128 + distances[7] + alibi[6 slopes])")
    let past = PositionBias.buckets(table: table, isBidirectional: false, maximumDistance: 99)
    #expect(past.description == "buckets[32, 6] of the past to 99")
    let plan = try AttentionPlan<Float>(
      shape: shape, mask: .positionBias(.alibi(headCount: 6)), options: AttentionOptions(path: .tiled))
    let explanation = plan.explain()
    #expect(explanation.contains("mask       positionBias(alibi[6]), aligned at start"))
    // Without an edge the blocks are those of a mask without one: 3 of 208 rows, two tiles each.
    #expect(plan.tileCounts().partial == 6 * 3 * 2 && plan.tileCounts().size == "208 rows × 512 keys")
  }

  @Test(arguments: PositionBiasTests.paths) func emptySizes(path: AttentionPath) throws {
    let mask = AttentionMask<Float>.positionBias(.alibi(headCount: 2))
    for (l, s) in [(0, 5), (3, 0), (0, 0)] {
      let output = try scaledDotProductAttention(
        queries: Tensor<Float>(zeros: [2, 2, l, 3]), keys: Tensor(zeros: [2, 2, s, 3]),
        values: Tensor(zeros: [2, 2, s, 3]), mask: mask & .bias(Tensor(zeros: [1])), alignment: .offsets([1, 2]),
        path: path)
      #expect(output.shape == [2, 2, l, 3] && output.elements.allSatisfy { $0 == 0 })
      let alone = try scaledDotProductAttention(
        queries: Tensor<Float>(zeros: [0, 2, l, 3]), keys: Tensor(zeros: [0, 2, s, 3]),
        values: Tensor(zeros: [0, 2, s, 3]), mask: mask, alignment: .end, path: path)
      #expect(alone.shape == [0, 2, l, 3])
    }
  }

  @Test func alignmentIsNeeded() throws {
    let mask = AttentionMask<Float>.positionBias(.alibi(headCount: 2))
    let shape = try AttentionShape(heads: 2, queries: 3, keys: 5, headSize: 4)
    #expect(throws: AttentionError.alignmentNeeded(queries: 3, keys: 5)) { try AttentionPlan(shape: shape, mask: mask) }
    #expect(
      throws: AttentionError.argument(name: "alignment offsets", expected: "1, one per batch element", actual: "2")
    ) { try AttentionPlan(shape: shape, mask: mask, options: AttentionOptions(alignment: .offsets([1, 2]))) }
  }

  @Test func refused() throws {
    func expect(
      _ error: AttentionError, _ bias: PositionBias<Float>, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let shape = try AttentionShape(heads: 6, queries: 5, keys: 5, headSize: 4)
      #expect(throws: error, sourceLocation: sourceLocation) {
        try AttentionPlan(shape: shape, mask: .positionBias(bias))
      }
      // Also beside others.
      #expect(throws: error, sourceLocation: sourceLocation) {
        try AttentionPlan(shape: shape, mask: .causal & .positionBias(.alibi(headCount: 6)) & .positionBias(bias))
      }
    }
    func count(_ actual: Int) -> AttentionError {
      .argument(name: "ALiBi slopes", expected: "6, one per head", actual: "\(actual)")
    }
    try expect(count(5), .alibi(headCount: 5))
    try expect(count(-1), .alibi(headCount: -1))
    try expect(count(.max), .alibi(headCount: .max))
    try expect(count(2), .alibi(slopes: [1, 2]))
    try expect(
      .argument(name: "ALiBi slope", expected: "a finite number", actual: "nan"), .alibi(slopes: [1, 2, .nan, 4, 5, 6]))
    try expect(
      .argument(name: "ALiBi slope", expected: "a finite number", actual: "-inf"),
      .alibi(slopes: [1, 2, 3, 4, 5, -.infinity]))

    func buckets(_ shape: [Int], _ isBidirectional: Bool = true, to distance: Int = 128) throws -> PositionBias<Float> {
      .buckets(table: try Tensor(zeros: shape), isBidirectional: isBidirectional, maximumDistance: distance)
    }
    try expect(.rank(name: "bucket table", expected: "2: [buckets, H]", shape: [32]), buckets([32]))
    try expect(.rank(name: "bucket table", expected: "2: [buckets, H]", shape: []), buckets([]))
    try expect(
      .shape(name: "bucket table", expected: "[buckets, 6] or [buckets, 1]", actual: [6, 32]), buckets([6, 32]))
    try expect(.argument(name: "bucket count", expected: "4 or more", actual: "3"), buckets([3, 6]))
    try expect(.argument(name: "bucket count", expected: "2 or more", actual: "1"), buckets([1, 6], false))
    for distance in [16, 0, -5] {
      try expect(
        .argument(name: "maximumDistance", expected: "above 16, which have a bucket each", actual: "\(distance)"),
        buckets([32, 6], false, to: distance))
    }

    func distances(_ shape: [Int]) throws -> PositionBias<Float> { .distances(table: try Tensor(zeros: shape)) }
    let expected = "[2·R + 1] or [6, 2·R + 1]"
    try expect(
      .rank(name: "distance table", expected: "1 or 2: [H, 2·R + 1]", shape: [1, 6, 3]), distances([1, 6, 3]))
    try expect(.shape(name: "distance table", expected: expected, actual: [4]), distances([4]))
    try expect(.shape(name: "distance table", expected: expected, actual: [0]), distances([0]))
    try expect(.shape(name: "distance table", expected: expected, actual: [5, 3]), distances([5, 3]))
    try expect(.shape(name: "distance table", expected: expected, actual: [6, 4]), distances([6, 4]))
  }
}
