package import Checkpoints
package import Tensors

/// One node case of the onnx package, as Tests/Conformance/export.py writes it: an operator's inputs and attributes, and what
/// it gives for them.
package struct ConformanceCase: Sendable, CustomStringConvertible {
  package let header: CaseHeader
  private let file: SafetensorsFile

  /// - Throws: `CheckpointError.missingTensor` for an input, an output or a graph's constant that the file does not have.
  package init(_ header: CaseHeader, in file: SafetensorsFile) throws(CheckpointError) {
    (self.header, self.file) = (header, file)
    for name in header.inputs { _ = try file.entry("\(header.name)/inputs/\(name)") }
    for output in header.outputs { _ = try file.entry("\(header.name)/outputs/\(output.name)") }
    for (name, value) in header.attributes {
      for constant in value.graph?.constants ?? [] { _ = try file.entry("\(header.name)/\(name)/\(constant)") }
    }
  }

  package var name: String { header.name }
  package var description: String { header.name }

  // MARK: Inputs

  package func hasInput(_ name: String) -> Bool { header.inputs.contains(name) }

  package func inputType(_ name: String) throws(CheckpointError) -> ElementType {
    try file.entry("\(header.name)/inputs/\(name)").type
  }

  /// An input of floating point, in the type that is computed in.
  package func input<Element: RealElement>(
    _ name: String, as type: Element.Type
  ) throws(CheckpointError) -> Tensor<Element> {
    try file.tensor("\(header.name)/inputs/\(name)", convertedTo: type)
  }

  /// An input of integers.
  package func integers(_ name: String) throws(CheckpointError) -> Tensor<Int> {
    try file.tensor("\(header.name)/inputs/\(name)", convertedTo: Int.self)
  }

  /// An input of Booleans.
  package func booleans(_ name: String) throws(CheckpointError) -> Tensor<Bool> {
    try file.tensor("\(header.name)/inputs/\(name)", as: Bool.self)
  }

  // MARK: Attributes

  /// - Returns: nil where the case does not give it.
  package func integer(_ attribute: String) throws(ConformanceError) -> Int? {
    try value(attribute, "an integer", \.int)
  }

  /// - Returns: nil where the case does not give it.
  package func number(_ attribute: String) throws(ConformanceError) -> Double? {
    try value(attribute, "a number", \.float)
  }

  /// - Returns: nil where the case does not give it.
  package func text(_ attribute: String) throws(ConformanceError) -> String? {
    try value(attribute, "text", \.string)
  }

  /// - Returns: nil where the case does not give it.
  package func graph(_ attribute: String) throws(ConformanceError) -> AttributeGraph? {
    try value(attribute, "a graph", \.graph)
  }

  /// A constant of one number of a graph.
  package func constant(_ name: String, of attribute: String) throws -> Double {
    try file.tensor("\(header.name)/\(attribute)/\(name)", convertedTo: Double.self).item()
  }

  private func value<Value>(
    _ attribute: String, _ kind: String, _ field: KeyPath<AttributeValue, Value?>
  ) throws(ConformanceError) -> Value? {
    guard let given = header.attributes[attribute] else { return nil }
    guard let value = given[keyPath: field] else { throw .attributeKind(name: attribute, expected: kind) }
    return value
  }

  // MARK: Outputs

  package func expected(_ output: String) throws -> CaseOutput {
    try CaseOutput(file, "\(header.name)/outputs/\(output)")
  }
}
