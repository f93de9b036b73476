import Attention
import Support
import Testing

@Suite struct EmbeddingTests {
  /// Row t is [10t, 10t + 1, 10t + 2].
  private func table(_ vocabulary: Int = 5) throws -> Tensor<Float> {
    try Tensor(rows: (0..<vocabulary).map { token in (0..<3).map { Float(10 * token + $0) } })
  }

  @Test func byHand() throws {
    let embedding = try Embedding(weight: table())
    #expect(embedding.vocabularySize == 5 && embedding.embeddingSize == 3 && embedding.paddingIndex == nil)
    let tokens = try Tensor<Int>(rows: [[4, 0], [1, 4]])
    #expect(
      try embedding(tokens)
        == Tensor([40, 41, 42, 0, 1, 2, 10, 11, 12, 40, 41, 42], shape: [2, 2, 3]))
  }

  @Test func anyRankAndIntegerType() throws {
    let embedding = try Embedding(weight: table())
    let expected = try Tensor<Float>([20, 21, 22], shape: [3])
    #expect(try embedding(Tensor<Int>([2], shape: [])) == expected)
    #expect(try embedding(Tensor<Int64>([2], shape: [])) == expected)
    #expect(try embedding(Tensor<Int32>([2], shape: [])) == expected)
    #expect(try embedding(Tensor<UInt8>([2], shape: [])) == expected)
    #expect(try embedding(Tensor<Int32>([2], shape: [1, 1, 1, 1])).shape == [1, 1, 1, 1, 3])
    #expect(try embedding(Tensor<Int64>(zeros: [2, 0, 7])).shape == [2, 0, 7, 3])
  }

  /// Tokens and tables that are views give what their copies give, and the table is not copied for a cut.
  @Test func views() throws {
    var random = SeededGenerator(seed: 51)
    let wide: Tensor<Double> = try random.uniform([13, 11])
    let tokens = try Tensor<Int>(rows: [[1, 6, 3], [0, 3, 5]])
    for (name, weight) in [
      ("rows and columns", try wide.sliced(axis: 0, 2..<9).sliced(axis: 1, 5..<8)),
      ("transposed", try wide.sliced(axis: 1, 0..<7).transposed(0, 1)),
      ("one row repeated", try wide.sliced(axis: 0, 4..<5).broadcast(to: [7, 11])),
    ] {
      let copy = try Tensor(weight.elements, shape: weight.shape)
      #expect(try Embedding(weight: weight)(tokens) == Embedding(weight: copy)(tokens), "\(name)")
    }
    let embedding = try Embedding(weight: wide.sliced(axis: 1, 5..<8))
    #expect(embedding.weight.storage === wide.storage)
    let copy = try Tensor(tokens.transposed(0, 1).elements, shape: [3, 2])
    #expect(try embedding(tokens.transposed(0, 1)) == embedding(copy))
    #expect(try embedding(tokens.sliced(axis: 1, 1..<2).broadcast(to: [2, 5])).shape == [2, 5, 3])
  }

  /// The article's x′ = W·x + b of one-hot rows: the token's column of W, plus b, to the bit, since the other products
  /// are 0.
  @Test func oneHotRowsThroughLinear() throws {
    let (vocabulary, size) = (7, 5)
    let linear = try Linear<Float>(inputSize: vocabulary, outputSize: size, seed: 9)
    let bias = try #require(linear.bias)
    let tokens = try Tensor<Int>(rows: [[3, 0, 6], [6, 1, 3]])
    var oneHot = try Tensor<Float>(zeros: [2, 3, vocabulary])
    for row in 0..<2 {
      for column in 0..<3 { oneHot[row, column, tokens[row, column]] = 1 }
    }
    let columns = try Embedding(weight: linear.weight.transposed(0, 1))(tokens)
    let result = try linear(oneHot)
    #expect(result.shape == [2, 3, size])
    for row in 0..<2 {
      for column in 0..<3 {
        for feature in 0..<size {
          #expect(result[row, column, feature] == columns[row, column, feature] + bias[feature])
          #expect(columns[row, column, feature] == linear.weight[feature, tokens[row, column]])
        }
      }
    }
  }

  /// `torch.nn.Embedding(7, 4, padding_idx=-2)` has padding_idx 5 and a row of zeros there.
  @Test(arguments: [5, -2])
  func paddingRowIsZeroWhenDrawn(paddingIndex: Int) throws {
    let embedding = try Embedding<Float>(vocabularySize: 7, embeddingSize: 4, paddingIndex: paddingIndex, seed: 3)
    #expect(embedding.paddingIndex == 5)
    let plain = try Embedding<Float>(vocabularySize: 7, embeddingSize: 4, seed: 3)
    for token in 0..<7 {
      for feature in 0..<4 {
        #expect(embedding.weight[token, feature] == (token == 5 ? 0 : plain.weight[token, feature]))
        #expect(plain.weight[token, feature] != 0)
      }
    }
    // A table that is given is kept as it is.
    #expect(try Embedding(weight: plain.weight, paddingIndex: paddingIndex).weight == plain.weight)
  }

  @Test func seedDeterminesTheTable() throws {
    func table<Scalar: BLASScalar>(_ seed: UInt64, _ type: Scalar.Type) throws -> [Scalar] {
      try Embedding<Scalar>(vocabularySize: 5, embeddingSize: 3, seed: seed).weight.elements
    }
    #expect(try table(1, Float.self) == table(1, Float.self))
    #expect(try table(1, Float.self) != table(2, Float.self))
    #expect(try table(1, Float.self) == table(1, Double.self).map { Float($0) })
    let small = try Embedding<Double>(vocabularySize: 5, embeddingSize: 3, standardDeviation: 0.5, seed: 1)
    #expect(try small.weight.elements == table(1, Double.self).map { $0 / 2 })
  }

  @Test func tokenOutOfRange() throws {
    let embedding = try Embedding(weight: table())
    var tokens = try Tensor<Int64>(zeros: [2, 3])
    tokens[1, 2] = 5
    let error = AttentionError.argument(name: "tokens[1, 2]", expected: "0..<5", actual: "5")
    #expect(throws: error) { try embedding(tokens) }
    #expect(error.description == "tokens[1, 2] is 5, expected 0..<5")
    // The first in row-major order, of a view by the view's own index.
    tokens[0, 1] = -1
    #expect(throws: AttentionError.argument(name: "tokens[0, 1]", expected: "0..<5", actual: "-1")) {
      try embedding(tokens)
    }
    #expect(throws: AttentionError.argument(name: "tokens[1, 0]", expected: "0..<5", actual: "-1")) {
      try embedding(tokens.transposed(0, 1))
    }
    #expect(throws: AttentionError.argument(name: "tokens", expected: "0..<5", actual: "\(UInt64.max)")) {
      try embedding(Tensor<UInt64>([.max], shape: []))
    }
    #expect(throws: AttentionError.argument(name: "tokens[0]", expected: "0..<0", actual: "0")) {
      try Embedding<Float>(weight: Tensor(zeros: [0, 3]))(Tensor<Int>(zeros: [1]))
    }
  }

  @Test func wrongArguments() throws {
    for index in [5, -6, .max, .min] {
      let error = AttentionError.argument(name: "paddingIndex", expected: "-5..<5", actual: "\(index)")
      #expect(throws: error) { try Embedding(weight: table(), paddingIndex: index) }
      #expect(throws: error) {
        try Embedding<Float>(vocabularySize: 5, embeddingSize: 3, paddingIndex: index, seed: 1)
      }
    }
    #expect(throws: AttentionError.rank(name: "weight", expected: "2: [vocabulary, E]", shape: [15])) {
      try Embedding<Float>(weight: Tensor(zeros: [15]))
    }
    #expect(throws: AttentionError.argument(name: "vocabularySize", expected: "1 or more", actual: "0")) {
      try Embedding<Float>(vocabularySize: 0, embeddingSize: 3, seed: 1)
    }
    #expect(throws: AttentionError.argument(name: "embeddingSize", expected: "1 or more", actual: "-3")) {
      try Embedding<Float>(vocabularySize: 5, embeddingSize: -3, seed: 1)
    }
    #expect(throws: AttentionError.tensor(.tooManyElements(shape: [.max / 2, 4]))) {
      try Embedding<Float>(vocabularySize: .max / 2, embeddingSize: 4, seed: 1)
    }
    // More tokens than memory, seen through a stride of 0.
    let endless = try Tensor<Int>(zeros: [1]).broadcast(to: [.max / 4])
    #expect(throws: AttentionError.self) { try Embedding(weight: table())(endless) }
  }
}
