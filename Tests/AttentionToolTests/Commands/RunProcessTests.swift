import Attention
import Checkpoints
import Support
import Testing

@testable import AttentionTool

/// The built executable, as a user meets it.
@Suite struct RunProcessTests {
  @Test func writesTheOutputAndSaysNothing() throws {
    let folder = try TemporaryFolder()
    let sample = try Sample { try $0.setInputs() }
    _ = try folder.write(sample.bytes(), "in.st")
    let run = try ToolProcess(["run", "in.st", "--output", "out.st"], folder: folder)
    #expect(run.status == 0)
    #expect(run.output.isEmpty && run.errors.isEmpty, "\(run.output)\(run.errors)")
    #expect(try folder.names() == ["in.st", "out.st"])
    let file = try SafetensorsFile(contentsOf: folder.path("out.st"))
    let library = try scaledDotProductAttention(
      queries: sample.file().tensor("query", as: Float.self), keys: sample.file().tensor("key", as: Float.self),
      values: sample.file().tensor("value", as: Float.self))
    #expect(file.names == ["output"])
    let comparison = Comparison(
      try file.tensor("output", as: Float.self), library.doubles, shape: library.shape, absolute: 1e-6)
    #expect(comparison.isWithin, "\(comparison)")
  }

  @Test func takesEveryOption() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(
      Sample {
        try $0.set("query", random: [2, 5, 6 * 11])
        try $0.set("key", random: [2, 7, 3 * 11])
        try $0.set("value", random: [2, 7, 3 * 13])
        try $0.set("past_key", random: [2, 3, 2, 11])
        try $0.set("past_value", random: [2, 3, 2, 13])
        try $0.set("mask", random: [5, 9])
      }.bytes(), "in.st")
    let run = try ToolProcess(
      [
        "run", "in.st", "-o", "out.st", "--heads", "6", "--kv-heads", "3", "--scale", "-0.5", "--softcap", "1.5",
        "--causal", "--window", "-1,3", "--stage", "probabilities", "--log-sum-exp", "--path", "tiled", "--precision",
        "f64", "--threads", "2", "--explain",
      ], folder: folder)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.isEmpty)
    #expect(run.output.contains("path       tiled: asked for"), "\(run.output)")
    #expect(run.output.contains("scale -0.5, softcap 1.5"), "\(run.output)")
    #expect(run.output.hasSuffix("\n") && !run.output.hasSuffix("\n\n"))
    let file = try SafetensorsFile(contentsOf: folder.path("out.st"))
    let shapes = Dictionary(uniqueKeysWithValues: file.entries.map { ($0.name, $0.shape) })
    #expect(
      shapes == [
        "output": [2, 5, 6 * 13], "present_key": [2, 3, 9, 11], "present_value": [2, 3, 9, 13],
        "scores": [2, 6, 5, 9], "log_sum_exp": [2, 6, 5],
      ])
    // Query i stands at key 2 + i.
    let scores = try file.tensor("scores", as: Float.self)
    for query in 0..<5 {
      for key in 0..<9 { #expect((scores[1, 4, query, key] > 0) == (key <= query + 2)) }
    }
  }

  @Test func mayWriteOverItsInput() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(Sample { try $0.setInputs() }.bytes(), "in.st")
    #expect(try ToolProcess(["run", "in.st", "-o", "in.st"], folder: folder).status == 0)
    #expect(try SafetensorsFile(contentsOf: folder.path("in.st")).names == ["output"])
  }

  @Test func warnsOfATensorThatItDoesNotUse() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(
      Sample {
        try $0.setInputs()
        try $0.set("kv_length", [Int64(7), 7], [2])
      }.bytes(), "in.st")
    let run = try ToolProcess(["run", "in.st", "-o", "out.st"], folder: folder)
    #expect(run.status == 0)
    #expect(run.errors.hasPrefix("Warning: in.st: not used: \"kv_length\"; known names are query, key, value, mask,"))
  }

  @Test(arguments: [
    (["--help"], "SUBCOMMANDS"), (["run", "--help"], "EXAMPLE"), (["mha", "--help"], "EXAMPLE"),
    (["doctor", "--help"], "EXIT STATUS"), (["--version"], AttentionTool.version), ([], "SUBCOMMANDS"),
  ])
  func helps(arguments: [String], says: String) throws {
    let run = try ToolProcess(arguments, folder: TemporaryFolder())
    #expect(run.status == 0 && run.errors.isEmpty)
    #expect(run.output.contains(says))
  }

  @Test(arguments: [
    ["run", "in.st", "-o", "out.st", "--window", "-2,3"], ["run", "in.st", "-o", "out.st", "--threads", "-1"],
    ["run", "in.st", "-o", "out.st", "--kv-heads", "2"], ["run", "in.st"], ["fly"],
    ["run", "in.st", "-o", "out.st", "--no-such-option"], ["mha", "in.st", "-o", "out.st", "--heads", "0"],
  ])
  func exits64ForWrongUsage(arguments: [String]) throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(Sample { try $0.setInputs() }.bytes(), "in.st")
    let run = try ToolProcess(arguments, folder: folder)
    #expect(run.status == 64)
    #expect(run.output.isEmpty && run.errors.hasPrefix("Error: "), "\(run.errors)")
    #expect(try folder.names() == ["in.st"])
  }

  @Test func exits64WhenTheFileNeedsAnOption() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(
      Sample { for name in ["query", "key", "value"] { try $0.set(name, random: [2, 5, 12]) } }.bytes(), "in.st")
    let run = try ToolProcess(["run", "in.st", "-o", "out.st"], folder: folder)
    #expect(run.status == 64)
    #expect(run.errors.contains("query has shape [2, 5, 12], [B, L, H·D] of rank 3, which needs --heads H"))
    #expect(try folder.names() == ["in.st"])
  }

  /// Numbers that the type computed in does not have: query is F32.
  @Test(arguments: ["--scale 1e300", "--scale -1e39", "--softcap 1e300", "--softcap 1e-300"])
  func exits64ForNumbersBeyondThePrecision(option: String) throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(Sample { try $0.setInputs() }.bytes(), "in.st")
    let words = option.split(separator: " ").map(String.init)
    let run = try ToolProcess(["run", "in.st", "-o", "out.st"] + words, folder: folder)
    #expect(run.status == 64)
    #expect(run.errors.hasPrefix("Error: \(words[0]) is ") && run.errors.contains("Float"), "\(run.errors)")
    #expect(run.errors.filter { $0 == "\n" }.count == 1, "\(run.errors)")
    #expect(try folder.names() == ["in.st"])
    let inDouble = try ToolProcess(["run", "in.st", "-o", "out.st", "--precision", "f64"] + words, folder: folder)
    #expect(inDouble.status == 0, "\(inDouble.errors)")
  }

  @Test(arguments: ["missing/out.st", ".", "out.st/x", "/dev/null"])
  func exits73WhenTheOutputCannotBeWritten(output: String) throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(Sample { try $0.setInputs() }.bytes(), "in.st")
    let run = try ToolProcess(["run", "in.st", "-o", output], folder: folder)
    #expect(run.status == 73)
    #expect(run.errors.hasPrefix("Error: can't write") && run.errors.contains(output))
    #expect(run.errors.filter { $0 == "\n" }.count == 1, "\(run.errors)")
    #expect(try folder.names() == ["in.st"])
  }
}
