import Attention
import Support
import Testing

@Suite struct InitializationTests {
  /// Numbers within a bound that they nearly reach, of mean 0 and variance bound²/3: a uniform distribution.
  private func expectUniform(
    _ tensor: Tensor<Double>, bound: Double, _ sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let numbers = tensor.elements
    let count = Double(numbers.count)
    let mean = numbers.reduce(0, +) / count
    let variance = numbers.reduce(0) { $0 + $1 * $1 } / count
    #expect(numbers.allSatisfy { abs($0) <= bound }, sourceLocation: sourceLocation)
    #expect((numbers.map(abs).max() ?? 0) > 0.98 * bound, sourceLocation: sourceLocation)
    // Five standard deviations of the mean and of the variance of `count` uniform numbers.
    #expect(abs(mean) < 5 * bound / (3 * count).squareRoot(), sourceLocation: sourceLocation)
    #expect(
      abs(variance - bound * bound / 3) < 5 * bound * bound * (4 / (45 * count)).squareRoot(),
      sourceLocation: sourceLocation)
  }

  @Test func xavierUniform() throws {
    var generator = Xoshiro256(seed: 3)
    let weight: Tensor<Double> = try Initialization.xavierUniform([37, 59], using: &generator)
    #expect(weight.shape == [37, 59])
    expectUniform(weight, bound: (6.0 / (37 + 59)).squareRoot())
    let doubled: Tensor<Double> = try Initialization.xavierUniform([37, 59], gain: 2, using: &generator)
    expectUniform(doubled, bound: 2 * (6.0 / (37 + 59)).squareRoot())
  }

  @Test func fanInUniform() throws {
    var generator = Xoshiro256(seed: 4)
    let weight: Tensor<Double> = try Initialization.fanInUniform([37, 59], using: &generator)
    expectUniform(weight, bound: 1 / 59.0.squareRoot())
  }

  @Test func linearLayer() throws {
    let layer = try Linear<Double>(inputSize: 31, outputSize: 67, seed: 5)
    expectUniform(layer.weight, bound: 1 / 31.0.squareRoot())
    let bias = try #require(layer.bias)
    #expect(bias.shape == [67])
    expectUniform(bias, bound: 1 / 31.0.squareRoot())
    #expect(try Linear<Double>(inputSize: 31, outputSize: 67, hasBias: false, seed: 5).bias == nil)
  }

  /// One Xavier bound for the packed weight, whose out is 3E: √(6 / 4E), as `nn.MultiheadAttention` has it.
  @Test func multiHeadAttentionOfOneSize() throws {
    let size = 44
    let layer = try MultiHeadAttention<Double>(embeddingSize: size, headCount: 4, seed: 6)
    let tensors = try layer.stateDict()
    #expect(
      tensors.mapValues(\.shape) == [
        "in_proj_weight": [3 * size, size], "in_proj_bias": [3 * size], "out_proj.weight": [size, size],
        "out_proj.bias": [size],
      ])
    expectUniform(try #require(tensors["in_proj_weight"]), bound: (6 / Double(4 * size)).squareRoot())
    expectUniform(try #require(tensors["out_proj.weight"]), bound: 1 / Double(size).squareRoot())
    #expect(try #require(tensors["in_proj_bias"]).elements.allSatisfy { $0 == 0 })
    #expect(try #require(tensors["out_proj.bias"]).elements.allSatisfy { $0 == 0 })
  }

  @Test func multiHeadAttentionOfThreeSizes() throws {
    let layer = try MultiHeadAttention<Double>(
      embeddingSize: 44, headCount: 4, keySize: 29, valueSize: 53, hasBias: false, seed: 6)
    let tensors = try layer.stateDict()
    #expect(
      tensors.mapValues(\.shape) == [
        "q_proj_weight": [44, 44], "k_proj_weight": [44, 29], "v_proj_weight": [44, 53], "out_proj.weight": [44, 44],
      ])
    expectUniform(try #require(tensors["q_proj_weight"]), bound: (6.0 / (44 + 44)).squareRoot())
    expectUniform(try #require(tensors["k_proj_weight"]), bound: (6.0 / (44 + 29)).squareRoot())
    expectUniform(try #require(tensors["v_proj_weight"]), bound: (6.0 / (44 + 53)).squareRoot())
  }

  @Test func seedDeterminesParameters() throws {
    func weights<Scalar: BLASScalar>(_ seed: UInt64, _ type: Scalar.Type) throws -> [Scalar] {
      let layer = try MultiHeadAttention<Scalar>(embeddingSize: 6, headCount: 2, seed: seed)
      return try layer.stateDict().sorted { $0.key < $1.key }.flatMap(\.value.elements)
    }
    #expect(try weights(1, Float.self) == weights(1, Float.self))
    #expect(try weights(1, Float.self) != weights(2, Float.self))
    #expect(try weights(1, Float.self) == weights(1, Double.self).map { Float($0) })
  }

  @Test func wrongArguments() throws {
    var generator = Xoshiro256(seed: 1)
    #expect(throws: AttentionError.rank(name: "weight", expected: "2: [out, in]", shape: [3])) {
      try Initialization.xavierUniform([3], as: Float.self, using: &generator)
    }
    #expect(throws: AttentionError.rank(name: "weight", expected: "2: [out, in]", shape: [3, 5, 7])) {
      try Initialization.fanInUniform([3, 5, 7], as: Float.self, using: &generator)
    }
    #expect(throws: AttentionError.tensor(.negativeDimension(shape: [3, -1]))) {
      try Initialization.uniform([3, -1], bound: 1, as: Float.self, using: &generator)
    }
    for bound in [-1, Double.infinity, .nan] {
      #expect(
        throws: AttentionError.argument(name: "bound", expected: "a finite number, 0 or more", actual: "\(bound)")
      ) {
        try Initialization.uniform([3], bound: bound, as: Float.self, using: &generator)
      }
    }
    #expect(throws: AttentionError.argument(name: "inputSize", expected: "1 or more", actual: "0")) {
      try Linear<Float>(inputSize: 0, outputSize: 3, seed: 1)
    }
  }
}
