import Attention
import Support
import Testing

@Suite("The same numbers twice")
struct RepeatabilityTests {
  private struct Problem: Sendable {
    let q: Tensor<Double>
    let k: Tensor<Double>
    let v: Tensor<Double>
    let mask: AttentionMask<Double>

    /// Grouped heads, a mask of every kind, more than one tile of keys for few queries.
    init(queries: Int, keys: Int) throws {
      q = try numbers([3, 4, queries, 5])
      k = try numbers([3, 2, keys, 5], seed: 2)
      v = try numbers([3, 2, keys, 3], seed: 3)
      mask = .causal & .keep(try coins([3, 1, 1, keys], seed: 4)) & .bias(try numbers([4, 1, keys], seed: 5))
    }

    func attend(_ way: Way, details: AttentionDetailSet = []) throws -> Outcome {
      try way.attend(q, k, v, mask: mask, alignment: .end, details: details)
    }
  }

  static let sizes = [[7, 11], [3, 520]]

  @Test("25: bitwise equal when repeated, and for any number of workers", arguments: Way.all, sizes)
  func repeated(way: Way, size: [Int]) throws {
    let problem = try Problem(queries: size[0], keys: size[1])
    for details in [AttentionDetailSet(), [.weights, .logSumExp]] {
      let first = try problem.attend(way, details: details)
      for workers in [way.workers, way.workers, 3 - way.workers, 5] {
        var other = way
        other.workers = workers
        let again = try problem.attend(other, details: details)
        #expect(isBitwiseEqual(first.output, again.output), "output on \(workers)")
        #expect(isBitwiseEqual(first.weights, again.weights), "weights on \(workers)")
        #expect(isBitwiseEqual(first.logSumExp, again.logSumExp), "log-sum-exp on \(workers)")
      }
    }
  }

  @Test("25: a batch element alone equals itself in the batch", arguments: Way.all, sizes)
  func alone(way: Way, size: [Int]) throws {
    let problem = try Problem(queries: size[0], keys: size[1])
    let together = try problem.attend(way).output
    let keep = try #require(problem.mask.keeps.first)
    for b in 0..<3 {
      let mask =
        AttentionMask<Double>.causal & .keep(try keep.sliced(axis: 0, b..<(b + 1))) & .bias(problem.mask.biases[0])
      let single = try way.attend(
        problem.q.sliced(axis: 0, b..<(b + 1)), problem.k.sliced(axis: 0, b..<(b + 1)),
        problem.v.sliced(axis: 0, b..<(b + 1)), mask: mask, alignment: .end)
      expectClose(single.output, try together.sliced(axis: 0, b..<(b + 1)).elements, way, "element \(b)")
    }
  }

  @Test("25: eight callers at once get what one gets", arguments: Way.all)
  func concurrentCallers(way: Way) throws {
    let problem = try Problem(queries: 3, keys: 70)
    let expected = try problem.attend(way).output
    let outputs = try ConcurrentCalls.run(8) { _ in try problem.attend(way).output }
    #expect(outputs.count == 8)
    for (caller, output) in outputs.enumerated() {
      #expect(isBitwiseEqual(output, expected), "caller \(caller)")
    }
  }
}
