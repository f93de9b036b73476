import Attention
import Checkpoints
import Foundation
import Support
import Testing

@Suite struct ParameterizedLayerTests {
  private func names(_ layer: some ParameterizedLayer) -> [String] { layer.parameters.map(\.name) }

  /// Names and order are those of PyTorch's `state_dict()`.
  @Test func namesAndCounts() throws {
    let linear = try Linear<Float>(inputSize: 3, outputSize: 5, seed: 1)
    #expect(names(linear) == ["weight", "bias"] && linear.parameterCount == 20)
    let bias = try #require(linear.bias)
    #expect(linear.parameters == [NamedParameter("weight", linear.weight), NamedParameter("bias", bias)])
    #expect(names(try Linear<Float>(inputSize: 3, outputSize: 5, hasBias: false, seed: 1)) == ["weight"])
    let embedding = try Embedding<Float>(vocabularySize: 7, embeddingSize: 4, seed: 1)
    #expect(names(embedding) == ["weight"] && embedding.parameterCount == 28)
    let positions = try LearnedPositions<Double>(capacity: 5, embeddingSize: 4, seed: 1)
    #expect(names(positions) == ["weight"] && positions.parameterCount == 20)
    let attention = try MultiHeadAttention<Double>(embeddingSize: 4, headCount: 2, seed: 1)
    #expect(names(attention) == ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"])
    #expect(attention.parameterCount == 12 * 4 + 12 + 4 * 4 + 4)
    let cross = try MultiHeadAttention<Double>(embeddingSize: 4, headCount: 2, keySize: 3, valueSize: 5, seed: 1)
    #expect(
      names(cross) == [
        "q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias",
      ])
    #expect(cross.parameterCount == 16 + 12 + 20 + 12 + 16 + 4)
    let article = try attention.parameters(names: .article)
    #expect(article.reduce(0) { $0 + $1.tensor.count } == attention.parameterCount)
    #expect(
      article.map(\.name) == [
        "query_linear.weight", "key_linear.weight", "value_linear.weight", "query_linear.bias", "key_linear.bias",
        "value_linear.bias", "out_linear.weight", "out_linear.bias",
      ])
    // Nothing was copied.
    #expect(article.prefix(3).allSatisfy { $0.tensor.storage === attention.parameters[0].tensor.storage })
  }

  @Test func stateDictsOfALinearLayer() throws {
    let layer = try Linear<Float>(inputSize: 3, outputSize: 5, seed: 1)
    let tensors = try layer.stateDict(prefix: "embed.")
    #expect(tensors.mapValues(\.shape) == ["embed.weight": [5, 3], "embed.bias": [5]])
    let again = try Linear(stateDict: tensors, prefix: "embed.")
    #expect(again.parameters == layer.parameters && again.weight.storage === layer.weight.storage)
    #expect(try Linear(stateDict: ["weight": layer.weight]).bias == nil)
    var other = try Linear<Float>(inputSize: 3, outputSize: 5, seed: 2)
    #expect(other.parameters != layer.parameters)
    try other.load(stateDict: tensors, prefix: "embed.")
    #expect(other.parameters == layer.parameters)
  }

  @Test func stateDictsOfTables() throws {
    let embedding = try Embedding<Float>(vocabularySize: 7, embeddingSize: 4, paddingIndex: 2, seed: 1)
    let tensors = try embedding.stateDict()
    let again = try Embedding(stateDict: tensors, paddingIndex: -5)
    #expect(again.weight == embedding.weight && again.paddingIndex == 2)
    // A table that is loaded keeps its padding row, as in PyTorch.
    var loaded = embedding
    let full = try Tensor<Float>(repeating: 3, shape: [7, 4])
    try loaded.load(stateDict: ["weight": full])
    #expect(loaded.weight == full && loaded.paddingIndex == 2)
    let positions = try LearnedPositions(stateDict: ["p.weight": full], prefix: "p.")
    #expect(positions.weight == full)
  }

  @Test func everythingWrongAtOnce() throws {
    let zeros = try Tensor<Float>(zeros: [2, 2])
    var linear = try Linear<Float>(inputSize: 3, outputSize: 5, seed: 1)
    let before = linear.parameters
    #expect(
      throws: AttentionError.stateDict(
        missing: ["x.bias [5]"], unexpected: ["x.scale [2, 2]", "x.shift [2, 2]"],
        misshapen: ["x.weight: expected [5, 3], got [2, 2]"])
    ) {
      try linear.load(
        stateDict: ["x.weight": zeros, "x.shift": zeros, "x.scale": zeros, "y.weight": zeros], prefix: "x.")
    }
    #expect(linear.parameters == before)
    let line = try Tensor<Float>(zeros: [3])
    #expect(
      throws: AttentionError.stateDict(
        missing: [], unexpected: ["scale [2, 2]"],
        misshapen: ["weight: expected [out, in], got [3]"])
    ) { try Linear(stateDict: ["weight": line, "bias": line, "scale": zeros]) }
    #expect(
      throws: AttentionError.stateDict(
        missing: [], unexpected: [],
        misshapen: ["weight: expected [out, in], got [3]", "bias: expected [out], got [2, 2]"])
    ) { try Linear(stateDict: ["weight": line, "bias": zeros]) }
    #expect(
      throws: AttentionError.stateDict(missing: [], unexpected: [], misshapen: ["bias: expected [2], got [3]"])
    ) { try Linear(stateDict: ["weight": zeros, "bias": line]) }
    #expect(
      throws: AttentionError.stateDict(
        missing: ["word.weight [vocabulary, E]"], unexpected: ["word.bias [3]"], misshapen: [])
    ) { try Embedding(stateDict: ["word.bias": line], prefix: "word.") }
    #expect(
      throws: AttentionError.stateDict(
        missing: [], unexpected: [], misshapen: ["weight: expected [capacity, E], got [3]"])
    ) { try LearnedPositions(stateDict: ["weight": line]) }
    // Other names under the prefix may be let pass.
    #expect(try Linear(stateDict: ["weight": zeros, "scale": zeros], isStrict: false).weight == zeros)
  }

  @Test func aModelOfLayers() throws {
    var model = try Encoder<Float>(seed: 1)
    #expect(
      names(model) == [
        "embedding.weight", "positions.weight", "attention.in_proj_weight", "attention.in_proj_bias",
        "attention.out_proj.weight", "attention.out_proj.bias",
      ])
    #expect(model.parameterCount == 28 + 20 + 80)
    let other = try Encoder<Float>(seed: 11)
    let tokens = try Tensor<Int>(rows: [[1, 6, 3], [0, 3, 5]])
    #expect(try model(tokens) != other(tokens))
    try model.load(stateDict: other.stateDict(prefix: "encoder."), prefix: "encoder.")
    #expect(model.parameters == other.parameters && model.embedding.paddingIndex == 6)
    #expect(try model(tokens) == other(tokens))

    // What is wrong in any layer is named at once, and no layer is changed.
    var wrong = try Encoder<Float>(seed: 21).stateDict()
    wrong["embedding.weight"] = try Tensor(zeros: [8, 4])
    wrong["positions.weight"] = nil
    wrong["attention.in_proj.bias"] = wrong.removeValue(forKey: "attention.in_proj_bias")
    #expect(
      throws: AttentionError.stateDict(
        missing: ["positions.weight [5, 4]", "attention.in_proj_bias [12]"],
        unexpected: ["attention.in_proj.bias [12]"],
        misshapen: ["embedding.weight: expected [7, 4], got [8, 4]"])
    ) { try model.load(stateDict: wrong) }
    #expect(model.parameters == other.parameters)
  }

  /// A layer of separate weights, with and without biases, is replaced in the order of its parameters.
  @Test(arguments: [true, false])
  func separateWeights(hasBias: Bool) throws {
    func layer(_ seed: UInt64) throws -> MultiHeadAttention<Float> {
      try MultiHeadAttention(embeddingSize: 4, headCount: 2, keySize: 3, valueSize: 5, hasBias: hasBias, seed: seed)
    }
    var tensors = try layer(1).stateDict()
    if hasBias {
      tensors["in_proj_bias"] = try Tensor((1...12).map(Float.init), shape: [12])
      tensors["out_proj.bias"] = try Tensor([5, 6, 7, 8], shape: [4])
    }
    var other = try layer(2)
    try other.load(stateDict: tensors)
    #expect(try other.stateDict() == tensors)
    #expect(try other.inputProjection.key.bias?.elements == (hasBias ? [5, 6, 7, 8] : nil))
  }

  /// Names that are not the layer's own are an error, not a parameter lost.
  @Test func oneNameForTwoParameters() throws {
    struct Pair: ParameterizedLayer {
      var first: Linear<Float>
      var second: Linear<Float>
      var parameters: [NamedParameter<Float>] { first.parameters + second.parameters }
      mutating func replaceParameters(
        _ next: () throws(AttentionError) -> Tensor<Float>
      ) throws(AttentionError) {
        try first.replaceParameters(next)
      }
    }
    let layer = try Linear<Float>(inputSize: 3, outputSize: 5, seed: 1)
    let pair = Pair(first: layer, second: layer)
    #expect(
      throws: AttentionError.argument(
        name: "names", expected: "a name of its own for each parameter", actual: "x.weight twice")
    ) { try pair.stateDict(prefix: "x.") }
    // Nor does a conformance that takes too few parameters go unnoticed.
    var loaded = pair
    #expect(throws: AttentionError.argument(name: "parameters replaced", expected: "4", actual: "2")) {
      try loaded.load(stateDict: layer.stateDict())
    }
    var names = ParameterNames.article
    names.keyWeight = names.queryWeight
    #expect(
      throws: AttentionError.argument(
        name: "names", expected: "a name of its own for each parameter", actual: "query_linear.weight twice")
    ) { try MultiHeadAttention<Float>(embeddingSize: 4, headCount: 2, seed: 1).stateDict(names: names) }
  }

  @Test func safetensorsRoundTrip() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "encoder-\(UUID()).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let model = try Encoder<Double>(seed: 1)
    var writer = SafetensorsWriter()
    for (name, tensor) in try model.stateDict() { try writer.add(tensor, named: name) }
    try writer.write(to: path)

    let file = try SafetensorsFile(contentsOf: path)
    #expect(Set(file.names) == Set(names(model)))
    func tensors<Scalar: BLASScalar>(_ type: Scalar.Type) throws -> [String: Tensor<Scalar>] {
      try Dictionary(uniqueKeysWithValues: file.names.map { ($0, try file.tensor($0, convertedTo: type)) })
    }
    var again = try Encoder<Double>(seed: 2)
    try again.load(stateDict: tensors(Double.self))
    #expect(again.parameters == model.parameters)
    var float = try Encoder<Float>(seed: 2)
    try float.load(stateDict: tensors(Float.self))
    #expect(try float.parameters.map(\.tensor) == model.parameters.map { try $0.tensor.converted(to: Float.self) })
    let tokens = try Tensor<Int>(rows: [[1, 6, 3], [0, 3, 5]])
    #expect(try again(tokens) == model(tokens))
  }

  /// Tokens, positions from 2 and self-attention, against PyTorch 2.13 in float64:
  /// `torch.nn.Embedding.from_pretrained`, the sinusoidal rows as in `SinusoidalPositionsTests`, and
  /// `torch.nn.MultiheadAttention(4, 2, batch_first=True)`, with the parameters computed below in both.
  @Test func pyTorch() throws {
    var table = try Tensor<Double>(zeros: [7, 4])
    for row in 0..<7 {
      for column in 0..<4 { table[row, column] = Double((3 * row + 5 * column) % 7 - 3) / 4 }
    }
    func filled(_ shape: [Int], _ modulus: Int) throws -> Tensor<Double> {
      let numbers = (0..<shape.reduce(1, *)).map { (5 * $0 + 2) % modulus - modulus / 2 }
      return try Tensor(numbers.map { Double($0) / 8 }, shape: shape)
    }
    let embedding = try Embedding(weight: table)
    let positions = try SinusoidalPositions<Double>(embeddingSize: 4)
    let attention = try MultiHeadAttention<Double>(
      stateDict: [
        "in_proj_weight": filled([12, 4], 11), "in_proj_bias": filled([12], 7), "out_proj.weight": filled([4, 4], 13),
        "out_proj.bias": filled([4], 5),
      ], headCount: 2)
    let tokens = try Tensor<Int64>(rows: [[1, 6, 3], [0, 3, 5]])
    let x = try positions(embedding(tokens), offset: 2)
    let expectedInput = [
      0.9092974268256817, -0.9161468365471424, 0.7699986666933331, 1.2498000066665778, 0.39112000805986724,
      -1.2399924966004454, -0.7200044997975044, 1.4995500337489875, -1.0068024953079282, -1.4036436208636118,
      0.5399893341866342, 0.9992001066609779, 0.1592974268256817, 0.0838531634528576, 0.01999866669333308,
      0.49980000666657776, -0.10887999194013279, -1.7399924966004454, 0.5299955002024956, 0.9995500337489875,
      -1.2568024953079282, 0.09635637913638806, 0.28998933418663414, 0.7492001066609779,
    ]
    let expectedOutput = [
      0.4312111004373761, -1.5360333160112678, 0.7838103915846987, -1.447581976552385, 0.4149840501913178,
      -1.5643035515795771, 0.793347565593334, -1.480735540979242, 0.4592132305379988, -1.6277914944140668,
      0.835626468913688, -1.5536408497590326, 0.5118368237794031, -1.0520536896917538, 0.48054089321939364,
      -1.0029017276337606, 0.4950958350811613, -1.0951113941950092, 0.5098556538937654, -1.044948731668908,
      0.5495929259599226, -0.954580374211147, 0.49808245064305506, -0.9687409804088898,
    ]
    for (name, actual, expected) in [
      ("input", x, expectedInput), ("output", try attention(x), expectedOutput),
    ] {
      let comparison = Comparison(actual, expected, shape: [2, 3, 4], absolute: ErrorBound.double(expected))
      #expect(comparison.isWithin, "\(name): \(comparison)")
    }
  }
}
