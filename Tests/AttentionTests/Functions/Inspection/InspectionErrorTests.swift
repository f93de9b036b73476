import Attention
import Testing

/// Requests that can't be met: the exact error of each.
@Suite struct InspectionErrorTests {
  private func inspect(
    _ inspection: AttentionInspection, mask: AttentionMask<Float> = .none,
    modifiers: AttentionModifiers<Float> = .none, keys: [Int] = [2, 1, 7, 5]
  ) throws -> AttentionInsight<Float> {
    try inspectAttention(
      inspection, queries: Tensor(zeros: [2, 3, 4, 5]), keys: Tensor(zeros: keys), mask: mask, modifiers: modifiers)
  }

  @Test(arguments: [0, -1, Int.min])
  func tooFewTopKeys(k: Int) {
    #expect(throws: AttentionError.argument(name: "topKeys", expected: "1 or more", actual: "\(k)")) {
      try inspect(AttentionInspection(topKeys: k))
    }
  }

  @Test func tooManyTopKeys() {
    #expect(throws: AttentionError.argument(name: "topKeys", expected: "1...2147483647", actual: "\(Int.max)")) {
      try inspect(AttentionInspection(topKeys: .max))
    }
  }

  @Test(arguments: [-1, 3, 1000])
  func headOutOfRange(head: Int) {
    #expect(throws: AttentionError.argument(name: "head of weights", expected: "0..<3", actual: "\(head)")) {
      try inspect(AttentionInspection(weights: WeightSelection(heads: [0, head])))
    }
  }

  @Test(arguments: [-1, 4, Int.max])
  func queryOutOfRange(query: Int) {
    #expect(throws: AttentionError.argument(name: "query of weights", expected: "0..<4", actual: "\(query)")) {
      try inspect(AttentionInspection(weights: WeightSelection(queries: [query])))
    }
  }

  @Test func tensorsThatDoNotFit() {
    #expect(
      throws: AttentionError.shape(
        name: "key", expected: "batch 2 and head size 5 to go with query [2, 3, 4, 5]", actual: [2, 1, 7, 6])
    ) { try inspect(AttentionInspection(.entropy), keys: [2, 1, 7, 6]) }
    #expect(throws: AttentionError.headCounts(heads: 3, keyValueHeads: 2)) {
      try inspect(AttentionInspection(.entropy), keys: [2, 2, 7, 5])
    }
    #expect(throws: AttentionError.rank(name: "key", expected: "3 or 4", shape: [7, 5])) {
      try inspect(AttentionInspection(.entropy), keys: [7, 5])
    }
  }

  @Test func masksAndModifiersThatDoNotFit() {
    #expect(throws: AttentionError.alignmentNeeded(queries: 4, keys: 7)) {
      try inspect(AttentionInspection(.entropy), mask: .causal)
    }
    #expect(throws: AttentionError.maskShape(name: "keep mask", shape: [6], expected: [2, 3, 4, 7])) {
      try inspect(AttentionInspection(.entropy), mask: .keep(Tensor(repeating: true, shape: [6])))
    }
    #expect(throws: AttentionError.argument(name: "sinks", expected: "3, one per head", actual: "1")) {
      try inspect(AttentionInspection(.entropy), modifiers: AttentionModifiers(sinks: [0]))
    }
    let dropout = AttentionDropout(probability: 1.5, seed: 0)
    #expect(throws: AttentionError.argument(name: "dropout probability", expected: "0...1", actual: "1.5")) {
      try inspect(AttentionInspection(.entropy), modifiers: AttentionModifiers(dropout: dropout))
    }
  }

  @Test func beyondThePlan() throws {
    let plan = try AttentionPlan<Float>(
      shape: AttentionShape(heads: 2, queries: 3, keys: 4, headSize: 5, valueHeadSize: 7))
    func inspect(_ queries: [Int], _ keys: [Int], values: [Int]? = nil, mask: AttentionMask<Float>? = nil) throws {
      let (queries, keys) = (try Tensor<Float>(zeros: queries), try Tensor<Float>(zeros: keys))
      if let values {
        _ = try plan.inspect(
          AttentionInspection(.maximum), queries: queries, keys: keys, values: Tensor(zeros: values), mask: mask)
      } else {
        _ = try plan.inspect(AttentionInspection(.maximum), queries: queries, keys: keys, mask: mask)
      }
    }
    try inspect([1, 2, 2, 5], [1, 2, 3, 5])
    try inspect([1, 2, 2, 5], [1, 2, 3, 5], values: [1, 2, 3, 7])
    #expect(throws: AttentionError.capacity(name: "keys", capacity: 4, actual: 6)) {
      try inspect([1, 2, 3, 5], [1, 2, 6, 5])
    }
    #expect(throws: AttentionError.capacity(name: "batch", capacity: 1, actual: 2)) {
      try inspect([2, 2, 3, 5], [2, 2, 4, 5])
    }
    #expect(throws: AttentionError.argument(name: "headSize", expected: "5, as planned", actual: "6")) {
      try inspect([1, 2, 3, 6], [1, 2, 4, 6])
    }
    #expect(throws: AttentionError.argument(name: "valueHeadSize", expected: "7, as planned", actual: "5")) {
      try inspect([1, 2, 3, 5], [1, 2, 4, 5], values: [1, 2, 4, 5])
    }
    #expect(throws: AttentionError.argument(name: "key length", expected: "0...4", actual: "5")) {
      try inspect([1, 2, 3, 5], [1, 2, 4, 5], mask: .keyLengths([5]))
    }
  }
}
