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
    (["--ladder", "--growth"], "--ladder and --growth: expected one of them"),
    (["--ladder", "--alone"], "--alone: expected without --ladder"),
    (["--growth", "--alone"], "--alone: expected without --growth"),
    (["--ladder", "--export", "/tmp"], "--export is /tmp: expected without --ladder"),
    (["--ladder", "--path", "blas"], "--path is blas: expected without --ladder, which has its own steps"),
    (["--ladder", "--layer", "2,7,15,5"], "2,7,15,5 is a layer: expected attention cases with --ladder"),
    (["--ladder", "--case", "minilm-layer"], "minilm-layer is a layer: expected attention cases with --ladder"),
    (["--ladder", "--case", "bert"], "--case is bert: expected one of minilm, "),
    (["--growth", "--case", "vit"], "--case is vit: expected without --growth, which has its own shapes"),
    (["--growth", "--shape", "1,1,1,1,1,1"], "--shape is 1,1,1,1,1,1: expected without --growth"),
    (["--growth", "--layer", "2,7,15,5"], "--layer is 2,7,15,5: expected without --growth"),
    (["--growth", "--path", "unrolled"], "--path is unrolled: expected a path of the package with --growth"),
    (["--growth-heads", "2"], "--growth-heads is 2: expected with --growth only"),
    (["--ladder", "--growth-window", "2"], "--growth-window is 2: expected with --growth only"),
    (["--growth", "--growth-heads", "0"], "--growth-heads is 0: expected 1 to 1024"),
    (["--growth", "--growth-heads", "1025"], "--growth-heads is 1025: expected 1 to 1024"),
    (["--growth", "--growth-head-size", "-1"], "--growth-head-size is -1: expected 1 to 1024"),
    (["--growth", "--growth-window", "65537"], "--growth-window is 65537: expected 1 to 65536"),
    (["--growth", "--growth-longest", "64"], "--growth-longest is 64: expected a power of two from 128 to 1048576"),
    (
      ["--growth", "--growth-longest", "1000"], "--growth-longest is 1000: expected a power of two from 128 to 1048576"
    ),
    (["--growth", "--growth-longest", "2097152"], "expected a power of two from 128 to 1048576"),
    (["--growth", "--growth-longest", "-9223372036854775808"], "expected a power of two from 128 to 1048576"),
    (
      ["--growth", "--growth-heads", "1024", "--growth-head-size", "1024"],
      "--growth needs 274877906944 numbers in all operands together: expected at most 2147483648"
    ),
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
    #expect(objects?.map { $0["path"] as? String } == ["naive", "blas", "tiled", "fused"])
    #expect(objects?.allSatisfy { $0.count == Report.keys.count } == true)
  }

  @Test func ladderHasCasesOfItsOwn() throws {
    #expect(try AttentionBenchmark.parse(["--ladder"]).cases().map(\.name) == ["bert512", "decode4k"])
    #expect(AttentionBenchmark.helpMessage(columns: 1000).contains("; by default on bert512 and decode4k."))
    #expect(try AttentionBenchmark.parse(["--ladder", "--case", "vit"]).cases().map(\.name) == ["vit"])
  }

  @Test func growthOptions() throws {
    let command = try AttentionBenchmark.parse([
      "--growth", "--growth-heads", "3", "--growth-head-size", "5", "--growth-window", "7", "--growth-longest", "256",
    ])
    #expect(command.growthArguments.options == GrowthOptions(heads: 3, headSize: 5, window: 7, longest: 256))
    #expect(try AttentionBenchmark.parse(["--growth"]).growthArguments.options == GrowthOptions())
  }

  /// What a command writes: its results, and its picture.
  private func files(_ arguments: [String]) throws -> (objects: [[String: Any]], picture: String) {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (results, picture) = (folder.appendingPathComponent("r.json"), folder.appendingPathComponent("p.svg"))
    let rest = ["--samples", "1", "--format", "json", "--output", results.path, "--svg", picture.path]
    try AttentionBenchmark.parse(arguments + rest).run()
    let objects = try JSONSerialization.jsonObject(with: Data(contentsOf: results)) as? [[String: Any]]
    return (try #require(objects), try String(contentsOf: picture, encoding: .utf8))
  }

  @Test func writesALadder() throws {
    let (objects, picture) = try files(["--ladder", "--shape", "1,4,2,67,71,5", "--threads", "2"])
    #expect(
      objects.map { $0["step"] as? String } == [
        "naive", "unrolled", "blas, row", "blas, whole", "blas", "tiled, 64", "tiled", "fused, head", "fused",
        "fused, threads",
      ])
    #expect(objects.map { $0["threads"] as? Int } == [1, 1, 1, 1, 1, 1, 1, 1, 1, 2])
    #expect(objects.allSatisfy { $0["peak_percent"] is Double && $0["times_first"] is Double })
    #expect(picture.contains(">tiled, 64<") && picture.contains(">FMA peak, 1 thread<"))
  }

  @Test func writesGrowth() throws {
    let (objects, picture) = try files([
      "--growth", "--growth-longest", "256", "--growth-head-size", "5", "--threads", "1",
    ])
    #expect(objects.map { $0["keys"] as? Int } == [128, 128, 128, 256, 256, 256])
    #expect(objects.map { $0["mask"] as? String } == ["full", "causal", "window 512", "full", "causal", "window 512"])
    #expect(objects.allSatisfy { $0["path"] as? String == "auto" && $0["plan_path"] as? String == "fused" })
    #expect(picture.contains(">KiB of scratch a worker<"))
  }
}
