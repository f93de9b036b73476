import ArgumentParser
import Foundation
import Testing

@testable import AttentionBenchmark

@Suite struct AttentionBenchmarkTests {
  @Test func allCasesWithoutOptions() throws {
    let command = try AttentionBenchmark.parse([])
    #expect(try command.cases() == BenchmarkCase.named)
  }

  @Test func casesByOption() throws {
    let command = try AttentionBenchmark.parse([
      "--shape", "1,2,1,3,5,7,causal", "--case", "vit", "--layer", "2,7,15,5", "--case", "minilm-layer",
    ])
    #expect(try command.cases().map(\.name) == ["vit", "minilm-layer", "1,2,1,3,5,7,causal", "2,7,15,5"])
  }

  @Test(arguments: [
    (["--case", "bert"], "bert512"),
    (["--shape", "1,2,3"], "B,H,G,L,S,D"),
    (["--shape", "-1,2,1,3,5,7"], "not '-1'"),
    (["--layer", "8,128,384,7"], "E a multiple of H"),
    (["--threads", "0"], "expected 1 to 64"),
    (["--threads", "-2"], "expected 1 to 64"),
    (["--threads", "two"], "1 to 64"),
    (["--samples", "0"], "expected 1 to 10000"),
    (["--seconds", "0"], "more than 0"),
    (["--seconds", "nan"], "more than 0"),
    (["--seed", "-1"], "0 or more"),
    (["--path", "fast"], "tiled"),
    (["--format", "xml"], "markdown"),
    (["--output", "/no/such/folder/file"], "a folder that can be written to"),
    (["--output", "/"], "expected a file"),
    (["--export", "/no/such/folder"], "expected a folder that can be written to"),
    (["--export", "/dev/null"], "expected a folder that can be written to"),
    (["surplus"], "surplus"),
  ]) func wrongUsage(arguments: [String], expected: String) throws {
    let error = try #require(throws: (any Error).self) { try AttentionBenchmark.parse(arguments) }
    #expect(AttentionBenchmark.exitCode(for: error).rawValue == 64)
    let message = AttentionBenchmark.fullMessage(for: error)
    #expect(message.contains(expected), "\(message)")
  }

  @Test func writesAFileAsAWhole() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: file) }
    let command = try AttentionBenchmark.parse([
      "--shape", "1,2,1,3,5,7", "--samples", "1", "--threads", "1", "--format", "json", "--output", file.path,
    ])
    try command.run()
    let objects = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [[String: Any]]
    #expect(objects?.map { $0["path"] as? String } == ["naive", "blas", "tiled"])
    #expect(objects?.allSatisfy { $0.count == Report.keys.count } == true)
  }
}
