import Attention
import Testing

@Suite("Empty problems")
struct EmptyProblemTests {
  static let sizes = ["B", "H", "L", "S", "Dv"]

  @Test("9: output and details have the right shape when a size is 0", arguments: Way.all, sizes)
  func shapesOfNothing(way: Way, size: String) throws {
    func unless(_ name: String, _ value: Int) -> Int { size == name ? 0 : value }
    let (b, h, l, s, dv) = (unless("B", 2), unless("H", 3), unless("L", 5), unless("S", 7), unless("Dv", 11))
    let (q, k, v) = (try numbers([b, h, l, 13]), try numbers([b, h, s, 13]), try numbers([b, h, s, dv]))
    for mask in [AttentionMask<Double>.none, .causal, .causal & .window(left: 1, right: 1)] {
      for details in [AttentionDetailSet(), .all] {
        let outcome = try way.attend(q, k, v, mask: mask, alignment: .end, details: details)
        #expect(outcome.output.shape == [b, h, l, dv])
        #expect(outcome.output.count == 0 || size == "S")
        guard !details.isEmpty else { continue }
        #expect(outcome.weights?.shape == [b, h, l, s])
        #expect(outcome.maskedScores?.shape == [b, h, l, s])
        #expect(outcome.rawScores?.shape == [b, h, l, s])
        #expect(outcome.cappedScores?.shape == [b, h, l, s])
        #expect(outcome.logSumExp?.shape == [b, h, l])
      }
    }
  }

  @Test("9: no keys give zeros, log-sum-exp −∞", arguments: Way.all)
  func noKeys(way: Way) throws {
    let masks: [AttentionMask<Double>] = [
      .none, .causal, .keyLengths([0, 0]), .keep(try Tensor(zeros: [3, 0])), .keep(try Tensor([true], shape: [1])),
      .bias(try Tensor(zeros: [0])), .bias(try Tensor([2], shape: [1, 1])),
    ]
    for mask in masks {
      let outcome = try way.attend(
        numbers([2, 4, 3, 5]), numbers([2, 2, 0, 5]), numbers([2, 2, 0, 2]), mask: mask, alignment: .end,
        details: [.logSumExp])
      expectClose(outcome.output, Array(repeating: 0, count: 48), way, "output, \(mask)")
      expectClose(outcome.logSumExp, Array(repeating: -.infinity, count: 24), way, "log-sum-exp, \(mask)")
    }
  }

  @Test("9: heads of size 0 give the mean of V", arguments: Way.all)
  func noHeadSize(way: Way) throws {
    let (q, k) = (try Tensor<Double>(zeros: [1, 2, 3, 0]), try Tensor<Double>(zeros: [1, 1, 4, 0]))
    let v = try Tensor<Double>([1, 10, 2, 20, 3, 30, 6, 60], shape: [1, 1, 4, 2])
    let outcome = try way.attend(q, k, v, details: .all)
    expectClose(outcome.output, [3, 30, 3, 30, 3, 30, 3, 30, 3, 30, 3, 30], way)
    expectClose(outcome.weights, Array(repeating: 0.25, count: 24), way, "weights")
    expectClose(outcome.rawScores, Array(repeating: 0, count: 24), way, "raw scores")
    let causal = try way.attend(q, k, v, mask: .causal, alignment: .start)
    expectClose(causal.output, [1, 10, 1.5, 15, 2, 20, 1, 10, 1.5, 15, 2, 20], way, "causal output")
  }

  @Test("9: values of size 0 still have weights", arguments: Way.all)
  func noValueSize(way: Way) throws {
    let (q, k) = (try numbers([1, 2, 3, 5]), try numbers([1, 2, 4, 5], seed: 2))
    let v = try Tensor<Double>(zeros: [1, 2, 4, 0])
    let expected = DoubleOracle(q, k, v).computed()
    let outcome = try way.attend(q, k, v, details: [.weights, .logSumExp])
    #expect(outcome.output.shape == [1, 2, 3, 0])
    expectClose(outcome.weights, expected.weights, way, "weights")
    expectClose(outcome.logSumExp, expected.logSumExp, way, "log-sum-exp")
    expectClose(try way.attend(q, k, v, details: [.logSumExp]).logSumExp, expected.logSumExp, way, "log-sum-exp alone")
  }

  @Test("9: empty tensors of rank 3", arguments: Way.all)
  func joinedHeads(way: Way) throws {
    let none = try way.attend(numbers([2, 0, 6]), numbers([2, 4, 6]), numbers([2, 4, 10]), heads: 2)
    #expect(none.output.shape == [2, 0, 10])
    let zeros = try way.attend(numbers([2, 3, 6]), numbers([2, 0, 6]), numbers([2, 0, 10]), heads: 2)
    #expect(zeros.output.shape == [2, 3, 10])
    expectClose(zeros.output, Array(repeating: 0, count: 60), way)
    let v = try Tensor<Double>([1, 5, 3, 7], shape: [1, 2, 2])
    let mean = try way.attend(Tensor(zeros: [1, 1, 0]), Tensor(zeros: [1, 2, 0]), v, heads: 2)
    expectClose(mean.output, [2, 6], way, "mean of values for heads of size 0")
  }
}
