import Attention
import Support
import Testing

/// What must hold between calls, whatever the numbers.
@Suite("Linear attention: identities")
struct LinearAttentionIdentityTests {
  static let paths = [LinearAttentionPath.recurrent, .chunked]

  /// Expects two tensors to be one within rounding.
  private func expectSame(
    _ actual: Tensor<Double>, _ expected: Tensor<Double>, _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let numbers = expected.doubles
    let comparison = Comparison(actual, numbers, shape: expected.shape, absolute: ErrorBound.double(numbers, least: 1))
    #expect(comparison.isWithin, "\(what): \(comparison)", sourceLocation: sourceLocation)
  }

  private func expectSame(
    _ actual: LinearAttentionResult<Double>, _ expected: LinearAttentionResult<Double>, _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    expectSame(actual.output, expected.output, "\(what), output", sourceLocation: sourceLocation)
    expectSame(actual.state.tensor, expected.state.tensor, "\(what), state", sourceLocation: sourceLocation)
  }

  @Test("All chunk sizes agree", arguments: LinearVariant.allCases)
  func chunkSizes(variant: LinearVariant) throws {
    let problem = try LinearProblem(variant, length: 67)
    let expected = try problem.solved(Double.self, path: .recurrent)
    for chunkSize in [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 66, 67, 68, .max] {
      expectSame(
        try problem.solved(Double.self, path: .chunked, chunkSize: chunkSize), expected, "chunks of \(chunkSize)")
    }
  }

  @Test("Pieces with the state carried give the whole", arguments: LinearVariant.allCases, paths)
  func pieces(variant: LinearVariant, path: LinearAttentionPath) throws {
    let problem = try LinearProblem(variant, length: 71)
    let whole = try problem.solved(Double.self, path: path)
    for cuts in [[0, 71], [0, 1, 71], [0, 64, 71], [0, 13, 14, 37, 70, 71], [0, 35, 35, 71]] {
      var state = try LinearAttentionState(#require(problem.state))
      for (start, end) in zip(cuts, cuts.dropFirst()) {
        let part = try problem.part(start..<end, state: state).solved(Double.self, path: path, chunkSize: 16)
        expectSame(part.output, try whole.output.sliced(axis: 2, start..<end), "tokens \(start)..<\(end)")
        state = part.state
      }
      expectSame(state.tensor, whole.state.tensor, "state after \(cuts)")
    }
  }

  @Test("No state is a state of zeros", arguments: LinearVariant.allCases, paths)
  func zeroState(variant: LinearVariant, path: LinearAttentionPath) throws {
    var problem = try LinearProblem(variant, length: 19, hasState: false)
    let without = try problem.solved(Float.self, path: path)
    problem.state = try Tensor(zeros: [2, 3, 5, 7])
    let with = try problem.solved(Float.self, path: path)
    #expect(without.output.isBitwiseEqual(to: with.output))
    #expect(without.state.tensor.isBitwiseEqual(to: with.state.tensor))
  }

  @Test("β = 0 keeps the state", arguments: paths)
  func zeroRate(path: LinearAttentionPath) throws {
    var problem = try LinearProblem(.delta, length: 23)
    problem.beta = try Tensor(zeros: [2, 3, 23])
    let result = try problem.solved(Double.self, path: path, chunkSize: 16)
    #expect(result.state.tensor == problem.state)
    // Every token reads the same state.
    problem.values = try Tensor(zeros: [2, 3, 23, 7])
    #expect(try problem.solved(Double.self, path: path, chunkSize: 16).output == result.output)
  }

  @Test(
    "A decay of 0 is none", arguments: [LinearVariant.gatedByHead, .gatedByKey, .gatedDeltaByHead, .gatedDeltaByKey],
    paths)
  func zeroDecay(variant: LinearVariant, path: LinearAttentionPath) throws {
    var gated = try LinearProblem(variant, length: 37)
    gated.decay = try Tensor(zeros: #require(gated.decay).shape)
    let plain = try linearAttention(
      queries: gated.queries, keys: gated.keys, values: gated.values, rule: variant.rule.usesBeta ? .delta : .linear,
      beta: gated.beta, state: LinearAttentionState(#require(gated.state)), path: path)
    expectSame(try gated.solved(Double.self, path: path), plain, "\(variant)")
  }

  @Test(
    "One decay a head is the same for every key dimension", arguments: [LinearVariant.gatedByHead, .gatedDeltaByHead],
    paths)
  func repeatedDecay(variant: LinearVariant, path: LinearAttentionPath) throws {
    var problem = try LinearProblem(variant, length: 45)
    let byHead = try problem.solved(Double.self, path: path)
    let decay = try #require(problem.decay).insertingAxis(3)
    problem.decay = decay
    let withLastAxis = try problem.solved(Double.self, path: path)
    #expect(withLastAxis.output.isBitwiseEqual(to: byHead.output))
    problem.decay = try decay.broadcast(to: [2, 3, 45, 5])
    expectSame(try problem.solved(Double.self, path: path), byHead, "\(variant)")
  }

  @Test(
    "A decay of −∞ forgets all before",
    arguments: [LinearVariant.gatedByHead, .gatedByKey, .gatedDeltaByHead, .gatedDeltaByKey], paths)
  func forgetting(variant: LinearVariant, path: LinearAttentionPath) throws {
    for token in [0, 1, 20, 44] {
      var problem = try LinearProblem(variant, length: 45)
      var decay = try #require(problem.decay)
      for b in 0..<2 {
        for g in 0..<3 {
          if variant.isDecayPerKey {
            for e in 0..<5 { decay[b, g, token, e] = -.infinity }
          } else {
            decay[b, g, token] = -.infinity
          }
        }
      }
      problem.decay = decay
      let result = try problem.solved(Double.self, path: path, chunkSize: 32)
      let fresh = try problem.part(token..<45, state: nil).solved(Double.self, path: path, chunkSize: 32)
      expectSame(try result.output.sliced(axis: 2, token..<45), fresh.output, "forgotten at \(token), output")
      expectSame(result.state.tensor, fresh.state.tensor, "forgotten at \(token), state")
    }
  }

  @Test("Tokens do not see those after them", arguments: LinearVariant.allCases, paths)
  func causality(variant: LinearVariant, path: LinearAttentionPath) throws {
    let problem = try LinearProblem(variant, length: 50)
    let expected = try problem.solved(Double.self, path: path, chunkSize: 32)
    for token in [1, 7, 31, 32, 49] {
      for poison in [1e30, .nan, .infinity] {
        var changed = problem
        for b in 0..<2 {
          for e in 0..<5 {
            changed.queries[b, 1, token, e] = poison
            changed.keys[b, 1, token, e] = poison
          }
          for m in 0..<7 { changed.values[b, 1, token, m] = poison }
          if variant.rule.usesBeta { changed.beta?[b, 1, token] = poison }
        }
        let result = try changed.solved(Double.self, path: path, chunkSize: 32)
        expectSame(
          try result.output.sliced(axis: 2, 0..<token), try expected.output.sliced(axis: 2, 0..<token),
          "\(poison) at token \(token)")
      }
    }
  }

  @Test("Grouped heads are heads whose keys, values and gates are repeated", arguments: LinearVariant.allCases, paths)
  func groups(variant: LinearVariant, path: LinearAttentionPath) throws {
    let grouped = try LinearProblem(variant, length: 29)
    func repeated(_ tensor: Tensor<Double>) throws -> Tensor<Double> {
      let shape = tensor.shape
      let pairs = try tensor.insertingAxis(2).broadcast(to: shape[..<2] + [2] + shape[2...])
      return try pairs.reshaped(to: [shape[0], 6] + shape[2...])
    }
    let single = try linearAttention(
      queries: grouped.queries, keys: repeated(grouped.keys), values: repeated(grouped.values), rule: variant.rule,
      decay: grouped.decay.map(repeated), beta: grouped.beta.map(repeated),
      state: LinearAttentionState(repeated(#require(grouped.state))), path: path)
    expectSame(try grouped.solved(Double.self, path: path).output, single.output, "\(variant)")
  }
}
