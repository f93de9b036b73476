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

  /// Everything behind the sequence, and [L, B, E]: a case of the sweep with the options that it asks for.
  @Test func matchesPyTorchWithAppendedKeys() throws {
    let golden = try GoldenFile("mha_sweep")
    let item = try #require(
      try golden.cases(of: SweptCase.self).first {
        $0.addBiasKv && $0.addZeroAttn && $0.causal && $0.form == "sequence_first" && $0.weights == "per_head"
          && $0.keyPaddingMask != nil
      })
    let folder = try TemporaryFolder()
    _ = try folder.write(item.sample(of: golden).bytes(), "in.st")
    let run = try ToolProcess(
      [
        "mha", "in.st", "--weights", golden.path, "--prefix", "\(item.name)/state/", "--heads", "\(item.heads)",
        "--output", "out.st", "--add-zero-attn", "--sequence-first", "--causal", "--per-head", "--explain",
      ], folder: folder)
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    #expect(run.output.contains("appended   a learned one and one of zeros"), "\(run.output)")
    let result = try SafetensorsFile(contentsOf: folder.path("out.st"))
    for name in ["output", "weights"] {
      let expected = try golden.tensor("\(item.name)/\(name)", as: Double.self)
      let comparison = Comparison(
        try result.tensor(name, as: Float.self), expected.elements, shape: expected.shape,
        absolute: ErrorBound.floatAbsolute, relative: ErrorBound.floatRelative)
      #expect(comparison.isWithin, "\(name): \(comparison)")
    }
  }

  /// Appended keys change no message: masks and the state are held against what they should be.
  @Test func exits65ForWhatIsWrongBesideAppendedKeys() throws {
    let folder = try TemporaryFolder()
    func state(_ name: String, _ shapes: [String: [Int]]) throws {
      _ = try folder.write(
        Sample {
          try $0.set("in_proj_weight", random: [45, 15])
          try $0.set("out_proj.weight", random: [15, 15])
          for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) { try $0.set(name, random: shape) }
        }.bytes(), name)
    }
    func input(_ name: String, _ mask: String, _ shape: [Int]) throws {
      _ = try folder.write(
        Sample {
          for name in ["query", "key", "value"] { try $0.set(name, random: [2, 5, 15]) }
          try $0.set(mask, random: shape)
        }.bytes(), name)
    }
    try state("whole.st", ["bias_k": [1, 1, 15], "bias_v": [1, 1, 15]])
    try state("half.st", ["bias_k": [1, 1, 15]])
    try state("flat.st", ["bias_k": [15], "bias_v": [1, 1, 15]])
    try input("in.st", "attn_mask", [5, 5])
    try input("long.st", "attn_mask", [5, 7])
    try input("padding.st", "key_padding_mask", [2, 7])
    let names = try folder.names()
    for (file, state, says) in [
      ("in.st", "half.st", "half.st: state dict: missing: bias_v [1, 1, 15]"),
      ("in.st", "flat.st", "flat.st: state dict: wrong shape: bias_k: expected [1, 1, 15], got [15]"),
      (
        "long.st", "whole.st",
        "long.st: attn_mask has shape [5, 7], expected [5, 5] or [6, 5, 5], or 1 for any of these sizes"
      ),
      (
        "padding.st", "whole.st",
        "padding.st: key_padding_mask has shape [2, 7], expected [2, 5], or 1 for any of these sizes"
      ),
    ] {
      let run = try ToolProcess(
        ["mha", file, "--weights", state, "--heads", "3", "--output", "out.st", "--add-zero-attn"], folder: folder)
      #expect(run.status == 65)
      #expect(run.errors == "Error: \(says)\n")
      #expect(try folder.names() == names && run.output.isEmpty)
    }
    let run = try ToolProcess(
      [
        "mha", "in.st", "--weights", "whole.st", "--heads", "3", "--output", "out.st", "--batch-first",
        "--sequence-first",
      ], folder: folder)
    #expect(run.status == 64 && run.errors.contains("--sequence-first"), "\(run.errors)")
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
