import Checkpoints
import Conformance
import Testing

/// That a case can fail, and why.
@Suite struct CaseVerdictTests {
  private func verdict(_ sample: CaseSample) throws -> CaseVerdict {
    let folder = try TemporaryFolder()
    let path = try folder.write(sample.bytes(), "a.safetensors")
    return CaseVerdict(try #require(CaseFiles.cases(at: path).first))
  }

  private func failures(_ sample: CaseSample) throws -> [String] {
    guard case .failed(let failures) = try verdict(sample) else { return [] }
    return failures
  }

  @Test func passesInEveryWay() throws {
    guard case .passed(let ways, let error) = try verdict(CaseSample()) else {
      Issue.record("not passed")
      return
    }
    // Every path by name, on one and on two threads.
    #expect(ways == AttentionWay.all.count && ways >= 6)
    #expect(error < 1e-6)
  }

  @Test func oneNumberOutsideTheToleranceFailsEveryWay() throws {
    let failures = try failures(CaseSample(expected: [1.5, 1.502]))
    #expect(failures.count == AttentionWay.all.count)
    for (failure, way) in zip(failures, AttentionWay.all) {
      #expect(failure.hasPrefix("\(way): Y, largest error 0.00"))
      #expect(failure.contains("at [0, 0, 1, 0]: 1.5, expected 1.50"))
    }
    #expect(try self.failures(CaseSample(expected: [1.5, 1.501])).isEmpty)
    #expect(try self.failures(CaseSample(expected: [.nan, 1.5])).count == AttentionWay.all.count)
  }

  /// What is wrong with a case, and what its first failure says.
  struct Wrong: Sendable, CustomTestStringConvertible {
    let sample: CaseSample
    let says: String
    var testDescription: String { says }
  }

  @Test(arguments: [
    Wrong(sample: CaseSample(inputs: ["Q", "K", "V", "sinks"]), says: "input sinks is not known to this operator"),
    Wrong(
      sample: CaseSample(attributes: #""slopes": {"int": 1}"#), says: "attribute slopes is not known to this operator"),
    Wrong(sample: CaseSample(attributes: #""scale": {"int": 1}"#), says: "attribute scale is not a number"),
    Wrong(
      sample: CaseSample(attributes: #""softmax_precision": {"int": 7}"#),
      says: "attribute softmax_precision is 7, expected 1, 10, 11 or 16"),
    Wrong(
      sample: CaseSample(
        attributes: #""qk_matmul_output_mode": {"int": 4}"#, outputs: ["qk_matmul_output"]),
      says: "attribute qk_matmul_output_mode is 4, expected 0...3"),
    Wrong(sample: CaseSample(outputs: ["Y", "Z"]), says: "reference, 1 worker: no Z"),
    Wrong(sample: CaseSample(outputs: []), says: "nothing to compare"),
    Wrong(
      sample: CaseSample(shape: [1, 2, 1]), says: "reference, 1 worker: Y is F32 [1, 1, 2, 1], expected F32 [1, 2, 1]"),
    Wrong(
      sample: CaseSample(attributes: #""softcap": {"float": -1.0}"#),
      says: "softcap is -1.0, expected a finite Float, 0 or more"),
  ])
  func saysWhatIsWrong(wrong: Wrong) throws {
    #expect(try failures(wrong.sample).first == wrong.says)
  }

  @Test func anOperatorWithoutASwiftSideIsSkipped() throws {
    guard case .skipped(let reason) = try verdict(CaseSample(operator: "Softmax")) else {
      Issue.record("not skipped")
      return
    }
    #expect(reason == "no Softmax in the library yet")
  }
}
