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
    #expect(try Self.cases.get().count == 48)
  }

  @Test func onlyWhatTheLibraryLacksIsSkipped() throws {
    let skipped = try Self.cases.get().filter { if case .skipped = CaseVerdict($0) { true } else { false } }
    let names = skipped.filter { $0.header.operator != "LinearAttention" && $0.header.operator != "RotaryEmbedding" }
    #expect(
      names.map(\.name) == [
        "test_flexattention_causal_mask", "test_flexattention_prob_mod", "test_flexattention_relative_positional",
        "test_flexattention_score_mod", "test_flexattention_soft_cap",
      ])
  }

  /// The sample has every input and attribute of `Attention`.
  @Test func theSampleIsWhole() throws {
    let attention = try Self.cases.get().filter { $0.header.operator == AttentionCaseOperator.name }
    #expect(Set(attention.flatMap(\.header.inputs)) == AttentionCaseOperator.inputs)
    #expect(Set(attention.flatMap(\.header.attributes.keys)) == AttentionCaseOperator.attributes)
    #expect(Set(attention.flatMap { $0.header.outputs.map(\.name) }).count == 4)
    #expect(Set(attention.map(\.header.opset)) == [23, 24, 25])
  }
}
