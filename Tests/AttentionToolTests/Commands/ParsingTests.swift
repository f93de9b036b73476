import ArgumentParser
import Attention
import ONNXConventions
import Testing

@testable import AttentionTool

/// From command lines to requests, and the command lines that are refused.
@Suite struct ParsingTests {
  private func request(_ options: String...) throws -> RunRequest {
    let command = try AttentionTool.parseAsRoot(["run", "in", "--output", "out"] + options)
    return try #require(command as? RunCommand).request
  }

  private func layer(_ options: String...) throws -> LayerRequest {
    let command = try AttentionTool.parseAsRoot(
      ["mha", "in", "--weights", "w", "--heads", "3", "--output", "out"] + options)
    return try #require(command as? MHACommand).request
  }

  @Test func asksForNothingByDefault() throws {
    let request = try request()
    #expect(request.heads == nil && request.keyValueHeads == nil)
    #expect(request.scale == nil && request.softcap == nil && request.window == nil)
    #expect(request.causality == .none && request.stage == nil && !request.givesLogSumExp)
    #expect(request.path == .automatic && request.precision == nil && request.threads == nil)
  }

  @Test func readsEveryOption() throws {
    let request = try request(
      "--heads", "6", "--kv-heads", "3", "--scale", "0.5", "--softcap", "20", "--causal", "--window", "4,2", "--stage",
      "bias", "--log-sum-exp", "--path", "tiled", "--precision", "f64", "--threads", "2")
    #expect(request.heads == 6 && request.keyValueHeads == 3)
    #expect(request.scale == 0.5 && request.softcap == 20)
    #expect(request.causality == .onnx)
    #expect(try request.window == KeyWindow(argument: "4,2"))
    #expect(request.stage == .bias && request.givesLogSumExp)
    #expect(request.path == .tiled && request.precision == .f64 && request.threads == 2)
    #expect(try self.request("--causal-bottom-right").causality == .bottomRight)
  }

  @Test func asksForFigures() throws {
    #expect(try request().inspection == nil)
    #expect(try request("--entropy").inspection == AttentionInspection(.entropy))
    #expect(try request("--maximum", "--key-totals").inspection == AttentionInspection([.maximum, .keyTotals]))
    #expect(try request("--top-keys", "3").inspection == AttentionInspection(topKeys: 3))
  }

  @Test func valuesMayBeginWithAMinus() throws {
    #expect(try request("--scale", "-0.5").scale == -0.5)
    #expect(try request("--scale=-0.5").scale == -0.5)
    #expect(try request("--scale", "-1e-3").scale == -1e-3)
    #expect(try request("--window", "-1,3").window == KeyWindow(argument: "-1,3"))
    #expect(try request("--window=-1,-1").window == KeyWindow(argument: "-1,-1"))
  }

  @Test(arguments: AttentionPath.allCases)
  func readsEveryPath(path: AttentionPath) throws {
    #expect(try request("--path", path.rawValue).path == path)
  }

  @Test(arguments: ScoreStage.allCases)
  func readsEveryStage(stage: ScoreStage) throws {
    #expect(try request("--stage", stage.rawValue).stage == stage)
  }

  @Test func readsTheLayersOptions() throws {
    let plain = try layer()
    #expect(plain.heads == 3 && !plain.isCausal && plain.needsWeights == .none)
    #expect(plain.names == .torch && plain.prefix.isEmpty)
    #expect(!plain.addsZeroKey && plain.axisOrder == .batchFirst)
    #expect(try layer("--add-zero-attn").addsZeroKey)
    #expect(try layer("--sequence-first").axisOrder == .sequenceFirst)
    #expect(try layer("--batch-first").axisOrder == .batchFirst)
    let full = try layer(
      "--causal", "--need-weights", "--per-head", "--names", "bert", "--prefix", "encoder.", "--path", "blas",
      "--precision", "f32", "--threads", "1")
    #expect(full.isCausal && full.needsWeights == .perHead && full.names == .bert && full.prefix == "encoder.")
    #expect(full.path == .blas && full.precision == .f32 && full.threads == 1)
    #expect(try layer("--need-weights").needsWeights == .averaged)
    #expect(try layer("--per-head").needsWeights == .perHead)
    #expect(try layer("--names", "article").names == .article)
  }

  /// A command line, and what the message about it must say.
  struct Refused: CustomTestStringConvertible, Sendable {
    let arguments: [String]
    let says: String
    init(_ line: String, says: String) {
      (arguments, self.says) = (line.split(separator: " ").map(String.init), says)
    }
    var testDescription: String { arguments.joined(separator: " ") }
  }

  static let refused = [
    Refused("walk", says: "walk"),
    Refused("run", says: "<in>"),
    Refused("run in", says: "--output"),
    Refused("run in more -o out", says: "more"),
    Refused("run in -o out --head 3", says: "--head"),
    Refused("run in -o out --heads", says: "--heads"),
    Refused("run in -o out --heads three", says: "three"),
    Refused("run in -o out --heads 0", says: "--heads is 0, expected 1 or more"),
    Refused("run in -o out --heads -3", says: "--heads is -3, expected 1 or more"),
    Refused("run in -o out --heads 3 --kv-heads 0", says: "--kv-heads is 0, expected 1 or more"),
    Refused("run in -o out --heads 2147483648", says: "--heads is 2147483648, expected at most 2147483647"),
    Refused("run in -o out --kv-heads 3", says: "--kv-heads needs --heads"),
    Refused(
      "run in -o out --heads 5 --kv-heads 2", says: "--heads is 5, expected a multiple of --kv-heads, which is 2"),
    Refused("run in -o out --scale wide", says: "wide"),
    Refused("run in -o out --scale nan", says: "--scale is nan, expected a finite number"),
    Refused("run in -o out --scale inf", says: "--scale is inf"),
    Refused("run in -o out --softcap -1", says: "--softcap is -1.0, expected a finite number, 0 or more"),
    Refused("run in -o out --softcap nan", says: "--softcap is nan"),
    Refused("run in -o out --window -2,3", says: "of 0 or more, or -1 for unbounded"),
    Refused("run in -o out --window 3", says: "LEFT,RIGHT"),
    Refused("run in -o out --causal --causal-bottom-right", says: "exclude each other"),
    Refused("run in -o out --stage last", says: "probabilities"),
    Refused("run in -o out --top-keys 0", says: "--top-keys is 0, expected 1 or more"),
    Refused("run in -o out --top-keys -1", says: "--top-keys is -1, expected 1 or more"),
    Refused("run in -o out --top-keys 2147483648", says: "--top-keys is 2147483648, expected at most 2147483647"),
    Refused("run in -o out --path fast", says: "tiled"),
    Refused("run in -o out --precision f16", says: "f64"),
    Refused("run in -o out --threads 0", says: "--threads is 0, expected 1 or more"),
    Refused("run in -o out --threads -2", says: "--threads is -2, expected 1 or more"),
    Refused("run in -o out --threads 99999999999999999999", says: "99999999999999999999"),
    Refused("mha in -o out --heads 3", says: "--weights"),
    Refused("mha in -o out --weights w", says: "--heads"),
    Refused("mha in -o out --weights w --heads 0", says: "--heads is 0, expected 1 or more"),
    Refused("mha in -o out --weights w --heads 3 --names keras", says: "article"),
    Refused("mha in -o out --weights w --heads 3 --batch-first --sequence-first", says: "--sequence-first"),
    Refused("mha in -o out --weights w --heads 3 --add-zero-attn 1", says: "1"),
    Refused("mha in -o out --weights w --heads 3 --threads -1", says: "--threads is -1"),
    Refused("doctor now", says: "now"),
  ]

  @Test(arguments: refused)
  func refusesWrongUsage(line: Refused) throws {
    let error = #expect(throws: (any Error).self) { _ = try AttentionTool.parseAsRoot(line.arguments) }
    let thrown = try #require(error)
    #expect(AttentionTool.exitCode(for: thrown) == .validationFailure)
    #expect(AttentionTool.message(for: thrown).contains(line.says), "\(AttentionTool.message(for: thrown))")
  }
}
