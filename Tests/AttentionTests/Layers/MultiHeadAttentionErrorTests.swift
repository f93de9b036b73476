import Attention
import Testing

@Suite struct MultiHeadAttentionErrorTests {
  private let layer: MultiHeadAttention<Float>

  init() throws {
    layer = try MultiHeadAttention(embeddingSize: 15, headCount: 3, keySize: 11, valueSize: 17, seed: 1)
  }

  private func call(
    _ query: [Int], _ key: [Int], _ value: [Int], mask: AttentionMask<Float> = .none
  ) throws {
    _ = try layer(
      query: Tensor(zeros: query), key: Tensor(zeros: key), value: Tensor(zeros: value), mask: mask)
  }

  @Test func wrongShapes() throws {
    try call([2, 7, 15], [2, 13, 11], [2, 13, 17])
    let query = "the layer's embedding size"
    let key = "query's batch and the layer's key size"
    let value = "query's batch, key's rows and the layer's value size"
    for (shapes, error) in [
      (
        [[2, 7, 14], [2, 13, 11], [2, 13, 17]],
        AttentionError.shape(
          name: "query", expected: "[2, 7, 15], \(query)", actual: [2, 7, 14])
      ),
      (
        [[2, 7, 15], [2, 13, 15], [2, 13, 17]],
        .shape(
          name: "key", expected: "[2, 13, 11], \(key)", actual: [2, 13, 15])
      ),
      (
        [[2, 7, 15], [3, 13, 11], [2, 13, 17]],
        .shape(
          name: "key", expected: "[2, 13, 11], \(key)", actual: [3, 13, 11])
      ),
      (
        [[2, 7, 15], [2, 13, 11], [2, 13, 11]],
        .shape(
          name: "value", expected: "[2, 13, 17], \(value)", actual: [2, 13, 11])
      ),
      (
        [[2, 7, 15], [2, 13, 11], [2, 12, 17]],
        .shape(
          name: "value", expected: "[2, 13, 17], \(value)", actual: [2, 12, 17])
      ),
      (
        [[2, 7, 15], [2, 13, 11], [1, 13, 17]],
        .shape(
          name: "value", expected: "[2, 13, 17], \(value)", actual: [1, 13, 17])
      ),
      ([[7, 15], [13, 11], [12, 17]], .shape(name: "value", expected: "[13, 17], \(value)", actual: [12, 17])),
      ([[15], [2, 13, 11], [2, 13, 17]], .rank(name: "query", expected: "3: [B, L, E], or 2: [L, E]", shape: [15])),
      (
        [[2, 3, 7, 5], [2, 13, 11], [2, 13, 17]],
        .rank(
          name: "query", expected: "3: [B, L, E], or 2: [L, E]", shape: [2, 3, 7, 5])
      ),
      (
        [[7, 15], [2, 13, 11], [2, 13, 17]],
        .rank(
          name: "key", expected: "2, as query of shape [7, 15]", shape: [2, 13, 11])
      ),
      (
        [[2, 7, 15], [2, 13, 11], [13, 17]],
        .rank(
          name: "value", expected: "3, as query of shape [2, 7, 15]", shape: [13, 17])
      ),
    ] {
      #expect(throws: error) { try call(shapes[0], shapes[1], shapes[2]) }
    }
  }

  @Test func wrongMasks() throws {
    func check(_ error: AttentionError, _ mask: () throws -> AttentionMask<Float>) {
      #expect(throws: error) { try call([2, 7, 15], [2, 13, 11], [2, 13, 17], mask: mask()) }
    }
    let scores = [2, 3, 7, 13]
    check(.rank(name: "attention mask", expected: "2: [L, S], or 3: [B·H, L, S]", shape: [13])) {
      try .ignoring(torchAttentionMask: Tensor(zeros: [13]), headCount: 3)
    }
    check(.rank(name: "attention mask", expected: "2: [L, S], or 3: [B·H, L, S]", shape: [2, 3, 7, 13])) {
      try .adding(torchAttentionMask: Tensor(zeros: [2, 3, 7, 13]), headCount: 3)
    }
    check(.shape(name: "attention mask", expected: "[B·3, L, S] for 3 heads", actual: [7, 7, 13])) {
      try .ignoring(torchAttentionMask: Tensor(zeros: [7, 7, 13]), headCount: 3)
    }
    check(.maskShape(name: "keep mask", shape: [3, 3, 7, 13], expected: scores)) {
      try .ignoring(torchAttentionMask: Tensor(zeros: [9, 7, 13]), headCount: 3)
    }
    check(.maskShape(name: "keep mask", shape: [13, 7], expected: scores)) {
      try .ignoring(torchAttentionMask: Tensor(zeros: [13, 7]), headCount: 3)
    }
    check(.maskShape(name: "bias", shape: [7, 12], expected: scores)) {
      try .adding(torchAttentionMask: Tensor(zeros: [7, 12]), headCount: 3)
    }
    check(.rank(name: "key padding mask", expected: "2: [B, S], or 1: [S]", shape: [2, 1, 13])) {
      try .ignoring(torchKeyPaddingMask: Tensor(zeros: [2, 1, 13]))
    }
    check(.maskShape(name: "keep mask", shape: [3, 1, 1, 13], expected: scores)) {
      try .ignoring(torchKeyPaddingMask: Tensor(zeros: [3, 13]))
    }
    check(.maskShape(name: "bias", shape: [2, 1, 1, 7], expected: scores)) {
      try .adding(torchKeyPaddingMask: Tensor(zeros: [2, 7]))
    }
    check(.alignmentNeeded(queries: 7, keys: 13)) { .causal }
  }

  @Test func wrongSizes() throws {
    for (heads, size) in [(4, 15), (0, 15), (-3, 15), (16, 15)] {
      #expect(
        throws: AttentionError.argument(
          name: "headCount", expected: "a divisor of embeddingSize \(size)", actual: "\(heads)")
      ) { try MultiHeadAttention<Float>(embeddingSize: size, headCount: heads, seed: 1) }
    }
    let most = Int(Int32.max) / 3
    #expect(throws: AttentionError.argument(name: "embeddingSize", expected: "1...\(most)", actual: "0")) {
      try MultiHeadAttention<Float>(embeddingSize: 0, headCount: 1, seed: 1)
    }
    #expect(throws: AttentionError.argument(name: "keySize", expected: "1...\(most)", actual: "-1")) {
      try MultiHeadAttention<Float>(embeddingSize: 2, headCount: 1, keySize: -1, seed: 1)
    }
    #expect(throws: AttentionError.argument(name: "valueSize", expected: "1...\(most)", actual: "\(Int.max)")) {
      try MultiHeadAttention<Float>(embeddingSize: 2, headCount: 1, valueSize: .max, seed: 1)
    }
  }

  @Test func wrongParameters() throws {
    func linear(_ outputs: Int, _ inputs: Int) throws -> Linear<Float> {
      try Linear(weight: Tensor(zeros: [outputs, inputs]))
    }
    func check(_ error: AttentionError, _ input: InputProjection<Float>, _ output: Linear<Float>) {
      #expect(throws: error) {
        try MultiHeadAttention(inputProjection: input, outputProjection: output, headCount: 1)
      }
    }
    check(
      .shape(name: "packed projection weight", expected: "[3E, E], E of 1 or more", actual: [10, 5]),
      .packed(try linear(10, 5)), try linear(5, 5))
    check(
      .shape(name: "output projection weight", expected: "[E, E] = [5, 5]", actual: [7, 5]),
      .packed(try linear(15, 5)), try linear(7, 5))
    check(
      .shape(name: "query projection weight", expected: "[E, E], E of 1 or more", actual: [5, 3]),
      .separate(query: try linear(5, 3), key: try linear(5, 3), value: try linear(5, 3)), try linear(5, 5))
    check(
      .shape(name: "value projection weight", expected: "[5, valueSize of 1 or more]", actual: [7, 3]),
      .separate(query: try linear(5, 5), key: try linear(5, 3), value: try linear(7, 3)), try linear(5, 5))
  }

  @Test func wrongOptions() throws {
    let x = try Tensor<Float>(zeros: [2, 7, 15])
    let layer = try MultiHeadAttention<Float>(embeddingSize: 15, headCount: 3, seed: 1)
    #expect(throws: AttentionError.argument(name: "workers", expected: "1 or more", actual: "0")) {
      try layer(x, workers: 0)
    }
    #expect(
      throws: AttentionError.argument(name: "window left", expected: "0 or more, or -1 for unbounded", actual: "-2")
    ) {
      try layer(x, mask: .window(left: -2, right: 1))
    }
  }
}
