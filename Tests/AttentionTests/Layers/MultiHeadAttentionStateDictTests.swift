import Attention
import Support
import Testing

@Suite struct MultiHeadAttentionStateDictTests {
  /// Parameters as PyTorch names them, none of them 0.
  private func tensors(keySize: Int = 15, valueSize: Int = 15) throws -> [String: Tensor<Float>] {
    var random = SeededGenerator(seed: 31)
    let layer = try MultiHeadAttention<Float>(
      embeddingSize: 15, headCount: 3, keySize: keySize, valueSize: valueSize, seed: 1)
    var tensors = try layer.stateDict()
    tensors["in_proj_bias"] = try random.uniform([45])
    tensors["out_proj.bias"] = try random.uniform([15])
    return tensors
  }

  private func layer(_ tensors: [String: Tensor<Float>]) throws -> MultiHeadAttention<Float> {
    try MultiHeadAttention(stateDict: tensors, headCount: 3)
  }

  @Test(arguments: ParameterNames.Preset.allCases)
  func roundTrip(preset: ParameterNames.Preset) throws {
    let names = try ParameterNames(preset: preset.rawValue)
    let original = try tensors()
    let saved = try layer(original).stateDict(names: names, prefix: "block.")
    let again = try MultiHeadAttention(stateDict: saved, prefix: "block.", names: names, headCount: 3)
    #expect(try again.stateDict() == original)
    #expect(saved.keys.allSatisfy { $0.hasPrefix("block.") })
  }

  @Test func namesOfThePresets() throws {
    let layer = try layer(tensors())
    #expect(
      try layer.stateDict().mapValues(\.shape) == [
        "in_proj_weight": [45, 15], "in_proj_bias": [45], "out_proj.weight": [15, 15], "out_proj.bias": [15],
      ])
    for (names, query, output) in [
      (ParameterNames.article, "query_linear", "out_linear"),
      (.bert, "attention.self.query", "attention.output.dense"),
    ] {
      let saved = try layer.stateDict(names: names)
      #expect(saved.count == 8)
      #expect(saved[query + ".weight"]?.shape == [15, 15] && saved[query + ".bias"]?.shape == [15])
      #expect(saved[output + ".weight"]?.shape == [15, 15] && saved[output + ".bias"]?.shape == [15])
    }
    #expect(throws: AttentionError.argument(name: "names", expected: "one of torch, article, bert", actual: "gpt")) {
      try ParameterNames(preset: "gpt")
    }
  }

  /// Rows 0 ..< E of the packed weight are the query's, then the key's, then the value's.
  @Test func packedOrder() throws {
    let original = try tensors()
    let packed = try #require(original["in_proj_weight"])
    let saved = try layer(original).stateDict(names: .article)
    for (part, name) in ["query", "key", "value"].enumerated() {
      let rows = (part * 15)..<(part * 15 + 15)
      #expect(try saved["\(name)_linear.weight"] == packed.sliced(axis: 0, rows))
      #expect(try saved["\(name)_linear.bias"] == original["in_proj_bias"]?.sliced(axis: 0, rows))
    }
  }

  @Test func sizesAndBiasesAreThoseOfTheTensors() throws {
    let original = try tensors(keySize: 11, valueSize: 17)
    let layer = try layer(original)
    #expect(layer.embeddingSize == 15 && layer.keySize == 11 && layer.valueSize == 17 && layer.hasBias)
    #expect(try layer.stateDict() == original)
    let plain = try self.layer(original.filter { !$0.key.hasSuffix("bias") })
    #expect(!plain.hasBias)
  }

  @Test func everythingWrongAtOnce() throws {
    var wrong = try tensors()
    wrong["out_proj.weight"] = try Tensor(zeros: [15, 14])
    wrong["in_proj_bias"] = nil
    wrong["norm.bias"] = try Tensor(zeros: [15])
    wrong["norm.weight"] = try Tensor(zeros: [15])
    let error = AttentionError.stateDict(
      missing: ["in_proj_bias [45]"], unexpected: ["norm.bias [15]", "norm.weight [15]"],
      misshapen: ["out_proj.weight: expected [15, 15], got [15, 14]"])
    #expect(throws: error) { try layer(wrong) }
    #expect(
      error.description
        == "state dict: missing: in_proj_bias [45]; unexpected: norm.bias [15], norm.weight [15]; "
        + "wrong shape: out_proj.weight: expected [15, 15], got [15, 14]")
  }

  @Test func missingAndMisshapen() throws {
    #expect(
      throws: AttentionError.stateDict(
        missing: ["x.in_proj_weight [3E, E]", "x.out_proj.weight [E, E]"], unexpected: [], misshapen: [])
    ) {
      try MultiHeadAttention<Float>(stateDict: tensors(), prefix: "x.", headCount: 3)
    }
    var wrong = try tensors()
    wrong["in_proj_weight"] = try Tensor(zeros: [44, 15])
    #expect(
      throws: AttentionError.stateDict(
        missing: [], unexpected: [], misshapen: ["in_proj_weight: expected [45, 15], got [44, 15]"])
    ) { try layer(wrong) }
    wrong = try tensors(keySize: 11, valueSize: 17)
    wrong["k_proj_weight"] = try Tensor(zeros: [14, 11])
    wrong["v_proj_weight"] = nil
    #expect(
      throws: AttentionError.stateDict(
        missing: ["v_proj_weight [15, 15]"], unexpected: [],
        misshapen: ["k_proj_weight: expected [15, 11], got [14, 11]"])
    ) { try layer(wrong) }
    // PyTorch's names where the article's were asked for.
    #expect(throws: AttentionError.self) {
      try MultiHeadAttention<Float>(stateDict: tensors(), names: .article, headCount: 3)
    }
    #expect(
      throws: AttentionError.argument(name: "headCount", expected: "a divisor of embeddingSize 15", actual: "4")
    ) { try MultiHeadAttention<Float>(stateDict: tensors(), headCount: 4) }
  }

  /// Where no matrix tells E, each parameter is still known by its rank.
  @Test func wrongRanks() throws {
    func zeros(_ shapes: [String: [Int]]) throws -> [String: Tensor<Float>] {
      try shapes.mapValues { try Tensor(zeros: $0) }
    }
    #expect(
      throws: AttentionError.stateDict(
        missing: [], unexpected: [],
        misshapen: [
          "in_proj_weight: expected [3E, E], got [45]", "out_proj.weight: expected [E, E], got [15, 15, 1]",
          "in_proj_bias: expected [3E], got [45, 1]",
        ])
    ) {
      try layer(
        zeros([
          "in_proj_weight": [45], "out_proj.weight": [15, 15, 1], "in_proj_bias": [45, 1], "out_proj.bias": [15],
        ]))
    }
    #expect(
      throws: AttentionError.stateDict(
        missing: ["in_proj_bias [3E]"], unexpected: [],
        misshapen: [
          "q_proj_weight: expected [E, E], got [225]", "k_proj_weight: expected [E, keySize], got [15, 11, 1]",
          "v_proj_weight: expected [E, valueSize], got []", "out_proj.weight: expected [E, E], got [15]",
          "out_proj.bias: expected [E], got [1, 15]",
        ])
    ) {
      try layer(
        zeros([
          "q_proj_weight": [225], "k_proj_weight": [15, 11, 1], "v_proj_weight": [], "out_proj.weight": [15],
          "out_proj.bias": [1, 15],
        ]))
    }
    // A size that can't be tripled has no vote.
    #expect(
      throws: AttentionError.stateDict(
        missing: [], unexpected: [], misshapen: ["out_proj.weight: expected [0, 0], got [\(Int.max), 0]"])
    ) { try layer(zeros(["in_proj_weight": [0, 0], "out_proj.weight": [.max, 0]])) }
  }

  @Test func replacementsOfAnotherRank() throws {
    var layer = try layer(tensors())
    let line = try Tensor<Float>(zeros: [45])
    #expect(throws: AttentionError.rank(name: "packed projection weight", expected: "2: [3E, E]", shape: [45])) {
      try layer.replaceParameters { line }
    }
  }

  /// Of a whole model's names, those under the prefix count; strictly, all of them must be the layer's.
  @Test func otherNames() throws {
    let bert = try layer(tensors()).stateDict(names: .bert, prefix: "layer.0.")
    var model = bert
    model["layer.1.intermediate.dense.weight"] = try Tensor(zeros: [2, 2])
    let again = try MultiHeadAttention(stateDict: model, prefix: "layer.0.", names: .bert, headCount: 3)
    #expect(try again.stateDict() == tensors())
    model["layer.0.intermediate.dense.weight"] = try Tensor(zeros: [2, 2])
    #expect(
      throws: AttentionError.stateDict(
        missing: [], unexpected: ["layer.0.intermediate.dense.weight [2, 2]"], misshapen: [])
    ) { try MultiHeadAttention(stateDict: model, prefix: "layer.0.", names: .bert, headCount: 3) }
    let lenient = try MultiHeadAttention(
      stateDict: model, prefix: "layer.0.", names: .bert, headCount: 3, isStrict: false)
    #expect(try lenient.stateDict() == tensors())
  }

  /// A model whose keys have no bias (as Whisper's): it is 0, and saved only where it has a name.
  @Test func customNamesWithoutAKeyBias() throws {
    var names = ParameterNames(query: "q_proj", key: "k_proj", value: "v_proj", output: "out_proj")
    names.keyBias = nil
    var saved = try layer(tensors()).stateDict(
      names: ParameterNames(query: "q_proj", key: "k_proj", value: "v_proj", output: "out_proj"))
    saved["k_proj.bias"] = nil
    let layer = try MultiHeadAttention(stateDict: saved, names: names, headCount: 3)
    #expect(try layer.stateDict(names: names) == saved)
    let packed = try #require(try layer.stateDict()["in_proj_bias"])
    #expect(try packed.sliced(axis: 0, 15..<30).elements.allSatisfy { $0 == 0 })
    #expect(
      throws: AttentionError.argument(
        name: "names", expected: "a name for the key bias, which is not 0", actual: "none")
    ) { try self.layer(tensors()).stateDict(names: names) }
  }

  @Test func loadReplacesParametersOfTheSameSizes() throws {
    var layer = try MultiHeadAttention<Float>(embeddingSize: 15, headCount: 3, seed: 2)
    let before = try layer.stateDict()
    let other = try tensors(keySize: 11, valueSize: 15)
    #expect(
      throws: AttentionError.stateDict(
        missing: ["in_proj_weight [45, 15]"],
        unexpected: ["k_proj_weight [15, 11]", "q_proj_weight [15, 15]", "v_proj_weight [15, 15]"], misshapen: [])
    ) { try layer.load(stateDict: other) }
    #expect(try layer.stateDict() == before)
    let article = try self.layer(tensors()).stateDict(names: .article)
    try layer.load(stateDict: article, names: .article)
    #expect(try layer.stateDict() == tensors())
  }
}
