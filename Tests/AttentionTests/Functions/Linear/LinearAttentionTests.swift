import Attention
import Glibc
import Support
import Testing

/// Numbers that can be worked out on paper, and what holds whatever the numbers.
@Suite("Linear attention")
struct LinearAttentionTests {
  static let paths = [LinearAttentionPath.automatic, .recurrent, .chunked]

  // MARK: By hand

  struct Steps: Sendable, CustomTestStringConvertible {
    var rule: LinearAttentionRule
    var output: [Double]
    var state: Double

    var testDescription: String { rule.rawValue }
  }

  /// q = 1, 2, 1; k = 1, 1, 2; v = 1, 2, 3; e^g = ½; β = ½.
  static let steps = [
    Steps(rule: .linear, output: [1, 6, 9], state: 9),
    Steps(rule: .gated, output: [1, 5, 7.25], state: 7.25),
    Steps(rule: .delta, output: [0.5, 2.5, 1.75], state: 1.75),
    Steps(rule: .gatedDelta, output: [0.5, 2.25, 2.4375], state: 2.4375),
  ]

  @Test("Three tokens of one number", arguments: steps, paths)
  func threeTokens(example: Steps, path: LinearAttentionPath) throws {
    let row = { (numbers: [Double]) in try Tensor(numbers, shape: [1, 1, 3, 1]) }
    for chunkSize in [1, 2, 3, 64] {
      let result = try linearAttention(
        queries: row([1, 2, 1]), keys: row([1, 1, 2]), values: row([1, 2, 3]), rule: example.rule,
        decay: example.rule.usesDecay ? row([1, 1, 1]).map { $0 * log(0.5) } : nil,
        beta: example.rule.usesBeta ? row([0.5, 0.5, 0.5]) : nil, chunkSize: chunkSize, path: path)
      for (actual, expected) in zip(result.output.elements, example.output) { #expect(abs(actual - expected) < 1e-14) }
      #expect(result.output.shape == [1, 1, 3, 1])
      #expect(result.state.tensor.shape == [1, 1, 1, 1])
      #expect(abs(try result.state.tensor.item() - example.state) < 1e-14)
    }
  }

  @Test("A state is keys times values, an output a query times the state", arguments: paths)
  func layout(path: LinearAttentionPath) throws {
    let q = try Tensor<Double>([2, 7], shape: [1, 1, 1, 2])
    let k = try Tensor<Double>([1, 10], shape: [1, 1, 1, 2])
    let v = try Tensor<Double>([3, 5, 6], shape: [1, 1, 1, 3])
    let result = try linearAttention(queries: q, keys: k, values: v, rule: .linear, scale: 0.5, path: path)
    #expect(result.state.tensor.elements == [3, 5, 6, 30, 50, 60])
    #expect(result.output.elements == [108, 180, 216])
    // 1/√D for D = 2.
    let scaled = try linearAttention(queries: q, keys: k, values: v, rule: .linear, path: path)
    #expect(zip(scaled.output.elements, [216, 360, 432]).allSatisfy { abs($0 - $1 / 2.0.squareRoot()) < 1e-12 })
    #expect(
      try linearAttention(queries: q, keys: k, values: v, rule: .linear, scale: 0, path: path).output.elements
        == [0, 0, 0])
  }

  @Test("The delta rule with β = 1 replaces what a key of length 1 stood for", arguments: paths)
  func deltaReplaces(path: LinearAttentionPath) throws {
    let first = [1.0, 0]
    let second = [0.6, 0.8]
    let k = try Tensor<Double>(first + second + second + first, shape: [1, 1, 4, 2])
    let v = try Tensor<Double>([1, 2, 3, 4, 5, 6, 7, 8], shape: [1, 1, 4, 2])
    let beta = try Tensor<Double>(repeating: 1, shape: [1, 1, 4])
    let result = try linearAttention(queries: k, keys: k, values: v, rule: .delta, beta: beta, scale: 1, path: path)
    // Asked with its own key, each token gives the value just written.
    for (actual, expected) in zip(result.output.elements, v.elements) { #expect(abs(actual - expected) < 1e-14) }
  }

  @Test("Every query head reads the state of its key/value head", arguments: paths)
  func groupedHeads(path: LinearAttentionPath) throws {
    let q = try Tensor<Double>([1, 2, 3, 4, 5, 6], shape: [1, 6, 1, 1])
    let k = try Tensor<Double>([1, 1, 1], shape: [1, 3, 1, 1])
    let v = try Tensor<Double>([10, 100, 1000], shape: [1, 3, 1, 1])
    let result = try linearAttention(queries: q, keys: k, values: v, rule: .linear, path: path)
    #expect(result.output.elements == [10, 20, 300, 400, 5000, 6000])
  }

  @Test("The rules' names are the operator's")
  func names() {
    #expect(LinearAttentionRule.allCases.map(\.rawValue) == ["linear", "gated", "delta", "gated_delta"])
    #expect(LinearAttentionRule(rawValue: "gated_delta") == .gatedDelta)
    #expect(LinearAttentionRule.allCases.map(\.usesDecay) == [false, true, false, true])
    #expect(LinearAttentionRule.allCases.map(\.usesBeta) == [false, false, true, true])
  }

  // MARK: Which path

  struct Choice: Sendable, CustomTestStringConvertible {
    var length: Int
    var headSize: Int
    var chunkSize = 32
    var path: LinearAttentionPath

    var testDescription: String { "L \(length), D \(headSize), chunks of \(chunkSize): \(path)" }
  }

  static let choices = [
    Choice(length: 3, headSize: 67, path: .recurrent), Choice(length: 4, headSize: 67, path: .chunked),
    Choice(length: 15, headSize: 32, path: .recurrent), Choice(length: 16, headSize: 32, path: .chunked),
    Choice(length: 97, headSize: 31, path: .recurrent),
    Choice(length: 97, headSize: 32, chunkSize: 3, path: .recurrent),
  ]

  @Test("Few tokens and small states go token by token, others in chunks", arguments: choices)
  func automaticPath(choice: Choice) throws {
    let problem = try LinearProblem(
      .gatedDeltaByKey, batch: 1, heads: 1, keyValueHeads: 1, length: choice.length, headSize: choice.headSize,
      valueHeadSize: choice.headSize)
    func output(_ path: LinearAttentionPath) throws -> Tensor<Float> {
      try problem.solved(Float.self, path: path, chunkSize: choice.chunkSize).output
    }
    let automatic = try output(.automatic)
    let other: LinearAttentionPath = choice.path == .chunked ? .recurrent : .chunked
    #expect(try automatic.isBitwiseEqual(to: output(choice.path)))
    #expect(try !automatic.isBitwiseEqual(to: output(other)))
  }

  @Test("The same call twice gives the same bits", arguments: LinearVariant.allCases, [1, 2, 3])
  func repeatable(variant: LinearVariant, workers: Int) throws {
    let problem = try LinearProblem(
      variant, batch: 1, heads: 2, keyValueHeads: 1, length: 80, headSize: 9, valueHeadSize: 50)
    for path in Self.paths {
      let first = try problem.solved(Float.self, path: path, workers: workers)
      let second = try problem.solved(Float.self, path: path, workers: workers)
      #expect(first.output.isBitwiseEqual(to: second.output))
      #expect(first.state.tensor.isBitwiseEqual(to: second.state.tensor))
    }
  }

  // MARK: Empty sizes

  struct Empty: Sendable, CustomTestStringConvertible {
    var query: [Int]
    var key: [Int]
    var value: [Int]

    var testDescription: String { "\(query) \(key) \(value)" }
  }

  static let empties = [
    Empty(query: [0, 2, 3, 5], key: [0, 1, 3, 5], value: [0, 1, 3, 7]),
    Empty(query: [2, 0, 3, 5], key: [2, 0, 3, 5], value: [2, 0, 3, 7]),
    Empty(query: [2, 2, 0, 5], key: [2, 1, 0, 5], value: [2, 1, 0, 7]),
    Empty(query: [2, 2, 3, 0], key: [2, 1, 3, 0], value: [2, 1, 3, 7]),
    Empty(query: [2, 2, 3, 5], key: [2, 1, 3, 5], value: [2, 1, 3, 0]),
  ]

  @Test("Empty sizes give empty outputs, or zeros", arguments: empties, paths)
  func emptySizes(example: Empty, path: LinearAttentionPath) throws {
    let q = try Tensor<Float>(repeating: 1, shape: example.query)
    let k = try Tensor<Float>(repeating: 1, shape: example.key)
    let v = try Tensor<Float>(repeating: 1, shape: example.value)
    for variant in LinearVariant.allCases {
      let gates = Array(example.key.dropLast())
      let decay = try Tensor<Float>(
        repeating: -1, shape: variant.isDecayPerKey ? example.key : gates)
      let result = try linearAttention(
        queries: q, keys: k, values: v, rule: variant.rule, decay: variant.rule.usesDecay ? decay : nil,
        beta: variant.rule.usesBeta ? Tensor(repeating: 1, shape: gates) : nil, path: path)
      #expect(result.output.shape == example.query.dropLast() + [example.value[3]])
      #expect(result.output.elements.allSatisfy { $0 == 0 })
      #expect(result.state.tensor.shape == [example.key[0], example.key[1], example.key[3], example.value[3]])
      #expect(result.state.tensor.elements.allSatisfy { $0 == 0 })
    }
  }
}
