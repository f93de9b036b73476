import Attention
import Checkpoints
import Support
import Testing

@testable import AttentionTool

/// The multi-head cases of Tests/Golden through `mha`; the golden file itself is STATE, by its prefixes.
@Suite struct LayerRequestTests {
  struct Case: Decodable, CustomTestStringConvertible, Sendable {
    let name: String
    let names: String
    let heads: Int
    let causal: Bool
    let averageWeights: Bool
    var testDescription: String { name }
  }

  static let cases = Result { try GoldenFile("mha").cases(of: Case.self) }

  @Test func thereAreCases() throws { #expect(try Self.cases.get().count == 24) }

  private func request(_ golden: Case) throws -> LayerRequest {
    var request = LayerRequest(heads: golden.heads)
    request.names = try #require(ParameterNames.Preset(rawValue: golden.names))
    request.prefix = "\(golden.name)/state/"
    request.isCausal = golden.causal
    request.needsWeights = golden.averageWeights ? .averaged : .perHead
    return request
  }

  private func input<Scalar: BLASScalar>(_ golden: Case, _ file: GoldenFile, as type: Scalar.Type) throws -> InputFile {
    try Sample { sample in
      for name in ["query", "key", "value"] {
        try sample.set(name, file.tensor("\(golden.name)/\(name)", convertedTo: type))
      }
      for name in ["attn_mask", "key_padding_mask"] where file.contains("\(golden.name)/\(name)") {
        if try file.isBoolean("\(golden.name)/\(name)") {
          try sample.set(name, file.tensor("\(golden.name)/\(name)", as: Bool.self))
        } else {
          try sample.set(name, file.tensor("\(golden.name)/\(name)", as: Float.self))
        }
      }
    }.input()
  }

  @Test(arguments: (try? cases.get()) ?? [])
  func matchesPyTorch(golden: Case) throws {
    try check(golden, as: Float.self, ErrorBound.floatAbsolute, ErrorBound.floatRelative)
    try check(golden, as: Double.self, 1e-12, 1e-12)
  }

  private func check<Scalar: BLASScalar>(
    _ golden: Case, as type: Scalar.Type, _ absolute: Double, _ relative: Double
  ) throws {
    let file = try GoldenFile("mha")
    let result = try request(golden)(input(golden, file, as: type), state: InputFile(path: file.path)).file()
    #expect(result.names.sorted() == ["output", "weights"])
    for name in result.names {
      let expected = try file.tensor("\(golden.name)/\(name)", as: Double.self)
      let comparison = Comparison(
        try result.tensor(name, as: type), expected.elements, shape: expected.shape, absolute: absolute,
        relative: relative)
      #expect(comparison.isWithin, "\(name), \(type): \(comparison)")
    }
  }

  static let sweep = Result { try GoldenFile("mha_sweep") }
  /// Every seventh case: 7 divides no number of choices of an option, so every choice comes up.
  static let swept = (try? sweep.get().cases(of: SweptCase.self))?.enumerated().filter { $0.offset % 7 == 0 }
    .map(\.element)

  @Test func sweepHasEveryChoice() throws {
    let cases = try #require(Self.swept)
    #expect(cases.count == 52)
    #expect(Set(cases.map { "\($0.form) \($0.addBiasKv) \($0.addZeroAttn)" }).count == 12)
    #expect(Set(cases.map { "\($0.attnMask ?? "") \($0.keyPaddingMask ?? "")" }).count == 15)
  }

  @Test(arguments: swept ?? [])
  func matchesPyTorchOnTheSweep(golden: SweptCase) throws {
    let file = try Self.sweep.get()
    let result = try golden.request(golden.sample(of: file).input(), state: InputFile(path: file.path)).file()
    #expect(result.names.sorted() == (golden.weights == nil ? ["output"] : ["output", "weights"]))
    for name in result.names {
      let expected = try file.tensor("\(golden.name)/\(name)", as: Double.self)
      let comparison = Comparison(
        try result.tensor(name, as: Float.self), expected.elements, shape: expected.shape,
        absolute: ErrorBound.floatAbsolute, relative: ErrorBound.floatRelative)
      #expect(comparison.isWithin, "\(name): \(comparison)")
    }
  }

  @Test func weightsAreGivenWhenAskedFor() throws {
    let (golden, file) = (try #require(try Self.cases.get().first), try GoldenFile("mha"))
    var request = try request(golden)
    request.needsWeights = .none
    request.explains = true
    let result = try request(input(golden, file, as: Float.self), state: InputFile(path: file.path))
    #expect(try result.file().names == ["output"])
    #expect(result.explanation.contains("projection"))
  }

  // MARK: What is wrong

  /// A state of E = 15, and an input of B 2, L 5, S 7.
  private func state(_ more: (inout Sample) throws -> Void = { _ in }) throws -> InputFile {
    try Sample {
      try $0.set("in_proj_weight", random: [45, 15])
      try $0.set("in_proj_bias", random: [45])
      try $0.set("out_proj.weight", random: [15, 15])
      try $0.set("out_proj.bias", random: [15])
      try more(&$0)
    }.input("state.st")
  }

  private func input(_ more: (inout Sample) throws -> Void = { _ in }) throws -> InputFile {
    try Sample {
      try $0.set("query", random: [2, 5, 15])
      try $0.set("key", random: [2, 7, 15])
      try $0.set("value", random: [2, 7, 15])
      try more(&$0)
    }.input("in.st")
  }

  private func expectFailure(
    _ says: String, request: LayerRequest = LayerRequest(heads: 3), _ input: InputFile, _ state: InputFile,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: ToolFailure.input(says), sourceLocation: sourceLocation) { try request(input, state: state) }
  }

  @Test func aRowWithNothingToAttendGivesTheBias() throws {
    let input = try input { try $0.set("key_padding_mask", [Bool](repeating: true, count: 14), [2, 7]) }
    var request = LayerRequest(heads: 3)
    request.needsWeights = .averaged
    let result = try request(input, state: state()).file()
    let bias = try state().file.tensor("out_proj.bias", as: Float.self).elements
    #expect(try result.tensor("output", as: Float.self).elements == Array(repeating: bias, count: 10).flatMap { $0 })
    #expect(try result.tensor("weights", as: Float.self) == Tensor(zeros: [2, 5, 7]))
  }

  @Test func saysWhatIsWrongWithTheMasks() throws {
    expectFailure(
      "in.st: attn_mask has shape [7, 5], expected [5, 7] or [6, 5, 7], or 1 for any of these sizes",
      try input { try $0.set("attn_mask", random: [7, 5]) }, try state())
    expectFailure(
      "in.st: attn_mask has shape [2, 5, 7], expected [5, 7] or [6, 5, 7], or 1 for any of these sizes",
      try input { try $0.set("attn_mask", random: [2, 5, 7]) }, try state())
    expectFailure(
      "in.st: key_padding_mask has shape [2, 5], expected [2, 7], or 1 for any of these sizes",
      try input { try $0.set("key_padding_mask", random: [2, 5]) }, try state())
    expectFailure(
      "in.st: tensor \"attn_mask\" has type I64, expected BOOL or a floating-point type (F64, F32, F16, BF16)",
      try input { try $0.set("attn_mask", [Int64](repeating: 0, count: 35), [5, 7]) }, try state())
  }

  @Test func saysWhichFileIsWrong() throws {
    expectFailure(
      "in.st: query has shape [2, 5, 14], expected [2, 5, 15], the layer's embedding size",
      try Sample {
        try $0.set("query", random: [2, 5, 14])
        try $0.set("key", random: [2, 7, 15])
        try $0.set("value", random: [2, 7, 15])
      }.input("in.st"), try state())
    expectFailure(
      "state.st: --heads is 4, expected a divisor of E = 15", request: LayerRequest(heads: 4), try input(),
      try state())
    expectFailure(
      "state.st: state dict: missing: bias_v [1, 1, 15]", try input(),
      try state { try $0.set("bias_k", random: [1, 1, 15]) })
    expectFailure(
      "state.st: state dict: wrong shape: bias_k: expected [1, 1, 15], got [15], "
        + "bias_v: expected [1, 1, 15], got [1, 15, 1]",
      try input(),
      try state {
        try $0.set("bias_k", random: [15])
        try $0.set("bias_v", random: [1, 15, 1])
      })
    // Sequence first, key has another batch, and masks are of [B·H, L, S] and [B, S] all the same.
    var request = LayerRequest(heads: 3)
    request.axisOrder = .sequenceFirst
    expectFailure(
      "in.st: key has shape [2, 7, 15], expected [2, 5, 15], query's batch and the layer's key size", request: request,
      try input(), try state())
    expectFailure(
      "in.st: attn_mask has shape [6, 5, 7], expected [2, 2] or [15, 2, 2], or 1 for any of these sizes",
      request: request, try input { try $0.set("attn_mask", random: [6, 5, 7]) }, try state())
  }

  /// A tensor of a wrong type hides nothing else that is wrong.
  @Test func saysEverythingThatIsWrongWithTheStateAtOnce() throws {
    let type = "has type I64, expected a floating-point type (F64, F32, F16, BF16)"
    expectFailure(
      "state.st: state dict: missing: out_proj.weight [15, 15]; unexpected: steps [1]; "
        + "wrong shape: out_proj.bias: expected [15], got [14]; "
        + "tensor \"in_proj_bias\" \(type); tensor \"steps\" \(type)", try input(),
      try Sample {
        try $0.set("in_proj_weight", random: [45, 15])
        try $0.set("in_proj_bias", [Int64](repeating: 1, count: 45), [45])
        try $0.set("out_proj.bias", random: [14])
        try $0.set("steps", [Int64(1)], [1])
      }.input("state.st"))
    expectFailure(
      "state.st: tensor \"in_proj_bias\" \(type)", try input(),
      try Sample {
        try $0.set("in_proj_weight", random: [45, 15])
        try $0.set("in_proj_bias", [Int64](repeating: 1, count: 45), [45])
        try $0.set("out_proj.weight", random: [15, 15])
        try $0.set("out_proj.bias", random: [15])
      }.input("state.st"))
  }

  @Test func namesTheTensorOfASizeThatIsTooLarge() throws {
    let wide = 1 << 40
    expectFailure(
      "in.st: query has shape [0, \(wide), 15], expected queries of 0...2147483647 (key has shape [0, 7, 15])",
      try Sample {
        try $0.set("query", Tensor<Float>(zeros: [0, wide, 15]))
        for name in ["key", "value"] { try $0.set(name, Tensor<Float>(zeros: [0, 7, 15])) }
      }.input("in.st"), try state())
    // B·H is more than can be counted.
    let many = 1 << 62
    expectFailure(
      "in.st: query has shape [\(many), 1, 0], expected [\(many), 1, 15], the layer's embedding size",
      try Sample {
        for name in ["query", "key", "value"] { try $0.set(name, Tensor<Float>(zeros: [many, 1, 0])) }
        try $0.set("attn_mask", [true], [1, 1])
      }.input("in.st"), try state())
  }

  /// A size of 1 repeats, in both masks and both polarities.
  @Test(
    arguments: [[1, 7], [5, 1], [1, 1], [1, 5, 7], [6, 1, 7], [6, 5, 1], [1, 1, 1]], [[1, 7], [2, 1], [1, 1]])
  func masksRepeat(attention: [Int], padding: [Int]) throws {
    func output(_ fill: (inout Sample) throws -> Void) throws -> Tensor<Float> {
      try LayerRequest(heads: 3)(input(fill), state: state()).file().tensor("output", as: Float.self)
    }
    let added = try Sample.random("attn_mask", attention)
    let ignored = try Tensor((0..<padding.reduce(1, *)).map { $0 % 2 == 1 }, shape: padding)
    let small = try output {
      try $0.set("attn_mask", added)
      try $0.set("key_padding_mask", ignored)
    }
    let large = try output {
      try $0.set("attn_mask", added.broadcast(to: attention.count == 2 ? [5, 7] : [6, 5, 7]))
      try $0.set("key_padding_mask", ignored.broadcast(to: [2, 7]))
    }
    #expect(small == large)
  }

  @Test func pointsToTheNamesThatThereAre() throws {
    var request = LayerRequest(heads: 3)
    request.prefix = "layer."
    expectFailure(
      "state.st: no tensor \"layer.in_proj_weight\"; the file has \"in_proj_weight\" and 3 others", request: request,
      try input(),
      try state())
    request.prefix = ""
    request.names = .bert
    let model = try Sample {
      for name in ["query", "key", "value"] {
        try $0.set("encoder.layer.0.attention.self.\(name).weight", random: [15, 15])
      }
    }.input("model.st")
    expectFailure(
      "model.st: no tensor \"attention.self.query.weight\"; "
        + "the file has \"encoder.layer.0.attention.self.query.weight\" and 2 others", request: request, try input(),
      model)
  }
}
