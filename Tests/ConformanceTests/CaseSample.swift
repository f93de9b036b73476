import Checkpoints
import Conformance
import Tensors

/// A file of one case: by default an `Attention` of one head, two queries and two keys whose result is known by hand.
struct CaseSample {
  var `operator` = "Attention"
  /// The inside of the JSON object.
  var attributes = #""scale": {"float": 0.0}"#
  var inputs = ["Q", "K", "V"]
  var outputs = ["Y"]
  /// Scores are 0, so the output is the mean of V.
  var expected: [Float] = [1.5, 1.5]
  var shape = [1, 1, 2, 1]

  var json: String {
    func list(_ names: [String]) -> String { names.map { "\"\($0)\"" }.joined(separator: ", ") }
    let outputs = outputs.map { #"{"name": "\#($0)", "absolute": 1e-7, "relative": 1e-3}"# }.joined(separator: ", ")
    return """
      [{"name": "sample", "operator": "\(`operator`)", "opset": 23, "attributes": {\(attributes)}, \
      "inputs": [\(list(inputs))], "outputs": [\(outputs)]}]
      """
  }

  func bytes(json: String? = nil, leavingOut missing: String? = nil) throws -> [UInt8] {
    var writer = SafetensorsWriter(metadata: ["cases": json ?? self.json])
    for name in inputs where name != missing {
      try writer.add(Tensor<Float>([1, 2], shape: [1, 1, 2, 1]), named: "sample/inputs/\(name)")
    }
    for name in outputs where name != missing {
      try writer.add(Tensor(expected, shape: shape), named: "sample/outputs/\(name)")
    }
    return try writer.bytes()
  }
}
