import Attention
import Testing

/// What a plan's run refuses, and that it then writes nothing.
@Suite("Errors of a run")
struct RunErrorTests {
  static let ways = Way.all.filter { $0.element == .float }

  private let shape: AttentionShape
  private let q: Tensor<Float>
  private let k: Tensor<Float>

  init() throws {
    shape = try AttentionShape(batch: 2, heads: 2, queries: 3, keys: 5, headSize: 4)
    q = try numbers([2, 2, 3, 4]).converted(to: Float.self)
    k = try numbers([2, 2, 5, 4], seed: 2).converted(to: Float.self)
  }

  @Test("Nothing is written into a tensor", arguments: ways)
  func tensorStaysAsItWas(way: Way) throws {
    let plan = try AttentionPlan<Float>(shape: shape, options: way.options())
    var workspace = try plan.makeWorkspace()
    var output = try Tensor<Float>(repeating: 7, shape: [2, 2, 3, 4])
    func expect(
      _ error: AttentionError, _ q: Tensor<Float>, _ k: Tensor<Float>, mask: AttentionMask<Float>? = nil,
      sourceLocation: SourceLocation = #_sourceLocation
    ) {
      #expect(throws: error, sourceLocation: sourceLocation) {
        try plan.run(queries: q, keys: k, values: k, mask: mask, into: &output, workspace: &workspace)
      }
      #expect(output.elements == Array(repeating: 7, count: 48), sourceLocation: sourceLocation)
    }
    expect(.capacity(name: "queries", capacity: 3, actual: 4), try Tensor(zeros: [2, 2, 4, 4]), k)
    expect(.capacity(name: "keys", capacity: 5, actual: 6), q, try Tensor(zeros: [2, 2, 6, 4]))
    let three = try Tensor<Float>(zeros: [3, 2, 3, 4])
    expect(.capacity(name: "batch", capacity: 2, actual: 3), three, three)
    expect(
      .shape(name: "query", expected: "2 heads, as asked for", actual: [2, 3, 3, 4]), try Tensor(zeros: [2, 3, 3, 4]), k
    )
    let wide = try Tensor<Float>(zeros: [2, 2, 3, 5])
    expect(.argument(name: "headSize", expected: "4, as planned", actual: "5"), wide, wide)
    expect(
      .maskShape(name: "keep mask", shape: [4], expected: [2, 2, 3, 5]), q, k, mask: .keep(try Tensor(zeros: [4])))
    expect(.maskShape(name: "bias", shape: [3], expected: [2, 2, 3, 5]), q, k, mask: .bias(try Tensor(zeros: [3])))
    expect(.argument(name: "key length", expected: "0...5", actual: "6"), q, k, mask: .keyLengths([5, 6]))
    expect(.alignmentNeeded(queries: 3, keys: 5), q, k, mask: .causal)
    expect(
      .argument(name: "window left", expected: "0 or more, or -1 for unbounded", actual: "-2"), q, q,
      mask: .window(left: -2, right: 1))
    // The output's own shape, for this run's sizes.
    expect(
      .shape(name: "output", expected: "[2, 2, 2, 4]", actual: [2, 2, 3, 4]), try q.sliced(axis: 2, 0..<2), k)
    expect(.shape(name: "output", expected: "[2, 3, 8]", actual: [2, 2, 3, 4]), try q.mergingHeads(), k)
    // And a run that is right still works.
    try plan.run(queries: q, keys: k, values: k, into: &output, workspace: &workspace)
    #expect(output.elements.allSatisfy { $0 != 7 })
  }

  @Test("A plan that asks for details does not run into a bare tensor", arguments: ways)
  func detailsNeedAResult(way: Way) throws {
    let plan = try AttentionPlan<Float>(shape: shape, options: way.options(details: .logSumExp))
    var workspace = try plan.makeWorkspace()
    var output = try Tensor<Float>(repeating: 7, shape: [2, 2, 3, 4])
    let error = #expect(throws: AttentionError.self) {
      try plan.run(queries: q, keys: k, values: k, into: &output, workspace: &workspace)
    }
    guard case .argument("details", "none for a run into a tensor", _) = error else {
      Issue.record("\(error.map(String.init(describing:)) ?? "no error")")
      return
    }
    #expect(output.elements == Array(repeating: 7, count: 48))
  }

  @Test("A failed run leaves a result, details and all, as it was", arguments: ways.filter { $0.path != .fused })
  func resultStaysAsItWas(way: Way) throws {
    let plan = try AttentionPlan<Float>(shape: shape, options: way.options(details: [.weights, .logSumExp]))
    var workspace = try plan.makeWorkspace()
    var result = try plan(queries: q, keys: k, values: k)
    let before = result
    // One key fewer: details of another shape would be needed, but the mask does not fit.
    let fewer = try k.sliced(axis: 2, 0..<4)
    for keys in [k, fewer] {
      #expect(throws: AttentionError.maskShape(name: "keep mask", shape: [3], expected: [2, 2, 3, keys.shape[2]])) {
        try plan.run(
          queries: q, keys: keys, values: keys, mask: .keep(Tensor(zeros: [3])), into: &result, workspace: &workspace)
      }
    }
    let fewerQueries = try q.sliced(axis: 2, 0..<2)
    #expect(throws: AttentionError.shape(name: "output", expected: "[2, 2, 2, 4]", actual: [2, 2, 3, 4])) {
      try plan.run(queries: fewerQueries, keys: k, values: k, into: &result, workspace: &workspace)
    }
    #expect(isBitwiseEqual(result.output, before.output))
    #expect(isBitwiseEqual(result.weights, before.weights))
    #expect(isBitwiseEqual(result.logSumExp, before.logSumExp))
  }

  // MARK: Spans

  struct SpanCase: Sendable, CustomTestStringConvertible {
    var name: String
    var counts = [24, 40, 40, 24]  // of q, k, v and the output: B 1, H 2, L 3, S 5, D 4
    var strides = [
      HeadStrides(batch: 24, head: 12, row: 4), HeadStrides(batch: 40, head: 20, row: 4),
      HeadStrides(batch: 40, head: 20, row: 4), HeadStrides(batch: 24, head: 12, row: 4),
    ]
    var error: AttentionError

    var testDescription: String { name }

    static func short(_ index: Int, _ name: String) -> SpanCase {
      var example = SpanCase(name: "\(name) too short", error: .spanTooShort(name: name, expected: 0, actual: 0))
      let expected = example.counts[index]
      example.counts[index] -= 1
      example.error = .spanTooShort(name: name, expected: expected, actual: expected - 1)
      return example
    }

    static func stride(_ index: Int, _ strides: HeadStrides, _ name: String, _ error: AttentionError) -> SpanCase {
      var example = SpanCase(name: name, error: error)
      example.counts = [1000, 1000, 1000, 1000]
      example.strides[index] = strides
      return example
    }
  }

  static let spanCases: [SpanCase] = {
    func strides(_ name: String, _ strides: HeadStrides) -> AttentionError {
      .argument(name: "\(name) strides", expected: "0 or more, within the address space", actual: "\(strides)")
    }
    func row(_ name: String, _ row: Int) -> AttentionError {
      .argument(name: "\(name) row stride", expected: "4...2147483647", actual: "\(row)")
    }
    func overlap(_ strides: HeadStrides) -> AttentionError {
      .argument(name: "output strides", expected: "no two rows in one place", actual: "\(strides)")
    }
    let (negative, huge) = (HeadStrides(batch: 0, head: -12, row: 4), HeadStrides(batch: 0, head: .max, row: 4))
    let (shared, crossing) = (HeadStrides(batch: 0, head: 0, row: 4), HeadStrides(batch: 24, head: 11, row: 4))
    let interleaved = HeadStrides(batch: 24, head: 3, row: 8)
    var cases: [SpanCase] = [.short(0, "queries"), .short(1, "keys"), .short(2, "values"), .short(3, "output")]
    func add(_ name: String, _ index: Int, _ strides: HeadStrides, _ error: AttentionError) {
      cases.append(.stride(index, strides, name, error))
    }
    add("query rows overlap", 0, HeadStrides(batch: 24, head: 12, row: 3), row("queries", 3))
    add("key rows at one place", 1, HeadStrides(batch: 40, head: 20, row: 0), row("keys", 0))
    add("value rows too far apart", 2, HeadStrides(batch: 40, head: 20, row: 1 << 31), row("values", 1 << 31))
    add("output rows backwards", 3, HeadStrides(batch: 24, head: 12, row: -4), row("output", -4))
    add("query heads backwards", 0, negative, strides("queries", negative))
    add("key heads beyond the address space", 1, huge, strides("keys", huge))
    add("output heads at one place", 3, shared, overlap(shared))
    add("output heads overlap", 3, crossing, overlap(crossing))
    add("output heads overlap within a row", 3, interleaved, overlap(interleaved))
    return cases
  }()

  @Test("Spans too short and strides out of range write nothing", arguments: ways, spanCases)
  func spans(way: Way, example: SpanCase) throws {
    let shape = try AttentionShape(heads: 2, queries: 3, keys: 5, headSize: 4)
    let q = [Float](repeating: 1, count: example.counts[0])
    let k = [Float](repeating: 1, count: example.counts[1])
    let v = [Float](repeating: 1, count: example.counts[2])
    var output = [Float](repeating: 7, count: example.counts[3])
    let count = output.count
    var thrown: AttentionError?
    do throws(AttentionError) {
      var span = output.mutableSpan
      try scaledDotProductAttention(
        shape: shape, queries: q.span, queryStrides: example.strides[0], keys: k.span,
        keyStrides: example.strides[1], values: v.span, valueStrides: example.strides[2],
        options: way.options(), into: &span, outputStrides: example.strides[3])
    } catch {
      thrown = error
    }
    #expect(thrown == example.error)
    #expect(output == Array(repeating: 7, count: count))
  }
}
