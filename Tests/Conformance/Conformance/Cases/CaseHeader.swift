/// What a file says of a case beside its tensors.
package struct CaseHeader: Decodable, Sendable {
  package let name: String
  /// ONNX's name of the operator, such as `Attention`.
  package let `operator`: String
  /// The version of the operator's domain.
  package let opset: Int
  /// By the schema's names; those that the case leaves to their defaults are not here.
  package let attributes: [String: AttributeValue]
  /// The schema's names of the inputs that are given.
  package let inputs: [String]
  package let outputs: [ExpectedOutput]
}

/// An output that the case compares: |actual − expected| ≤ absolute + relative·|expected|, as numpy's `assert_allclose`.
package struct ExpectedOutput: Decodable, Sendable {
  package let name: String
  package let absolute: Double
  package let relative: Double
}

/// The value of an attribute: one of these.
package struct AttributeValue: Decodable, Sendable {
  package let int: Int?
  package let float: Double?
  package let string: String?
  package let graph: AttributeGraph?
}

/// A subgraph that is given as an attribute.
package struct AttributeGraph: Decodable, Sendable {
  package let name: String
  /// One text for a node, such as `scores_out = Add(scores, bias)`.
  package let nodes: [String]
  /// Names of tensors that the file has under the attribute's name.
  package let constants: [String]
}
