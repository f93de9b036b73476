/// An operator of ONNX in terms of the library's public API.
package protocol CaseOperator: Sendable {
  /// ONNX's name.
  static var name: String { get }
  /// The inputs that ``results(of:)`` honours, by the schema's names.
  static var inputs: Set<String> { get }
  /// The attributes that ``results(of:)`` honours.
  static var attributes: Set<String> { get }

  /// What the library gives for a case, once for each way in which it can compute it.
  ///
  /// - Throws: ``NotCovered`` for what the library does not offer; every other error is a failure of the case.
  static func results(of test: ConformanceCase) throws -> [CaseResult]
}

/// A case's outputs by the schema's names, computed in one way.
package struct CaseResult: Sendable {
  /// The way in a few words, such as `tiled, 2 workers`.
  package let way: String
  package let outputs: [String: CaseOutput]

  package init(way: String, outputs: [String: CaseOutput]) {
    (self.way, self.outputs) = (way, outputs)
  }
}

/// The library has nothing for a case; with the reason, for the report.
package struct NotCovered: Error, CustomStringConvertible {
  package let description: String

  package init(_ reason: String) { description = reason }
}

/// All operators that have a Swift side.
package enum CaseOperators {
  package static let all: [any CaseOperator.Type] = [
    AttentionCaseOperator.self, FlexAttentionCaseOperator.self, LinearAttentionCaseOperator.self,
    RotaryEmbeddingCaseOperator.self,
  ]
}
