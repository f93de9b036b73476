import Attention
import Support
import Testing

/// Operands joined, strided, shared and of either rank give the same; none is changed.
@Suite("Linear attention: layouts and memory")
struct LinearAttentionLayoutTests {
  static let paths = [LinearAttentionPath.recurrent, .chunked]

  @Test("Rank 3 is rank 4 with heads joined", arguments: LinearVariant.allCases, paths)
  func joinedHeads(variant: LinearVariant, path: LinearAttentionPath) throws {
    let problem = try LinearProblem(variant, length: 21)
    let expected = try problem.solved(Float.self, path: path, chunkSize: 16)
    func joined(_ tensor: Tensor<Double>) throws -> Tensor<Float> {
      try (tensor.rank == 3 ? tensor.insertingAxis(3) : tensor).mergingHeads().converted(to: Float.self)
    }
    let result = try linearAttention(
      queries: joined(problem.queries), keys: joined(problem.keys), values: joined(problem.values), heads: 6,
      keyValueHeads: 3, rule: variant.rule, decay: problem.decay.map(joined), beta: problem.beta.map(joined),
      state: LinearAttentionState(#require(problem.state).converted(to: Float.self)), chunkSize: 16, path: path)
    #expect(result.output.shape == [2, 21, 42])
    #expect(try result.output.splittingHeads(6).contiguous().isBitwiseEqual(to: expected.output))
    #expect(result.state.tensor.isBitwiseEqual(to: expected.state.tensor))

    // Ranks may be mixed: the output has the queries', gates have the keys'.
    let mixed = try linearAttention(
      queries: problem.queries.converted(to: Float.self), keys: joined(problem.keys), values: joined(problem.values),
      keyValueHeads: 3, rule: variant.rule, decay: problem.decay.map(joined), beta: problem.beta.map(joined),
      state: LinearAttentionState(#require(problem.state).converted(to: Float.self)), chunkSize: 16, path: path)
    #expect(mixed.output.isBitwiseEqual(to: expected.output))
  }

  @Test("One β for all heads is that β for each", arguments: [LinearVariant.delta, .gatedDeltaByKey], paths)
  func sharedRate(variant: LinearVariant, path: LinearAttentionPath) throws {
    var problem = try LinearProblem(variant, length: 21)
    let one = try #require(problem.beta).sliced(axis: 1, 1..<2)  // [B, 1, L]
    problem.beta = try one.broadcast(to: [2, 3, 21])
    let expected = try problem.solved(Double.self, path: path)
    for shape in [[2, 1, 21], [2, 1, 21, 1], [2, 3, 21, 1]] {
      problem.beta = try shape[1] == 1 ? one.reshaped(to: shape) : one.broadcast(to: [2, 3, 21]).insertingAxis(3)
      #expect(try problem.beta?.shape == shape && problem.solved(Double.self, path: path).output == expected.output)
    }
    let joined = try linearAttention(
      queries: problem.queries.mergingHeads(), keys: problem.keys.mergingHeads(), values: problem.values.mergingHeads(),
      heads: 6, keyValueHeads: 3, rule: variant.rule, decay: problem.decay?.mergingHeads(),
      beta: one.transposed(1, 2), state: LinearAttentionState(#require(problem.state)), path: path)
    #expect(joined.output.shape == [2, 21, 42])
    #expect(try joined.output.splittingHeads(6) == expected.output)
  }

  @Test("Views give what their copies give", arguments: LinearVariant.allCases, paths)
  func views(variant: LinearVariant, path: LinearAttentionPath) throws {
    var problem = try LinearProblem(variant, length: 21)
    let expected = try problem.solved(Double.self, path: path, chunkSize: 16)
    /// The same numbers, laid out backwards.
    func turned(_ tensor: Tensor<Double>) throws -> Tensor<Double> {
      let order = Array((0..<tensor.rank).reversed())
      return try tensor.permuted(order).contiguous().permuted(order)
    }
    (problem.queries, problem.keys) = (try turned(problem.queries), try turned(problem.keys))
    (problem.values, problem.decay) = (try turned(problem.values), try problem.decay.map(turned))
    (problem.beta, problem.state) = (try problem.beta.map(turned), try problem.state.map(turned))
    #expect(!problem.keys.isContiguous)
    let result = try problem.solved(Double.self, path: path, chunkSize: 16)
    #expect(result.output.isBitwiseEqual(to: expected.output))
    #expect(result.state.tensor.isBitwiseEqual(to: expected.state.tensor))

    // One token for all of them: rows without a distance.
    problem.keys = try problem.keys.sliced(axis: 2, 0..<1).broadcast(to: [2, 3, 21, 5])
    problem.beta = try problem.beta?.sliced(axis: 2, 0..<1).broadcast(to: [2, 3, 21])
    let repeated = try problem.solved(Double.self, path: path, chunkSize: 16)
    problem.keys = try problem.keys.contiguous()
    problem.beta = try problem.beta?.contiguous()
    #expect(try repeated.output.isBitwiseEqual(to: problem.solved(Double.self, path: path, chunkSize: 16).output))
  }

  @Test("Operands stay as they were", arguments: LinearVariant.allCases, paths)
  func unchanged(variant: LinearVariant, path: LinearAttentionPath) throws {
    let problem = try LinearProblem(variant, length: 21)
    let before = [problem.queries, problem.keys, problem.values, problem.decay, problem.beta, problem.state]
      .map { $0?.elements }
    _ = try problem.solved(Double.self, path: path)
    let after = [problem.queries, problem.keys, problem.values, problem.decay, problem.beta, problem.state]
      .map { $0?.elements }
    #expect(before == after)
  }

  @Test(
    "A state updated in place is the state returned; its copies keep what they had", arguments: LinearVariant.allCases,
    paths)
  func updating(variant: LinearVariant, path: LinearAttentionPath) throws {
    let problem = try LinearProblem(variant, length: 21)
    let expected = try problem.solved(Double.self, path: path)
    let given = try #require(problem.state)
    let order = [3, 2, 1, 0]
    for start in [given, try given.permuted(order).contiguous().permuted(order)] {
      var state = try LinearAttentionState(start)
      let kept = state
      let output = try linearAttention(
        queries: problem.queries, keys: problem.keys, values: problem.values, rule: variant.rule, decay: problem.decay,
        beta: problem.beta, updating: &state, options: LinearAttentionOptions(path: path))
      #expect(output.isBitwiseEqual(to: expected.output))
      #expect(state.tensor.isBitwiseEqual(to: expected.state.tensor))
      #expect(kept.tensor == given && start == given)
    }
  }

  @Test("A state that is an operand too is copied before it is written")
  func aliased() throws {
    let shared = try Tensor<Double>([1, 2, 3, 4], shape: [1, 1, 2, 2])
    var state = try LinearAttentionState(shared)
    let output = try linearAttention(
      queries: shared, keys: shared, values: shared, rule: .linear, updating: &state,
      options: LinearAttentionOptions(scale: 1, path: .chunked))
    #expect(state.tensor.elements == [11, 16, 17, 24])
    #expect(output.elements == [12, 20, 101, 144])
    #expect(shared.elements == [1, 2, 3, 4])
  }

  @Test("Calls at the same time give what one gives", arguments: [LinearVariant.linear, .gatedDeltaByKey])
  func concurrent(variant: LinearVariant) throws {
    let problem = try LinearProblem(variant, length: 70)
    let expected = try problem.solved(Float.self, path: .chunked, workers: 2)
    let results = try ConcurrentCalls.run(6) { _ in try problem.solved(Float.self, path: .chunked, workers: 2) }
    for result in results {
      #expect(result.output.isBitwiseEqual(to: expected.output))
      #expect(result.state.tensor.isBitwiseEqual(to: expected.state.tensor))
    }
  }
}
