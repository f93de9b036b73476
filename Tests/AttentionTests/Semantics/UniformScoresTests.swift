import Attention
import Testing

@Suite("Scores that are all the same")
struct UniformScoresTests {
  @Test("10: one key gives exactly its value, with weight exactly 1", arguments: Way.all)
  func oneKey(way: Way) throws {
    let (q, k, v) = (
      try numbers([2, 4, 5, 3]), try numbers([2, 2, 1, 3], seed: 2), try numbers([2, 2, 1, 7], seed: 3)
    )
    let rows = v.elements
    // Heads 0 and 1 use the first of the two key/value heads, 2 and 3 the second.
    let expected = [0, 0, 1, 1, 2, 2, 3, 3].flatMap { pair in
      (0..<5).flatMap { _ in rows[(pair * 7)..<(pair * 7 + 7)] }
    }
    for (mask, softcap) in [(AttentionMask<Double>.none, nil), (.causal, nil), (.keyLengths([1, 1]), 2.0)] {
      for details in [AttentionDetailSet(), [.weights]] {
        let outcome = try way.attend(q, k, v, mask: mask, softcap: softcap, alignment: .start, details: details)
        #expect(outcome.output.elements == expected)
        #expect(details.isEmpty || outcome.weights?.elements == Array(repeating: 1, count: 40))
      }
    }
  }

  @Test("10: zero queries give the mean of V", arguments: Way.all)
  func zeroQueries(way: Way) throws {
    let v = try Tensor<Double>([1, 10, 2, 20, 6, 60], shape: [1, 1, 3, 2])
    let outcome = try way.attend(Tensor(zeros: [1, 2, 2, 5]), numbers([1, 1, 3, 5]), v, details: [.weights])
    expectClose(outcome.output, [3, 30, 3, 30, 3, 30, 3, 30], way)
    expectClose(outcome.weights, Array(repeating: 1.0 / 3, count: 12), way, "weights")
  }

  @Test("10: equal keys give the mean of V, over tiles too", arguments: Way.all, [3, 511, 512, 513, 1025])
  func equalKeys(way: Way, keys: Int) throws {
    let k = try numbers([1, 1, 1, 5], seed: 2).broadcast(to: [1, 1, keys, 5])
    let v = try Tensor((0..<keys).flatMap { [Double($0), 1] }, shape: [1, 1, keys, 2])
    let outcome = try way.attend(numbers([1, 2, 1, 5]), k, v)
    let mean = Double(keys - 1) / 2
    expectClose(outcome.output, [mean, 1, mean, 1], way)
  }
}
