internal import Attention
internal import Checkpoints

/// ONNX `RotaryEmbedding`, opset 23, by `RotaryPositions` of the case's own tables.
package enum RotaryEmbeddingCaseOperator: CaseOperator {
  package static let name = "RotaryEmbedding"
  package static let inputs: Set = ["X", "cos_cache", "sin_cache", "position_ids"]
  package static let attributes: Set = ["interleaved", "num_heads", "rotary_embedding_dim"]

  package static func results(of test: ConformanceCase) throws -> [CaseResult] {
    let output =
      switch try CaseArithmetic(test, query: "X") {
      case .float: try output(of: test, as: Float.self)
      case .double: try output(of: test, as: Double.self)
      }
    return [CaseResult(way: "rotated", outputs: ["Y": output])]
  }

  private static func output<Scalar: BLASScalar>(
    of test: ConformanceCase, as type: Scalar.Type
  ) throws -> CaseOutput {
    let x = try test.input("X", as: type)
    let cosines = try test.input("cos_cache", as: type)
    let sines = try test.input("sin_cache", as: type)
    let heads = try test.integer("num_heads").flatMap { $0 == 0 ? nil : $0 }
    let pairing: RotaryPairing = try test.integer("interleaved") ?? 0 != 0 ? .interleaved : .halves
    try checkRotarySize(test, x: x.shape, heads: heads, tables: cosines.shape)
    let rotated =
      if test.hasInput("position_ids") {
        try RotaryPositions(cosines: cosines, sines: sines, pairing: pairing)(
          x, at: .given(test.integers("position_ids")), headCount: heads)
      } else {
        try RotaryPositions.rotated(x, cosines: cosines, sines: sines, pairing: pairing, headCount: heads)
      }
    return try CaseOutput(rotated, roundedTo: test.inputType("X"))
  }

  /// The library takes the size from the tables; the operator is also told it, 0 or nothing standing for D.
  private static func checkRotarySize(_ test: ConformanceCase, x: [Int], heads: Int?, tables: [Int]) throws {
    let headSize = (x.last ?? 0) / (x.count == 3 ? max(heads ?? 1, 1) : 1)
    let given = try test.integer("rotary_embedding_dim") ?? 0
    let size = given == 0 ? headSize : given
    guard tables.last == size / 2 else {
      throw ConformanceError.attributeValue(
        name: "rotary_embedding_dim", expected: "twice the last of \(tables)", actual: "\(size)")
    }
  }
}
