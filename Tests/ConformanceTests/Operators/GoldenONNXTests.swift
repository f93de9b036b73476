import Conformance
import Support
import Testing

/// A sample of the onnx package's own node cases (Tests/Golden/README.md); `make conformance` runs all of them.
@Suite struct GoldenONNXTests {
  private static let cases = Result { try CaseFiles.cases(at: GoldenFile("onnx").path) }

  @Test(arguments: (try? cases.get()) ?? [])
  func matchesONNX(test: ConformanceCase) throws {
    let verdict = CaseVerdict(test)
    if case .failed = verdict { Issue.record("\(ConformanceReport.lines(verdict, of: test))") }
  }

  @Test func everyCaseIsRead() throws {
    #expect(try Self.cases.get().count == 49)
  }

  @Test func noneIsSkipped() throws {
    let skipped = try Self.cases.get().filter { if case .skipped = CaseVerdict($0) { true } else { false } }
    #expect(skipped.map(\.name).isEmpty)
  }

  /// The sample has every input and attribute that any case has. No case has a chunk size, or a softmax precision of FlexAttention.
  @Test(arguments: CaseOperators.all.map { Known($0) })
  func theSampleIsWhole(known: Known) throws {
    let cases = try Self.cases.get().filter { $0.header.operator == known.name }
    #expect(Set(cases.flatMap(\.header.inputs)) == known.inputs)
    let attributes = known.attributes.subtracting(known.name == "Attention" ? [] : ["chunk_size", "softmax_precision"])
    #expect(Set(cases.flatMap(\.header.attributes.keys)) == attributes)
  }

  @Test func theSampleHasEveryOutputAndVersionOfAttention() throws {
    let attention = try Self.cases.get().filter { $0.header.operator == AttentionCaseOperator.name }
    #expect(
      Set(attention.flatMap { $0.header.outputs.map(\.name) })
        == ["Y", "present_key", "present_value", "qk_matmul_output"])
    #expect(Set(attention.map(\.header.opset)) == [23, 24, 25])
  }

  /// What an operator's Swift side honours.
  struct Known: Sendable, CustomTestStringConvertible {
    let name: String
    let inputs: Set<String>
    let attributes: Set<String>
    var testDescription: String { name }

    init(_ operation: any CaseOperator.Type) {
      (name, inputs, attributes) = (operation.name, operation.inputs, operation.attributes)
    }
  }
}
