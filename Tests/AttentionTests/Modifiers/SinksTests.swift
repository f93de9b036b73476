import Attention
import Glibc
import Testing

@Suite("21: sinks")
struct SinksTests {
  @Test("By hand: two keys of score 0 and a sink of 0 share three ways", arguments: Way.all)
  func byHand(way: Way) throws {
    let (q, k) = (try Tensor<Double>(zeros: [1, 1, 1, 3]), try Tensor<Double>(zeros: [1, 1, 2, 3]))
    let v = try Tensor<Double>([3, 0, 0, 6], shape: [1, 1, 2, 2])
    let outcome = try way.attend(q, k, v, details: [.weights, .logSumExp], sinks: [0])
    expectClose(outcome.output, [1, 2], way)
    expectClose(outcome.weights, [1.0 / 3, 1.0 / 3], way, "weights")
    expectClose(outcome.logSumExp, [log(3.0)], way, "log-sum-exp")
    expectClose(try way.attend(q, k, v, sinks: [0]).output, [1, 2], way, "output alone")
  }

  /// A sink is a key of that score whose value is 0: the sink's weight falls out of the output.
  @Test("A sink is one more key with a value of 0", arguments: Way.all)
  func isAKeyWithoutValue(way: Way) throws {
    let (b, h, g, l, s, d, dv) = (2, 6, 3, 5, 531, 7, 3)
    let (q, k, v) = (
      try numbers([b, h, l, d]), try numbers([b, g, s, d], seed: 2), try numbers([b, g, s, dv], seed: 3)
    )
    let sinks = (0..<h).map { Double($0) - 2.5 }
    // Key s is 0, so that its score is its bias; a value of 0.
    let longer = (
      try Tensor<Double>(concatenating: k, zeros: 1), try Tensor<Double>(concatenating: v, zeros: 1)
    )
    let keep = try coins([b, 1, l, s], seed: 5)
    let bias = try Tensor<Double>(
      (0..<h).flatMap { head in (0..<(s + 1)).map { $0 == s ? sinks[head] : 0.0 } }, shape: [h, 1, s + 1])
    let wider = try Tensor<Bool>(
      (0..<(b * l)).flatMap { row in (0..<(s + 1)).map { $0 == s ? true : keep.elements[row * s + $0] } },
      shape: [b, 1, l, s + 1])
    let actual = try way.attend(q, k, v, mask: .keep(keep), details: [.weights, .logSumExp], sinks: sinks)
    let expected = try Way(path: .reference, element: .double, workers: 1).attend(
      q, longer.0, longer.1, mask: .keep(wider) & .bias(bias), details: [.weights, .logSumExp])
    expectClose(actual.output, expected.output.elements, way)
    expectClose(actual.logSumExp, try #require(expected.logSumExp).elements, way, "log-sum-exp")
    let weights = try #require(expected.weights).sliced(axis: 3, 0..<s)
    expectClose(actual.weights, weights.elements, way, "weights")
    let alone = try way.attend(q, k, v, mask: .keep(keep), sinks: sinks)
    expectClose(alone.output, expected.output.elements, way, "output alone")
  }

  @Test("A query with nothing to attend gives 0, and its sink as log-sum-exp", arguments: Way.all)
  func emptyRows(way: Way) throws {
    let (q, k, v) = (
      try numbers([1, 2, 3, 5]), try numbers([1, 2, 4, 5], seed: 2), try numbers([1, 2, 4, 2], seed: 3)
    )
    let keep = try Tensor(
      [true, true, false, true, false, false, false, false, true, true, true, true], shape: [3, 4])
    for details in [[AttentionDetailSet.weights, .logSumExp], [.logSumExp]] {
      let outcome = try way.attend(
        q, k, v, mask: .keep(keep), details: AttentionDetailSet(details), sinks: [0.75, -.infinity])
      let output = outcome.output.elements
      #expect(output[2...3].allSatisfy { $0 == 0 } && output[8...9].allSatisfy { $0 == 0 })
      let logSumExp = try #require(outcome.logSumExp).elements
      #expect(logSumExp[1] == 0.75 && logSumExp[4] == -.infinity)
      #expect(outcome.weights.map { $0.elements[4...7].allSatisfy { $0 == 0 } } ?? true)
    }
  }

  @Test("−∞ is no sink; one far above the scores takes all", arguments: Way.all)
  func limits(way: Way) throws {
    let (q, k, v) = (
      try numbers([1, 2, 3, 5]), try numbers([1, 2, 4, 5], seed: 2), try numbers([1, 2, 4, 2], seed: 3)
    )
    let without = try way.attend(q, k, v, details: [.logSumExp])
    let none = try way.attend(q, k, v, details: [.logSumExp], sinks: [-.infinity, -.infinity])
    #expect(none.output.elements == without.output.elements)
    #expect(none.logSumExp?.elements == without.logSumExp?.elements)
    let all = try way.attend(q, k, v, sinks: [1e4, 1e4])
    #expect(all.output.elements.allSatisfy { $0 == 0 })
    // Far below, it changes nothing either.
    #expect(try way.attend(q, k, v, sinks: [-1e4, -1e4]).output.elements == without.output.elements)
  }

  @Test("NaN in a query stays in its row", arguments: Way.all)
  func notANumber(way: Way) throws {
    let q = try Tensor<Double>([1, 2, .nan, 1, 0, 1], shape: [1, 1, 3, 2])
    let outcome = try way.attend(
      q, try numbers([1, 1, 4, 2], seed: 2), try numbers([1, 1, 4, 2], seed: 3), details: [.logSumExp], sinks: [0.5])
    let isNaN = outcome.output.elements.map(\.isNaN)
    #expect(isNaN == [false, false, true, true, false, false])
    #expect(outcome.logSumExp?.elements.map(\.isNaN) == [false, true, false])
  }

  @Test("One for each head, and finite or −∞")
  func wrongSinks() throws {
    let shape = try AttentionShape(heads: 3, queries: 2, keys: 2, headSize: 4)
    func expectError(_ sinks: [Float], _ expected: AttentionError) {
      #expect(throws: expected) {
        try AttentionPlan<Float>(shape: shape, modifiers: AttentionModifiers(sinks: sinks))
      }
    }
    expectError([1, 2], .argument(name: "sinks", expected: "3, one per head", actual: "2"))
    expectError([], .argument(name: "sinks", expected: "3, one per head", actual: "0"))
    expectError(
      [0, .nan, 0], .argument(name: "sink", expected: "finite, or -infinity for none", actual: "nan"))
    expectError(
      [0, .infinity, 0], .argument(name: "sink", expected: "finite, or -infinity for none", actual: "inf"))
    // A plan's modifiers may be set later; the run checks them.
    var plan = try AttentionPlan<Float>(shape: shape)
    plan.modifiers.sinks = [1]
    let x = try Tensor<Float>(zeros: [1, 3, 2, 4])
    #expect(throws: AttentionError.argument(name: "sinks", expected: "3, one per head", actual: "1")) {
      try plan(queries: x, keys: x, values: x)
    }
  }
}

extension Tensor<Double> {
  /// [B, G, S, D] with rows of 0 after the S.
  fileprivate init(concatenating tensor: Tensor, zeros: Int) throws {
    let (pairs, s, d) = (tensor.shape[0] * tensor.shape[1], tensor.shape[2], tensor.shape[3])
    let elements = tensor.elements
    var all: [Double] = []
    for pair in 0..<pairs {
      all += elements[(pair * s * d)..<((pair + 1) * s * d)]
      all += Array(repeating: 0, count: zeros * d)
    }
    try self.init(all, shape: [tensor.shape[0], tensor.shape[1], s + zeros, d])
  }
}
