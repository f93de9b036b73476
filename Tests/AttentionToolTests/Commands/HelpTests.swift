import ArgumentParser
import Testing

@testable import AttentionTool

@Suite struct HelpTests {
  @Test(arguments: [
    ("run", ["query", "key, value", "mask", "kv_lengths", "past_key", "past_value"]),
    ("run", ["output", "present_key", "present_value", "scores", "log_sum_exp"]),
    ("run", ["entropy", "maximum_weight", "maximum_key", "top_keys", "top_weights", "key_totals"]),
    ("run", ["--entropy", "--maximum", "--top-keys", "--key-totals"]),
    (
      "run",
      [
        "--output", "--heads", "--kv-heads", "--scale", "--softcap", "--causal", "--window", "--causal-bottom-right",
        "--stage", "--log-sum-exp", "--path", "--precision", "--threads", "--explain",
      ]
    ),
    ("mha", ["query", "attn_mask", "key_padding_mask", "true = ignore", "in_proj_weight", "query_linear", "weights"]),
    ("mha", ["bias_k and bias_v [1,1,E]", "[L,B,E]", "S+2"]),
    ("mha", ["--weights", "--heads", "--output", "--causal", "--need-weights", "--per-head", "--names", "--path"]),
    ("mha", ["--add-zero-attn", "--batch-first", "--sequence-first", "batch_first=False"]),
  ])
  func namesEveryTensorAndOption(command: String, words: [String]) throws {
    let type: any ParsableCommand.Type = command == "run" ? RunCommand.self : MHACommand.self
    let help = AttentionTool.helpMessage(for: type, columns: 80)
    for word in words { #expect(help.contains(word), "\(command) --help lacks \(word)") }
    for code in ["0  ", "64  ", "65  ", "73  ", "EXAMPLE"] { #expect(help.contains(code)) }
  }

  /// What is laid out by hand fits a terminal of 80 columns: nothing of it is wrapped.
  @Test func discussionsFitTheTerminal() {
    for type in [AttentionTool.self, RunCommand.self, MHACommand.self, DoctorCommand.self] as [any ParsableCommand.Type]
    {
      for line in type.configuration.discussion.split(separator: "\n") where line.hasPrefix("  ") {
        #expect(line.count <= 80, "\(line)")
      }
    }
  }

  /// The example's last line is a command line that is understood.
  @Test func examplesParse() throws {
    for type in [RunCommand.self, MHACommand.self] as [any ParsableCommand.Type] {
      let text = type.configuration.discussion.replacing("\\\n", with: " ")
      let line = try #require(text.split(separator: "\n").first { $0.contains("  attention ") })
      _ = try AttentionTool.parseAsRoot(line.split(separator: " ").dropFirst().map(String.init))
    }
  }

  @Test func hasAVersion() {
    #expect(AttentionTool.configuration.version == AttentionTool.version)
    #expect(AttentionTool.version.split(separator: ".").compactMap { Int($0) }.count == 3)
  }
}
