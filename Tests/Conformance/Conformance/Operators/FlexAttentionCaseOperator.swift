internal import Attention
internal import Checkpoints

/// ONNX `FlexAttention` of the preview domain, version 1.
package enum FlexAttentionCaseOperator: CaseOperator {
  package static let name = "FlexAttention"
  package static let inputs: Set = ["Q", "K", "V"]
  package static let attributes: Set = ["prob_mod", "scale", "score_mod", "softmax_precision"]

  package static func results(of test: ConformanceCase) throws -> [CaseResult] {
    switch try CaseArithmetic(test, query: "Q") {
    case .float: try results(of: test, as: Float.self)
    case .double: try results(of: test, as: Double.self)
    }
  }

  private static func results<Scalar: BLASScalar>(
    of test: ConformanceCase, as type: Scalar.Type
  ) throws -> [CaseResult] {
    let queries = try test.input("Q", as: type)
    let keys = try test.input("K", as: type)
    let values = try test.input("V", as: type)
    let modifiers = AttentionModifiers(
      scoreProgram: try FlexAttentionPrograms.score(of: test, as: type),
      probabilityProgram: try FlexAttentionPrograms.probability(of: test, as: type))
    let hasProgram = try test.graph("score_mod") != nil || test.graph("prob_mod") != nil
    return try AttentionWay.all.serving(everyOption: hasProgram).map { way in
      let output = try scaledDotProductAttention(
        queries: queries, keys: keys, values: values, modifiers: modifiers, scale: test.number("scale"), path: way.path,
        workers: way.workers)
      return CaseResult(way: way.description, outputs: ["Y": try CaseOutput(output, roundedTo: test.inputType("V"))])
    }
  }
}
