import ArgumentParser
import Support
import Testing

@testable import AttentionTool

@Suite("Walkthrough: command line")
struct WalkthroughCommandTests {
  struct Refused: CustomTestStringConvertible, Sendable {
    let arguments: [String]
    let says: String
    init(_ arguments: String..., says: String) { (self.arguments, self.says) = (arguments, says) }
    var testDescription: String { arguments.joined(separator: " ") }
  }

  @Test(arguments: [
    Refused("--sentence", "", says: "--sentence has 0 words, expected 1 to 256"),
    Refused("--sentence", " \t\n", says: "--sentence has 0 words, expected 1 to 256"),
    Refused("--sentence", String(repeating: "a ", count: 257), says: "--sentence has 257 words"),
    Refused("--sentence", says: "--sentence"),
    Refused("--sentence", "a", "--size", "0", says: "--size is 0, expected 1 to 4096"),
    Refused("--sentence", "a", "--size", "-4", says: "--size is -4"),
    Refused("--sentence", "a", "--size", "5000", says: "--size is 5000"),
    Refused("--sentence", "a", "--size", "7", says: "--heads is 2, expected a divisor of --size, which is 7"),
    Refused("--sentence", "a", "--heads", "3", says: "--heads is 3, expected a divisor of --size, which is 8"),
    Refused("--sentence", "a", "--weights", "w", says: "exclude each other"),
    Refused("--sentence", "a", "--seed", "-1", says: "-1"),
    Refused("--heads", "0", says: "--heads is 0, expected 1 or more"),
    Refused("--heads", "3", says: "--heads is 3, expected a divisor of the module's d_model, which is 4"),
    Refused("--size", "8", says: "--size needs --sentence"),
    Refused("--input", "in", says: "--input needs --weights"),
    Refused("--prefix", "p", says: "--prefix needs --weights"),
    Refused("sentence", says: "sentence"),
  ])
  func refusesWrongUsage(line: Refused) throws {
    let error = #expect(throws: (any Error).self) {
      _ = try AttentionTool.parseAsRoot(["walkthrough"] + line.arguments)
    }
    let thrown = try #require(error)
    #expect(AttentionTool.exitCode(for: thrown) == .validationFailure)
    #expect(AttentionTool.message(for: thrown).contains(line.says), "\(AttentionTool.message(for: thrown))")
  }

  @Test func printsOnStandardOutputOnly() throws {
    let folder = try TemporaryFolder()
    for arguments in [[], ["--sentence", "-1 b"], ["--seed", "18446744073709551615", "--heads", "4"]] {
      let run = try ToolProcess(["walkthrough"] + arguments, folder: folder)
      #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
      #expect(run.output.hasSuffix("\n") && !run.output.contains("\u{1B}"))
    }
    let run = try ToolProcess(["walkthrough", "--sentence", ""], folder: folder)
    #expect(run.status == 64 && run.output.isEmpty && run.errors.contains("--sentence has 0 words"))
  }

  @Test func exits65ForWhatIsWrong() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(
      Sample {
        for name in ["query", "key", "value", "out"] { try $0.set("\(name)_linear.weight", random: [6, 6]) }
      }.bytes(), "state.st")
    _ = try folder.write(
      Sample {
        try $0.set("query_linear.weight", random: [6, 6])
        try $0.set("key_linear.weight", random: [6, 5])
        try $0.set("out_linear.weight", random: [6, 7])
        try $0.set("more", random: [1])
      }.bytes(), "bad.st")
    func inputs(_ name: String, _ query: [Int], _ key: [Int]) throws {
      _ = try folder.write(
        Sample {
          try $0.set("query", random: query)
          for name in ["key", "value"] { try $0.set(name, random: key) }
        }.bytes(), name)
    }
    try inputs("flat.st", [3, 6], [3, 6])
    try inputs("wide.st", [2, 3, 7], [2, 3, 6])
    for (arguments, says) in [
      (["gone.st"], "Error: can't open \"gone.st\": No such file or directory\n"),
      (["flat.st"], "Error: flat.st: no tensor \"query_linear.weight\"; the file has \"query\", \"key\", \"value\"\n"),
      (["state.st", "--heads", "4"], "Error: state.st: --heads is 4, expected a divisor of E = 6\n"),
      (["state.st", "--input", "gone.st"], "Error: can't open \"gone.st\": No such file or directory\n"),
      (["state.st", "--input", "state.st"], "Error: state.st: no tensor \"query\""),
      (
        ["state.st", "--input", "flat.st"],
        "Error: flat.st: query has shape [3, 6] of rank 2, expected rank 3: [B, L, E]\n"
      ),
      (["state.st", "--input", "wide.st"], "Error: wide.st: query has shape [2, 3, 7], expected [2, 3, 6]"),
      (["bad.st"], "missing: value_linear.weight"), (["bad.st"], "unexpected: more"),
      (["bad.st"], "out_linear.weight: expected [6, 6], got [6, 7]"),
    ] {
      let run = try ToolProcess(["walkthrough", "--weights"] + arguments, folder: folder)
      #expect(run.status == 65 && run.output.isEmpty)
      #expect(run.errors.contains(says) && run.errors.hasPrefix("Error: "), "\(run.errors)")
      #expect(run.errors.filter { $0 == "\n" }.count == 1)
    }
  }

  /// No biases, other lengths, many batch elements and heads.
  @Test func showsLayersOfOtherSizes() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(
      Sample {
        for name in ["query", "key", "value", "out"] { try $0.set("\(name)_linear.weight", random: [30, 30]) }
      }.bytes(), "state.st")
    _ = try folder.write(
      Sample {
        try $0.set("query", random: [3, 17, 30])
        for name in ["key", "value", "mask"] { try $0.set(name, random: [3, 5, 30]) }
      }.bytes(), "in.st")
    let run = try ToolProcess(
      ["walkthrough", "--weights", "state.st", "--input", "in.st", "--heads", "6"], folder: folder)
    #expect(run.status == 0)
    #expect(run.errors == "Warning: in.st: not used: \"mask\"; known names are query, key, value\n")
    #expect(run.output.contains("first 2 of 3 batch elements and the first 4 of 6 heads"))
    #expect(
      run.output.contains("A[1, 3]  [17, 5]") && !run.output.contains("A[1, 4]") && !run.output.contains("A[2, 0]"))
    #expect(run.output.contains("W_query  [30, 30]") && !run.output.contains("b_query"))
    #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }

  @Test func helpNamesEveryOption() throws {
    let help = AttentionTool.helpMessage(for: WalkthroughCommand.self, columns: 80)
    for word in [
      "--sentence", "--seed", "--heads", "--size", "--weights", "--prefix", "--input", "NO_COLOR", "query_linear",
    ] {
      #expect(help.contains(word), "no \(word)")
    }
    for code in ["  0  ", "  64  ", "  65  "] { #expect(help.contains(code)) }
    for line in WalkthroughCommand.configuration.discussion.split(separator: "\n") where line.hasPrefix("  ") {
      #expect(line.count <= 80)
    }
    #expect(AttentionTool.helpMessage().contains("walkthrough"))
  }
}
