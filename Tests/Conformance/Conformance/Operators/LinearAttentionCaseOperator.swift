internal import Attention
internal import Checkpoints

/// ONNX `LinearAttention`, opset 27, by `linearAttention` on both paths, in chunks as long as the case wants them and shorter than
/// its sequences.
package enum LinearAttentionCaseOperator: CaseOperator {
  package static let name = "LinearAttention"
  package static let inputs: Set = ["query", "key", "value", "past_state", "decay", "beta"]
  package static let attributes: Set = ["chunk_size", "kv_num_heads", "q_num_heads", "scale", "update_rule"]

  package static func results(of test: ConformanceCase) throws -> [CaseResult] {
    switch try CaseArithmetic(test, query: "query") {
    case .float: try LinearAttentionCase<Float>(test).results()
    case .double: try LinearAttentionCase<Double>(test).results()
    }
  }
}

private struct LinearAttentionCase<Scalar: BLASScalar> {
  let test: ConformanceCase
  let rule: LinearAttentionRule
  let scale: Double?
  let chunkSize: Int

  init(_ test: ConformanceCase) throws {
    self.test = test
    let name = try test.text("update_rule") ?? LinearAttentionRule.gatedDelta.rawValue
    guard let rule = LinearAttentionRule(rawValue: name) else {
      throw ConformanceError.attributeValue(
        name: "update_rule", expected: LinearAttentionRule.allCases.map(\.rawValue).joined(separator: ", "),
        actual: name)
    }
    self.rule = rule
    // The operator's default of 0 stands for 1/√D.
    scale = try test.number("scale").flatMap { $0 == 0 ? nil : $0 }
    chunkSize = try test.integer("chunk_size") ?? 64
  }

  func results() throws -> [CaseResult] {
    var results: [CaseResult] = []
    for path in LinearAttentionPath.allCases where path != .automatic {
      for chunkSize in path == .chunked ? [chunkSize, 3] : [chunkSize] {
        for workers in [1, 2] {
          let chunks = path == .chunked ? " by \(chunkSize)" : ""
          let way = "\(path.rawValue)\(chunks), \(workers) \(workers == 1 ? "worker" : "workers")"
          results.append(CaseResult(way: way, outputs: try outputs(path, chunkSize: chunkSize, workers: workers)))
        }
      }
    }
    return results
  }

  private func outputs(
    _ path: LinearAttentionPath, chunkSize: Int, workers: Int
  ) throws -> [String: CaseOutput] {
    let result = try linearAttention(
      queries: test.input("query", as: Scalar.self), keys: test.input("key", as: Scalar.self),
      values: test.input("value", as: Scalar.self), heads: test.integer("q_num_heads"),
      keyValueHeads: test.integer("kv_num_heads"), rule: rule, decay: optional("decay"), beta: optional("beta"),
      state: optional("past_state").map { try LinearAttentionState($0) }, scale: scale, chunkSize: chunkSize,
      path: path, workers: workers)
    // The state keeps the type that it came in.
    let stateType = try test.inputType(test.hasInput("past_state") ? "past_state" : "query")
    return [
      "output": try CaseOutput(result.output, roundedTo: test.inputType("query")),
      "present_state": try CaseOutput(result.state.tensor, roundedTo: stateType),
    ]
  }

  private func optional(_ name: String) throws -> Tensor<Scalar>? {
    test.hasInput(name) ? try test.input(name, as: Scalar.self) : nil
  }
}
