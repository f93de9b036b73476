import Attention
import Testing

@Suite("Caller-owned memory")
struct HeadStridesTests {
  @Test("Named layouts")
  func namedLayouts() {
    #expect(HeadStrides.headsFirst(heads: 3, rows: 5, headSize: 7) == HeadStrides(batch: 105, head: 35, row: 7))
    #expect(HeadStrides.headsJoined(heads: 3, rows: 5, headSize: 7) == HeadStrides(batch: 105, head: 7, row: 21))
    #expect(
      HeadStrides.headsJoined(heads: 3, rows: 5, headSize: 7, rowSize: 64) == HeadStrides(batch: 320, head: 7, row: 64))
  }

  /// B 2, H 4, G 2, L 3, S 5, D 4, Dv 3, in several layouts of each operand.
  struct Layout: Sendable, CustomTestStringConvertible {
    var name: String
    var query: HeadStrides
    var key: HeadStrides
    var value: HeadStrides
    var output: HeadStrides

    var testDescription: String { name }
  }

  static let layouts = [
    Layout(
      name: "heads first", query: .headsFirst(heads: 4, rows: 3, headSize: 4),
      key: .headsFirst(heads: 2, rows: 5, headSize: 4), value: .headsFirst(heads: 2, rows: 5, headSize: 3),
      output: .headsFirst(heads: 4, rows: 3, headSize: 3)),
    Layout(
      name: "heads joined", query: .headsJoined(heads: 4, rows: 3, headSize: 4),
      key: .headsJoined(heads: 2, rows: 5, headSize: 4), value: .headsJoined(heads: 2, rows: 5, headSize: 3),
      output: .headsJoined(heads: 4, rows: 3, headSize: 3)),
    Layout(
      name: "rows of something larger", query: .headsJoined(heads: 4, rows: 3, headSize: 4, rowSize: 29),
      key: .headsJoined(heads: 2, rows: 5, headSize: 4, rowSize: 31),
      value: .headsJoined(heads: 2, rows: 5, headSize: 3, rowSize: 37),
      output: .headsJoined(heads: 4, rows: 3, headSize: 3, rowSize: 17)),
    Layout(
      name: "gaps everywhere", query: HeadStrides(batch: 131, head: 31, row: 7),
      key: HeadStrides(batch: 101, head: 41, row: 5), value: HeadStrides(batch: 103, head: 43, row: 6),
      output: HeadStrides(batch: 127, head: 29, row: 5)),
    Layout(
      name: "batch innermost", query: HeadStrides(batch: 4, head: 8, row: 32),
      key: HeadStrides(batch: 4, head: 8, row: 16),
      value: HeadStrides(batch: 3, head: 6, row: 12), output: HeadStrides(batch: 3, head: 6, row: 24)),
    Layout(
      name: "one key/value head for all, one batch element for all", query: HeadStrides(batch: 0, head: 12, row: 4),
      key: HeadStrides(batch: 0, head: 0, row: 4), value: HeadStrides(batch: 15, head: 0, row: 3),
      output: .headsFirst(heads: 4, rows: 3, headSize: 3)),
  ]

  private static let (b, h, g, l, s, d, dv) = (2, 4, 2, 3, 5, 4, 3)

  /// Puts the elements of [batch, heads, rows, columns] where the strides say, with a guard everywhere else.
  private func placed(
    _ elements: [Double], _ sizes: [Int], _ strides: HeadStrides, guardValue: Double
  ) -> (memory: [Double], places: [Int]) {
    var places: [Int] = []
    for b in 0..<sizes[0] {
      for h in 0..<sizes[1] {
        for i in 0..<sizes[2] {
          for e in 0..<sizes[3] { places.append(b * strides.batch + h * strides.head + i * strides.row + e) }
        }
      }
    }
    // Exactly as much as the operand spans.
    var memory = [Double](repeating: guardValue, count: (places.max() ?? -1) + 1)
    for (place, element) in zip(places, elements) { memory[place] = element }
    return (memory, places)
  }

  private func check<Scalar: BLASScalar>(_ type: Scalar.Type, _ way: Way, _ layout: Layout) throws {
    let (b, h, g, l, s, d, dv) = (Self.b, Self.h, Self.g, Self.l, Self.s, Self.d, Self.dv)
    let shape = try AttentionShape(
      batch: b, heads: h, keyValueHeads: g, queries: l, keys: s, headSize: d, valueHeadSize: dv)
    // NaN between the rows of inputs: not read. Where strides share places, the last element written counts.
    let q = placed(try numbers([b, h, l, d]).elements, [b, h, l, d], layout.query, guardValue: .nan)
    let k = placed(try numbers([b, g, s, d], seed: 2).elements, [b, g, s, d], layout.key, guardValue: .nan)
    let v = placed(try numbers([b, g, s, dv], seed: 3).elements, [b, g, s, dv], layout.value, guardValue: .nan)
    var oracle = DoubleOracle(
      try Tensor(q.places.map { q.memory[$0] }, shape: [b, h, l, d]),
      try Tensor(k.places.map { k.memory[$0] }, shape: [b, g, s, d]),
      try Tensor(v.places.map { v.memory[$0] }, shape: [b, g, s, dv]))
    // Key 0 is hidden by a window, so that values beside gaps meet the careful product too.
    oracle.attends = { _, _, i, j in j >= 1 + i && j <= 2 + i }
    let expected = oracle.computed()
    let (queries, keys, values) = (q.memory.map(Scalar.init), k.memory.map(Scalar.init), v.memory.map(Scalar.init))
    let places = placed(expected.output, [b, h, l, dv], layout.output, guardValue: 7).places
    // Room behind the output, which must stay as it is.
    var output = [Scalar](repeating: 7, count: (places.max() ?? 0) + 1 + 64)
    var span = output.mutableSpan
    let details = try scaledDotProductAttention(
      shape: shape, queries: queries.span, queryStrides: layout.query, keys: keys.span, keyStrides: layout.key,
      values: values.span, valueStrides: layout.value, mask: .window(left: 0, right: 1),
      options: way.options(alignment: .offset(1), details: [.weights, .logSumExp]), into: &span,
      outputStrides: layout.output)
    expectClose(try Tensor(places.map { Double(output[$0]) }, shape: [b, h, l, dv]), expected.output, way)
    expectClose(try details.weights?.converted(to: Double.self), expected.weights, way, "weights")
    expectClose(try details.logSumExp?.converted(to: Double.self), expected.logSumExp, way, "log-sum-exp")
    #expect(details.rawScores == nil && details.cappedScores == nil && details.maskedScores == nil)
    let written = Set(places)
    #expect(output.indices.allSatisfy { written.contains($0) || output[$0] == 7 })
  }

  @Test("Read and written where it lies; gaps are neither", arguments: Way.complete, layouts)
  func inPlace(way: Way, layout: Layout) throws {
    switch way.element {
    case .float: try check(Float.self, way, layout)
    case .double: try check(Double.self, way, layout)
    }
  }

  @Test("A single query, key and head may have any stride", arguments: Way.all)
  func singleRows(way: Way) throws {
    let shape = try AttentionShape(queries: 1, keys: 1, headSize: 2)
    let (q, k, v): ([Double], [Double], [Double]) = ([1, 2], [3, 4], [5, 6])
    var output: [Double] = [7, 7, 7]
    let strides = HeadStrides(batch: 0, head: 1, row: 0)
    var span = output.mutableSpan
    try scaledDotProductAttention(
      shape: shape, queries: q.span, queryStrides: strides, keys: k.span, keyStrides: strides, values: v.span,
      valueStrides: strides, options: way.options(), into: &span, outputStrides: strides)
    #expect(output == [5, 6, 7])
  }

  @Test("9: empty spans where a size is 0", arguments: Way.all)
  func emptySpans(way: Way) throws {
    let none: [Float] = []
    // No keys: zeros. Heads of size 0: the mean of V, with the strides of such heads.
    for (keys, headSize, expected) in [(0, 2, [Float](repeating: 0, count: 4)), (2, 0, [2, 3, 2, 3])] {
      let shape = try AttentionShape(queries: 2, keys: keys, headSize: headSize, valueHeadSize: 2)
      let q = [Float](repeating: 1, count: 2 * headSize)
      let v: [Float] = keys == 0 ? [] : [1, 2, 3, 4]
      var output = [Float](repeating: 7, count: 4)
      var span = output.mutableSpan
      try scaledDotProductAttention(
        shape: shape, queries: q.span, queryStrides: .headsFirst(heads: 1, rows: 2, headSize: headSize),
        keys: none.span, keyStrides: .headsFirst(heads: 1, rows: keys, headSize: headSize), values: v.span,
        valueStrides: .headsFirst(heads: 1, rows: keys, headSize: 2), options: way.options(), into: &span,
        outputStrides: .headsFirst(heads: 1, rows: 2, headSize: 2))
      #expect(output == expected)
    }
    // No queries, and values of size 0: nothing to write.
    for (queries, valueHeadSize) in [(0, 2), (2, 0)] {
      let shape = try AttentionShape(queries: queries, keys: 1, headSize: 2, valueHeadSize: valueHeadSize)
      let (q, k) = ([Float](repeating: 1, count: 2 * queries), [Float](repeating: 1, count: 2))
      let v = [Float](repeating: 1, count: valueHeadSize)
      var output = [Float](repeating: 7, count: 2)
      var span = output.mutableSpan
      try scaledDotProductAttention(
        shape: shape, queries: q.span, queryStrides: .headsFirst(heads: 1, rows: queries, headSize: 2), keys: k.span,
        keyStrides: .headsFirst(heads: 1, rows: 1, headSize: 2), values: v.span,
        valueStrides: .headsFirst(heads: 1, rows: 1, headSize: valueHeadSize), options: way.options(), into: &span,
        outputStrides: .headsFirst(heads: 1, rows: queries, headSize: valueHeadSize))
      #expect(output == [7, 7])
    }
  }
}
