import Attention
import Support
import Testing

/// NaN and infinities reach what they reach token by token, in chunks too.
@Suite("Linear attention: NaN and infinities")
struct LinearAttentionNonFiniteTests {
  /// Expects finite numbers within rounding, and the others at the same places.
  private func expectSame(
    _ actual: LinearAttentionResult<Double>, _ expected: LinearAttentionResult<Double>, _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for (name, actual, expected) in [
      ("output", actual.output, expected.output), ("state", actual.state.tensor, expected.state.tensor),
    ] {
      let numbers = expected.doubles
      let comparison = Comparison(
        actual, numbers, shape: expected.shape, absolute: ErrorBound.double(numbers, least: 1))
      #expect(comparison.isWithin, "\(what), \(name): \(comparison)", sourceLocation: sourceLocation)
    }
  }

  @Test(
    "In any operand, at any place of a chunk", arguments: LinearVariant.allCases, [Double.nan, .infinity, -.infinity])
  func anywhere(variant: LinearVariant, poison: Double) throws {
    for token in [5, 15, 16] {
      let clean = try LinearProblem(variant, length: 37)
      var problems: [(String, LinearProblem)] = []
      func add(_ name: String, _ change: (inout LinearProblem) -> Void) {
        var changed = clean
        change(&changed)
        problems.append((name, changed))
      }
      add("query") { $0.queries[1, 2, token, 3] = poison }
      add("key") { $0.keys[1, 2, token, 3] = poison }
      add("value") { $0.values[1, 2, token, 3] = poison }
      add("state") { $0.state?[1, 2, 4, 3] = poison }
      if variant.rule.usesBeta { add("beta") { $0.beta?[1, 2, token] = poison } }
      if variant.isDecayPerKey {
        add("decay") { $0.decay?[1, 2, token, 3] = poison }
      } else if variant.rule.usesDecay {
        add("decay") { $0.decay?[1, 2, token] = poison }
      }
      for (name, problem) in problems {
        expectSame(
          try problem.solved(Double.self, path: .chunked, chunkSize: 16),
          try problem.solved(Double.self, path: .recurrent), "\(poison) in \(name) at token \(token)")
      }
    }
  }

  @Test(
    "A NaN value stays in its column and its head", arguments: LinearVariant.allCases,
    [LinearAttentionPath.recurrent, .chunked])
  func column(variant: LinearVariant, path: LinearAttentionPath) throws {
    var problem = try LinearProblem(variant, length: 37)
    problem.values[1, 2, 20, 3] = .nan
    let result = try problem.solved(Float.self, path: path, chunkSize: 16)
    for b in 0..<2 {
      for h in 0..<6 {
        for token in 0..<37 {
          for m in 0..<7 {
            let isReached = b == 1 && h / 2 == 2 && m == 3 && token >= 20
            #expect(result.output[b, h, token, m].isNaN == isReached, "[\(b), \(h), \(token), \(m)]")
          }
        }
      }
    }
    let reached = result.state.tensor.elements.count { $0.isNaN }
    #expect(reached == 5)
  }

  @Test(
    "Products of decays that overflow leave a state of zeros 0",
    arguments: [LinearVariant.gatedByHead, .gatedByKey, .gatedDeltaByHead, .gatedDeltaByKey])
  func overflowingDecays(variant: LinearVariant) throws {
    var problem = try LinearProblem(variant, length: 40, hasState: false, decaySpread: -30)
    problem.keys = try Tensor(zeros: problem.keys.shape)
    for path in [LinearAttentionPath.recurrent, .chunked] {
      let result = try problem.solved(Float.self, path: path)
      #expect(result.output.elements.allSatisfy { $0 == 0 })
      #expect(result.state.tensor.elements.allSatisfy { $0 == 0 })
    }
  }
}
