import Attention
import Testing

@Suite("Linear attention: bad input")
struct LinearAttentionErrorTests {
  struct Call: Sendable, CustomTestStringConvertible {
    var query = [2, 6, 3, 5]
    var key = [2, 2, 3, 5]
    var value = [2, 2, 3, 7]
    var heads: Int?
    var keyValueHeads: Int?
    var rule = LinearAttentionRule.linear
    var decay: [Int]?
    var beta: [Int]?
    var state: [Int]?
    var options = LinearAttentionOptions()
    var error: AttentionError

    var testDescription: String { "\(error)" }
  }

  static let misfits = [
    Call(query: [3, 5], error: .rank(name: "query", expected: "3 or 4", shape: [3, 5])),
    Call(
      key: [2, 2, 4, 5], value: [2, 2, 4, 7],
      error: .shape(name: "key", expected: "3 rows, as query [2, 6, 3, 5] has", actual: [2, 2, 4, 5])),
    Call(
      key: [2, 2, 3, 4],
      error: .shape(
        name: "key", expected: "batch 2 and head size 5 to go with query [2, 6, 3, 5]", actual: [2, 2, 3, 4])),
    Call(
      value: [2, 2, 4, 7],
      error: .shape(
        name: "value", expected: "batch 2, 2 heads and 3 rows to go with key [2, 2, 3, 5]", actual: [2, 2, 4, 7])),
    Call(key: [2, 4, 3, 5], value: [2, 4, 3, 7], error: .headCounts(heads: 6, keyValueHeads: 4)),
    Call(
      query: [2, 3, 30], key: [2, 3, 10], value: [2, 3, 14],
      error: .argument(
        name: "query head count", expected: "a number, for query of shape [2, 3, 30]", actual: "not given")),
    Call(
      query: [2, 3, 30], key: [2, 3, 10], value: [2, 3, 14], heads: 7,
      error: .shape(name: "query", expected: "a last dimension divisible by 7 heads", actual: [2, 3, 30])),
  ]

  static let gates = [
    Call(
      rule: .gated, error: .argument(name: "decay", expected: "a tensor, for rule gated", actual: "not given")),
    Call(
      rule: .gatedDelta, beta: [2, 2, 3],
      error: .argument(name: "decay", expected: "a tensor, for rule gated_delta", actual: "not given")),
    Call(rule: .delta, error: .argument(name: "beta", expected: "a tensor, for rule delta", actual: "not given")),
    Call(
      rule: .gatedDelta, decay: [2, 2, 3],
      error: .argument(name: "beta", expected: "a tensor, for rule gated_delta", actual: "not given")),
    Call(
      rule: .linear, decay: [2, 2, 3],
      error: .argument(name: "decay", expected: "none, for rule linear", actual: "a tensor of shape [2, 2, 3]")),
    Call(
      rule: .delta, decay: [2, 2, 3], beta: [2, 2, 3],
      error: .argument(name: "decay", expected: "none, for rule delta", actual: "a tensor of shape [2, 2, 3]")),
    Call(
      rule: .linear, beta: [2, 2, 3],
      error: .argument(name: "beta", expected: "none, for rule linear", actual: "a tensor of shape [2, 2, 3]")),
    Call(
      rule: .gated, decay: [2, 2, 3], beta: [2, 2, 3, 1],
      error: .argument(name: "beta", expected: "none, for rule gated", actual: "a tensor of shape [2, 2, 3, 1]")),
  ]

  static let gateShapes =
    [[2, 3, 2], [2, 6, 3], [2, 2, 3, 7], [2, 2, 3, 0], [2, 1, 3], [1, 2, 3, 5], [2, 3], []].map { shape in
      Call(
        rule: .gated, decay: shape,
        error: .shape(
          name: "decay", expected: "[B, G, L] = [2, 2, 3], or with a last axis of 1 or D = 5", actual: shape))
    }
    + [[2, 3, 2], [2, 6, 3], [2, 2, 3, 5], [1, 1, 3], [2, 2, 1], [3], []].map { shape in
      Call(
        rule: .delta, beta: shape,
        error: .shape(
          name: "beta", expected: "[B, G, L] = [2, 2, 3] or [B, 1, L] = [2, 1, 3], or with a last axis of 1",
          actual: shape))
    }
    + [[2, 2, 3], [2, 3, 6], [2, 3, 30], [2, 3, 1], [1, 3, 2], [2, 3, 2, 1]].map { shape in
      Call(
        query: [2, 3, 30], key: [2, 3, 10], value: [2, 3, 14], heads: 6, keyValueHeads: 2, rule: .gated, decay: shape,
        error: .shape(
          name: "decay", expected: "[B, L, G] = [2, 3, 2] or [B, L, G·D] = [2, 3, 10]", actual: shape))
    }
    + [[2, 2, 3], [2, 3, 6], [2, 3, 10], [2, 1, 2], [2, 3, 2, 1]].map { shape in
      Call(
        query: [2, 3, 30], key: [2, 3, 10], value: [2, 3, 14], heads: 6, keyValueHeads: 2, rule: .delta, beta: shape,
        error: .shape(name: "beta", expected: "[B, L, G] = [2, 3, 2] or [B, L, 1] = [2, 3, 1]", actual: shape))
    }

  static let states = [[2, 6, 5, 7], [2, 2, 7, 5], [1, 2, 5, 7], [2, 2, 5, 8], [0, 2, 5, 7]].map { shape in
    Call(
      state: shape, error: .shape(name: "state", expected: "[B, G, D, Dv] = [2, 2, 5, 7]", actual: shape))
  }

  static let options = [
    Call(
      options: LinearAttentionOptions(chunkSize: 0),
      error: .argument(name: "chunkSize", expected: "1 or more", actual: "0")),
    Call(
      options: LinearAttentionOptions(chunkSize: -64, path: .recurrent),
      error: .argument(name: "chunkSize", expected: "1 or more", actual: "-64")),
    Call(
      options: LinearAttentionOptions(scale: .nan),
      error: .argument(name: "scale", expected: "a finite Float", actual: "nan")),
    Call(
      options: LinearAttentionOptions(scale: 1e300),
      error: .argument(name: "scale", expected: "a finite Float", actual: "1e+300")),
    Call(
      options: LinearAttentionOptions(workers: 0),
      error: .argument(name: "workers", expected: "1 or more", actual: "0")),
  ]

  @Test(
    "Misfits, missing and superfluous gates, options out of range",
    arguments: misfits + gates + gateShapes + states + options)
  func throwsError(call: Call) throws {
    let (q, k, v) = (
      try Tensor<Float>(zeros: call.query), try Tensor<Float>(zeros: call.key), try Tensor<Float>(zeros: call.value)
    )
    let decay = try call.decay.map { try Tensor<Float>(zeros: $0) }
    let beta = try call.beta.map { try Tensor<Float>(zeros: $0) }
    let state = try call.state.map { try LinearAttentionState(Tensor<Float>(repeating: 3, shape: $0)) }
    for path in [call.options.path, .recurrent, .chunked] {
      #expect(throws: call.error) {
        _ = try linearAttention(
          queries: q, keys: k, values: v, heads: call.heads, keyValueHeads: call.keyValueHeads, rule: call.rule,
          decay: decay, beta: beta, state: state, scale: call.options.scale, chunkSize: call.options.chunkSize,
          path: path, workers: call.options.workers)
      }
    }
    var kept = try state ?? LinearAttentionState(batch: 2, keyValueHeads: 2, headSize: 5, valueHeadSize: 7)
    let before = kept
    #expect(throws: call.error) {
      _ = try linearAttention(
        queries: q, keys: k, values: v, heads: call.heads, keyValueHeads: call.keyValueHeads, rule: call.rule,
        decay: decay, beta: beta, updating: &kept, options: call.options)
    }
    #expect(kept == before)
  }

  @Test("A state of another rank, or of sizes below 0")
  func stateRank() throws {
    for shape in [[], [5, 7], [2, 5, 7], [1, 2, 2, 5, 7]] {
      #expect(throws: AttentionError.rank(name: "state", expected: "4", shape: shape)) {
        _ = try LinearAttentionState(Tensor<Double>(zeros: shape))
      }
    }
    #expect(throws: AttentionError.tensor(.negativeDimension(shape: [1, 1, -1, 7]))) {
      _ = try LinearAttentionState<Float>(headSize: -1, valueHeadSize: 7)
    }
  }

  @Test("Chunks and states that can't be addressed")
  func tooLarge() throws {
    let one = try Tensor<Float>(zeros: [1, 1, 1, 1])
    let long = try one.broadcast(to: [1, 1, 1 << 30, 1])
    #expect(throws: AttentionError.tooLarge(name: "chunk", shape: [1 << 30, 1, 1 << 30])) {
      _ = try linearAttention(
        queries: long, keys: long, values: long, rule: .linear, chunkSize: .max, path: .chunked)
    }
    let wide = try one.broadcast(to: [1, 1, 1, 1 << 30])
    #expect(throws: AttentionError.tooLarge(name: "state", shape: [1, 1, 1 << 30, 1 << 30])) {
      _ = try linearAttention(queries: wide, keys: wide, values: wide, rule: .linear)
    }
  }
}
