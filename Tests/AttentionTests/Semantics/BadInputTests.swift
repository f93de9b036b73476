import Attention
import Testing

@Suite("Bad input")
struct BadInputTests {
  // MARK: Tensors

  struct Shapes: Sendable, CustomTestStringConvertible {
    var query: [Int]
    var key: [Int]
    var value: [Int]
    var error: AttentionError

    var testDescription: String { "\(query) \(key) \(value): \(error)" }
  }

  static let misfits = [
    Shapes(
      query: [2, 6, 3, 5], key: [3, 2, 7, 5], value: [3, 2, 7, 5],
      error: .shape(
        name: "key", expected: "batch 2 and head size 5 to go with query [2, 6, 3, 5]", actual: [3, 2, 7, 5])),
    Shapes(
      query: [2, 6, 3, 5], key: [2, 2, 7, 4], value: [2, 2, 7, 4],
      error: .shape(
        name: "key", expected: "batch 2 and head size 5 to go with query [2, 6, 3, 5]", actual: [2, 2, 7, 4])),
    Shapes(
      query: [2, 6, 3, 5], key: [2, 2, 7, 5], value: [1, 2, 7, 5],
      error: .shape(
        name: "value", expected: "batch 2, 2 heads and 7 rows to go with key [2, 2, 7, 5]", actual: [1, 2, 7, 5])),
    Shapes(
      query: [2, 6, 3, 5], key: [2, 2, 7, 5], value: [2, 3, 7, 5],
      error: .shape(
        name: "value", expected: "batch 2, 2 heads and 7 rows to go with key [2, 2, 7, 5]", actual: [2, 3, 7, 5])),
    Shapes(
      query: [2, 6, 3, 5], key: [2, 2, 7, 5], value: [2, 2, 8, 5],
      error: .shape(
        name: "value", expected: "batch 2, 2 heads and 7 rows to go with key [2, 2, 7, 5]", actual: [2, 2, 8, 5])),
    Shapes(
      query: [2, 6, 3, 5], key: [2, 4, 7, 5], value: [2, 4, 7, 5], error: .headCounts(heads: 6, keyValueHeads: 4)),
    Shapes(
      query: [2, 2, 3, 5], key: [2, 6, 7, 5], value: [2, 6, 7, 5], error: .headCounts(heads: 2, keyValueHeads: 6)),
    Shapes(
      query: [2, 6, 3, 5], key: [2, 0, 7, 5], value: [2, 0, 7, 5], error: .headCounts(heads: 6, keyValueHeads: 0)),
    Shapes(
      query: [3, 5], key: [2, 2, 7, 5], value: [2, 2, 7, 5],
      error: .rank(name: "query", expected: "3 or 4", shape: [3, 5])),
    Shapes(
      query: [2, 2, 3, 5], key: [7, 5], value: [2, 2, 7, 5],
      error: .rank(name: "key", expected: "3 or 4", shape: [7, 5])),
    Shapes(
      query: [2, 2, 3, 5], key: [2, 2, 7, 5], value: [1, 2, 2, 7, 5],
      error: .rank(name: "value", expected: "3 or 4", shape: [1, 2, 2, 7, 5])),
    Shapes(query: [], key: [], value: [], error: .rank(name: "query", expected: "3 or 4", shape: [])),
  ]

  @Test("Mismatched shapes, head counts and ranks", arguments: Way.all, misfits)
  func shapes(way: Way, example: Shapes) throws {
    let (q, k, v) = (
      try Tensor<Double>(zeros: example.query), try Tensor<Double>(zeros: example.key),
      try Tensor<Double>(zeros: example.value)
    )
    #expect(throws: example.error) { try way.attend(q, k, v) }
  }

  // MARK: Sizes

  @Test("Negative, overflowing and indivisible sizes")
  func sizes() {
    let limit = Int(Int32.max)
    func expect(_ error: AttentionError, _ make: () throws(AttentionError) -> AttentionShape) {
      #expect(throws: error) { _ = try make() }
    }
    expect(.argument(name: "queries", expected: "0...2147483647", actual: "-1")) { () throws(AttentionError) in
      try AttentionShape(queries: -1, keys: 1, headSize: 1)
    }
    expect(.argument(name: "keys", expected: "0...2147483647", actual: "2147483648")) { () throws(AttentionError) in
      try AttentionShape(queries: 1, keys: limit + 1, headSize: 1)
    }
    expect(.argument(name: "batch", expected: "0...2147483647", actual: "\(Int.min)")) { () throws(AttentionError) in
      try AttentionShape(batch: .min, queries: 1, keys: 1, headSize: 1)
    }
    expect(.argument(name: "valueHeadSize", expected: "0...2147483647", actual: "\(Int.max)")) {
      () throws(AttentionError) in
      try AttentionShape(queries: 1, keys: 1, headSize: 1, valueHeadSize: .max)
    }
    expect(.headCounts(heads: 6, keyValueHeads: 4)) { () throws(AttentionError) in
      try AttentionShape(heads: 6, keyValueHeads: 4, queries: 1, keys: 1, headSize: 1)
    }
    expect(.headCounts(heads: 1, keyValueHeads: 0)) { () throws(AttentionError) in
      try AttentionShape(heads: 1, keyValueHeads: 0, queries: 1, keys: 1, headSize: 1)
    }
    expect(.tooLarge(name: "queries", shape: [limit, limit, limit, 1])) { () throws(AttentionError) in
      try AttentionShape(batch: limit, heads: limit, queries: limit, keys: 1, headSize: 1)
    }
    expect(.tooLarge(name: "keys", shape: [limit, 1, limit, limit])) { () throws(AttentionError) in
      try AttentionShape(batch: limit, queries: 0, keys: limit, headSize: limit, valueHeadSize: 1)
    }
    expect(.tooLarge(name: "values", shape: [1, 1, limit, limit])) { () throws(AttentionError) in
      try AttentionShape(queries: 1, keys: limit, headSize: 0, valueHeadSize: limit)
    }
    // Rows of nothing have no elements, yet would be counted.
    expect(.tooLarge(name: "queries", shape: [limit, limit, limit, 1])) { () throws(AttentionError) in
      try AttentionShape(batch: limit, heads: limit, queries: limit, keys: 0, headSize: 0)
    }
  }

  @Test("Sizes that are large beside a 0 make a plan", arguments: Way.all)
  func largeButEmpty(way: Way) throws {
    let limit = Int(Int32.max)
    for shape in [
      try AttentionShape(batch: 0, heads: limit, queries: limit, keys: 512, headSize: 64),
      try AttentionShape(batch: limit, queries: 0, keys: 3, headSize: 0),
      try AttentionShape(batch: 0, heads: 0, queries: limit, keys: 0, headSize: limit),
    ] {
      let plan = try AttentionPlan<Float>(shape: shape, options: way.options())
      #expect(plan.usefulOperations() == 0)
      #expect(plan.scratchBytes >= 0)
    }
  }

  @Test("Tensors whose scores can't be addressed", arguments: Way.paths)
  func scoresTooLarge(path: AttentionPath) throws {
    let shape = try AttentionShape(batch: 1 << 10, heads: 1 << 10, queries: 1 << 20, keys: 1 << 20, headSize: 1)
    #expect(throws: AttentionError.tooLarge(name: "scores", shape: [1 << 10, 1 << 10, 1 << 20, 1 << 20])) {
      _ = try AttentionPlan<Float>(shape: shape, options: AttentionOptions(details: .weights, path: path))
    }
    let one = try Tensor<Float>(zeros: [1, 1, 1, 1])
    let huge = try one.broadcast(to: [1 << 20, 1 << 10, 1 << 15, 1 << 15])
    #expect(throws: AttentionError.tooLarge(name: "queries", shape: [1 << 20, 1 << 10, 1 << 15, 1 << 15])) {
      _ = try scaledDotProductAttention(queries: huge, keys: huge, values: huge, path: path)
    }
  }

  // MARK: Options and masks

  struct Option: Sendable, CustomTestStringConvertible {
    var name: String
    var expected: String
    var actual: String
    var options = AttentionOptions()
    var mask = AttentionMask<Double>.none

    var error: AttentionError { .argument(name: name, expected: expected, actual: actual) }
    var testDescription: String { "\(error)" }
  }

  static let options = [
    Option(name: "scale", expected: "a finite Double", actual: "nan", options: AttentionOptions(scale: .nan)),
    Option(name: "scale", expected: "a finite Double", actual: "inf", options: AttentionOptions(scale: .infinity)),
    Option(
      name: "softcap", expected: "a finite Double, 0 or more", actual: "nan", options: AttentionOptions(softcap: .nan)),
    Option(
      name: "softcap", expected: "a finite Double, 0 or more", actual: "-1.0", options: AttentionOptions(softcap: -1)),
    Option(
      name: "softcap", expected: "a finite Double, 0 or more", actual: "inf",
      options: AttentionOptions(softcap: .infinity)),
    Option(
      name: "window left", expected: "0 or more, or -1 for unbounded", actual: "-2", mask: .window(left: -2, right: 1)),
    Option(
      name: "window right", expected: "0 or more, or -1 for unbounded", actual: "-7",
      mask: .window(left: nil, right: -7)),
    Option(
      name: "window right", expected: "0 or more, or -1 for unbounded", actual: "-2",
      mask: .window(left: 3, right: 3) & .window(left: nil, right: -2) & .causal),
    Option(
      name: "key lengths", expected: "2, one per batch element", actual: "3", mask: .keyLengths([1, 2, 3])),
    Option(name: "key lengths", expected: "2, one per batch element", actual: "0", mask: .keyLengths([])),
    Option(
      name: "key lengths", expected: "2, one per batch element", actual: "1",
      mask: .keyLengths([1, 2]) & .keyLengths([3])),
    Option(
      name: "key lengths", expected: "2, one per batch element", actual: "1",
      mask: .keyLengths([3]) & (.causal & .keyLengths([1, 2]))),
    Option(name: "key length", expected: "0...3", actual: "4", mask: .keyLengths([3, 4])),
    Option(name: "key length", expected: "0...3", actual: "-1", mask: .keyLengths([-1, 3])),
    Option(
      name: "alignment offsets", expected: "2, one per batch element", actual: "1",
      options: AttentionOptions(alignment: .offsets([0])), mask: .causal),
    Option(
      name: "alignment offset", expected: "below 2⁴⁰ in magnitude", actual: "\(Int.min)",
      options: AttentionOptions(alignment: .offset(.min)), mask: .causal),
    Option(
      name: "alignment offset", expected: "below 2⁴⁰ in magnitude", actual: "\(1 << 40)",
      options: AttentionOptions(alignment: .offsets([0, 1 << 40])), mask: .window(left: 1, right: 1)),
  ]

  @Test("Options and masks out of range, in the plan and in a call", arguments: Way.all, options)
  func optionsOutOfRange(way: Way, example: Option) throws {
    var options = example.options
    (options.path, options.workers) = (way.path, way.workers)
    let q = try Tensor<Double>(zeros: [2, 1, 3, 5])
    #expect(throws: example.error) {
      _ = try AttentionPlan(
        shape: AttentionShape(batch: 2, queries: 3, keys: 3, headSize: 5), mask: example.mask, options: options)
    }
    #expect(throws: example.error) {
      _ = try scaledDotProductAttention(queries: q, keys: q, values: q, mask: example.mask, options: options)
    }
  }

  @Test("Workers below 1", arguments: Way.paths, [0, -3])
  func workers(path: AttentionPath, count: Int) throws {
    let q = try Tensor<Float>(zeros: [2, 1, 3, 5])
    #expect(throws: AttentionError.argument(name: "workers", expected: "1 or more", actual: "\(count)")) {
      _ = try scaledDotProductAttention(queries: q, keys: q, values: q, path: path, workers: count)
    }
  }

  @Test("Scale and softcap that Float can't hold", arguments: Way.paths)
  func numbersBeyondFloat(path: AttentionPath) throws {
    let q = try Tensor<Float>(zeros: [1, 1, 3, 5])
    #expect(throws: AttentionError.argument(name: "scale", expected: "a finite Float", actual: "1e+300")) {
      _ = try scaledDotProductAttention(queries: q, keys: q, values: q, scale: 1e300, path: path)
    }
    for softcap in [1e300, 1e-300] {
      #expect(
        throws: AttentionError.argument(name: "softcap", expected: "a finite Float, 0 or more", actual: "\(softcap)")
      ) { _ = try scaledDotProductAttention(queries: q, keys: q, values: q, softcap: softcap, path: path) }
    }
  }
}
