import Attention
import Checkpoints
import Support
import Testing

@testable import AttentionTool

@Suite struct MHAProcessTests {
  struct Case: Decodable {
    let name: String
    let prefix: String
    let heads: Int
    let padded: Bool
  }

  /// Layer 0 of a real model on real sentences, with the names that the model's file has.
  @Test func matchesPyTorchOnAModel() throws {
    let golden = try GoldenFile("minilm_layer0")
    for item in try golden.cases(of: Case.self) {
      let folder = try TemporaryFolder()
      let hidden = try golden.tensor("\(item.name)/hidden", as: Float.self)
      _ = try folder.write(
        Sample {
          for name in ["query", "key", "value"] { try $0.set(name, hidden) }
          if item.padded {
            let isToken = try golden.tensor("\(item.name)/attention_mask", as: Bool.self)
            try $0.set("key_padding_mask", isToken.elements.map { !$0 }, isToken.shape)
          }
        }.bytes(), "in.st")
      let run = try ToolProcess(
        [
          "mha", "in.st", "--weights", golden.path, "--names", "bert", "--prefix", item.prefix, "--heads",
          "\(item.heads)", "--output", "out.st", "--need-weights", "--per-head", "--explain",
        ], folder: folder)
      #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
      #expect(run.output.contains("projection") && run.output.contains("path "), "\(run.output)")
      let result = try SafetensorsFile(contentsOf: folder.path("out.st"))
      for name in ["output", "weights"] {
        let expected = try golden.tensor("\(item.name)/\(name)", as: Double.self)
        let comparison = Comparison(
          try result.tensor(name, as: Float.self), expected.elements, shape: expected.shape,
          absolute: ErrorBound.floatAbsolute, relative: ErrorBound.floatRelative)
        #expect(comparison.isWithin, "\(item.name) \(name): \(comparison)")
      }
    }
  }

  @Test func exits65ForWhatIsWrong() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(
      Sample { for name in ["query", "key", "value"] { try $0.set(name, random: [2, 5, 15]) } }.bytes(), "in.st")
    _ = try folder.write(
      Sample {
        try $0.set("in_proj_weight", random: [45, 14])
        try $0.set("out_proj.weight", random: [15, 15])
      }.bytes(), "state.st")
    let names = try folder.names()
    for (state, says) in [
      ("state.st", "Error: state.st: state dict: wrong shape: in_proj_weight: expected [45, 15], got [45, 14]\n"),
      ("in.st", "Error: in.st: no tensor \"in_proj_weight\"; the file has \"key\", \"query\", \"value\"\n"),
      ("gone.st", "Error: can't open \"gone.st\": No such file or directory\n"),
    ] {
      let run = try ToolProcess(
        ["mha", "in.st", "--weights", state, "--heads", "3", "--output", "out.st"], folder: folder)
      #expect(run.status == 65)
      #expect(run.errors == says)
      #expect(run.output.isEmpty)
      #expect(try folder.names() == names)
    }
  }
}
