import Attention
import Testing

/// What is wrong about appended keys and about masks beside them.
@Suite struct AppendedKeysErrorTests {
  private func zeros(_ shape: [Int]) throws -> Tensor<Float> { try Tensor(zeros: shape) }

  @Test func wrongRows() throws {
    for shape in [[15], [15, 1], [2, 1, 15], [1, 2, 15], [1, 1, 1, 15]] {
      #expect(throws: AttentionError.shape(name: "appended key", expected: "[1, 1, E]", actual: shape)) {
        try AppendedKeys(key: zeros(shape), value: zeros([1, 1, 15]))
      }
      #expect(
        throws: AttentionError.shape(
          name: "appended value", expected: "[1, 1, 15], as the appended key", actual: shape)
      ) { try AppendedKeys(key: zeros([1, 1, 15]), value: zeros(shape)) }
    }
    #expect(
      throws: AttentionError.shape(name: "appended key", expected: "[1, 1, E] = [1, 1, 15]", actual: [1, 1, 14])
    ) {
      try MultiHeadAttention(
        inputProjection: .packed(Linear(weight: zeros([45, 15]))), outputProjection: Linear(weight: zeros([15, 15])),
        headCount: 3, appendedKeys: AppendedKeys(key: zeros([1, 1, 14]), value: zeros([1, 1, 14])))
    }
  }

  /// Masks are of the sequence's S keys, whatever is appended; messages speak of these.
  @Test func wrongMasks() throws {
    let layer = try MultiHeadAttention<Float>(
      embeddingSize: 15, headCount: 3, appendsLearnedKey: true, appendsZeroKey: true, seed: 1)
    let (x, memory) = (try zeros([2, 7, 15]), try zeros([2, 13, 15]))
    let plan = try layer.plan(batch: 2, queries: 7, keys: 13)
    var workspace = try plan.makeWorkspace()
    for (mask, error) in [
      (.keep(try Tensor(zeros: [7, 15])), .maskShape(name: "keep mask", shape: [7, 15], expected: [2, 3, 7, 13])),
      (.keep(try Tensor(zeros: [7, 14])), .maskShape(name: "keep mask", shape: [7, 14], expected: [2, 3, 7, 13])),
      (.bias(try zeros([15])), .maskShape(name: "bias", shape: [15], expected: [2, 3, 7, 13])),
      (
        try .ignoring(torchKeyPaddingMask: Tensor(zeros: [2, 15])),
        .maskShape(name: "keep mask", shape: [2, 1, 1, 15], expected: [2, 3, 7, 13])
      ),
      (.keyLengths([13, 14]), .argument(name: "key length", expected: "0...13", actual: "14")),
      (.keyLengths([13]), .argument(name: "key lengths", expected: "2, one per batch element", actual: "1")),
      (.causal, .alignmentNeeded(queries: 7, keys: 13)),
      (
        .window(left: -2, right: 1),
        .argument(name: "window left", expected: "0 or more, or -1 for unbounded", actual: "-2")
      ),
    ] as [(AttentionMask<Float>, AttentionError)] {
      let options = AttentionOptions(alignment: error.needsAlignment ? nil : .start)
      #expect(throws: error) {
        try layer(query: x, key: memory, value: memory, mask: mask, needsWeights: .none, options: options)
      }
      guard !mask.isCausal, mask.windowLeft == nil else { continue }
      #expect(throws: error) { try plan(query: x, key: memory, value: memory, mask: mask, workspace: &workspace) }
    }
    #expect(throws: AttentionError.argument(name: "workers", expected: "1 or more", actual: "0")) {
      try layer(x, workers: 0)
    }
    let most = Int(Int32.max)
    for keys in [most - 1, most] {
      #expect(
        throws: AttentionError.argument(
          name: "keys", expected: "0...\(most - 2), as 2 are appended", actual: "\(keys)")
      ) { try layer.plan(batch: 0, queries: 7, keys: keys) }
    }
    #expect(throws: AttentionError.argument(name: "keys", expected: "0...\(most)", actual: "\(Int.max)")) {
      try layer.plan(batch: 0, queries: 7, keys: .max)
    }
    #expect(try layer.plan(batch: 0, queries: 7, keys: most - 2).attention.shape.keys == most)
  }

  /// E = 15, with the parameters that PyTorch's layer of `add_bias_kv=True` has.
  private func tensors() throws -> [String: Tensor<Float>] {
    var tensors = try MultiHeadAttention<Float>(
      embeddingSize: 15, headCount: 3, appendsLearnedKey: true, seed: 1
    ).stateDict()
    tensors["out_proj.bias"] = try Tensor(repeating: 2, shape: [15])
    return tensors
  }

  @Test func stateDicts() throws {
    let original = try tensors()
    let layer = try MultiHeadAttention(stateDict: original, headCount: 3, appendsZeroKey: true)
    #expect(try layer.stateDict() == original && layer.appendedKeys.count == 2)
    #expect(layer.appendedKeys.key == original["bias_k"] && layer.appendedKeys.value == original["bias_v"])
    for (change, missing, misshapen) in [
      (["bias_v": nil], ["bias_v [1, 1, 15]"], []), (["bias_k": nil], ["bias_k [1, 1, 15]"], []),
      (["bias_k": [15]], [], ["bias_k: expected [1, 1, 15], got [15]"]),
      (
        ["bias_k": [1, 1, 14], "bias_v": [1, 15]], [],
        ["bias_k: expected [1, 1, 15], got [1, 1, 14]", "bias_v: expected [1, 1, 15], got [1, 15]"]
      ),
    ] as [([String: [Int]?], [String], [String])] {
      var wrong = original
      for (name, shape) in change { wrong[name] = try shape.map { try Tensor(zeros: $0) } }
      #expect(throws: AttentionError.stateDict(missing: missing, unexpected: [], misshapen: misshapen)) {
        try MultiHeadAttention(stateDict: wrong, headCount: 3)
      }
    }
  }

  /// Loading into a layer takes what the layer has; the zero key and the order stay.
  @Test func loadingIntoALayer() throws {
    let original = try tensors()
    var layer = try MultiHeadAttention<Float>(
      embeddingSize: 15, headCount: 3, appendsLearnedKey: true, appendsZeroKey: true, axisOrder: .sequenceFirst, seed: 2
    )
    try layer.load(stateDict: original)
    #expect(try layer.stateDict() == original)
    #expect(layer.appendedKeys.hasZero && layer.axisOrder == .sequenceFirst)
    var again = try MultiHeadAttention<Float>(
      embeddingSize: 15, headCount: 3, appendsLearnedKey: true, appendsZeroKey: true, axisOrder: .sequenceFirst, seed: 3
    )
    try again.load(stateDict: original, names: .torch)
    #expect(try again.stateDict() == original)
    #expect(again.appendedKeys.hasZero && again.axisOrder == .sequenceFirst)
    var plain = try MultiHeadAttention<Float>(embeddingSize: 15, headCount: 3, seed: 2)
    #expect(
      throws: AttentionError.stateDict(
        missing: [], unexpected: ["bias_k [1, 1, 15]", "bias_v [1, 1, 15]"], misshapen: [])
    ) { try plain.load(stateDict: original) }
    #expect(
      throws: AttentionError.stateDict(
        missing: ["bias_k [1, 1, 15]", "bias_v [1, 1, 15]"], unexpected: [], misshapen: [])
    ) { try again.load(stateDict: plain.stateDict()) }
  }

  /// Names that have none for the learned key do not lose it.
  @Test func namesWithoutALearnedKey() throws {
    let layer = try MultiHeadAttention(stateDict: tensors(), headCount: 3)
    #expect(throws: AttentionError.argument(name: "names", expected: "a name for the appended key", actual: "none")) {
      try layer.stateDict(names: .article)
    }
    var names = ParameterNames.article
    (names.appendedKey, names.appendedValue) = ("key_row", "value_row")
    let saved = try layer.stateDict(names: names)
    #expect(saved["key_row"] == layer.appendedKeys.key && saved["value_row"] == layer.appendedKeys.value)
    let again = try MultiHeadAttention(stateDict: saved, names: names, headCount: 3)
    #expect(try again.stateDict() == layer.stateDict())
    #expect(
      throws: AttentionError.stateDict(
        missing: [], unexpected: ["key_row [1, 1, 15]", "value_row [1, 1, 15]"], misshapen: [])
    ) { try MultiHeadAttention(stateDict: saved, names: .article, headCount: 3) }
  }
}

extension AttentionError {
  fileprivate var needsAlignment: Bool {
    if case .alignmentNeeded = self { return true }
    return false
  }
}
