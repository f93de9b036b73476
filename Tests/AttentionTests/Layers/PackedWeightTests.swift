import Support
import Testing

@testable import Attention
@testable import Tensors

/// Weights of layers that are packed for many rows, or not.
@Suite struct PackedWeightTests {
  private let packs = Float.arithmetic.kernels.packsWeights

  private func layer(seed: UInt64 = 1, keySize: Int? = nil, appends: Bool = false) throws -> MultiHeadAttention<Float> {
    try MultiHeadAttention(
      embeddingSize: 72, headCount: 3, keySize: keySize, appendsLearnedKey: appends, appendsZeroKey: appends, seed: seed
    )
  }

  private func areInputsPacked(_ layer: MultiHeadAttention<Float>) -> [Bool] {
    switch layer.inputProjection {
    case .packed(let linear): [linear.packedWeight.isPacked]
    case .separate(let query, let key, let value): [query, key, value].map(\.packedWeight.isPacked)
    }
  }

  @Test func plansPackWhatTheirRowsWant() throws {
    let few = try layer()
    #expect(try few.plan(queries: 32).explain().contains("weights    as they lie\n"))
    #expect(areInputsPacked(few) == [false] && !few.outputProjection.packedWeight.isPacked)

    let many = try layer()
    let plan = try many.plan(queries: 33)
    #expect(areInputsPacked(many) == [packs] && many.outputProjection.packedWeight.isPacked == packs)
    if packs {
      // [3E, E] and [E, E].
      let bytes = [216, 72].map { Float.arithmetic.kernels.packedSize($0, 72) * 4 }.reduce(0, +)
      #expect(plan.explain().contains("weights    packed, \(bytes) bytes beside the layer's own, for all its plans\n"))
    }

    // Keys of a memory are many, queries few.
    let cross = try layer(keySize: 31)
    _ = try cross.plan(queries: 5, keys: 50)
    #expect(areInputsPacked(cross) == [false, packs, packs] && !cross.outputProjection.packedWeight.isPacked)
  }

  /// With room behind each sequence every batch element is a product of its own.
  @Test func plansWithAppendedKeysPackByProducts() throws {
    let layer = try layer(appends: true)
    _ = try layer.plan(batch: 8, queries: 16)
    #expect(areInputsPacked(layer) == [false] && layer.outputProjection.packedWeight.isPacked == packs)
    var random = SeededGenerator(seed: 3)
    _ = try layer(random.normal([8, 16, 72]))
    #expect(areInputsPacked(layer) == [false])
  }

  @Test func nothingIsPackedOnTheBLASPath() throws {
    let layer = try layer()
    var random = SeededGenerator(seed: 4)
    let x: Tensor<Float> = try random.normal([1, 40, 72])
    let plan = try layer.plan(queries: 40, options: AttentionOptions(path: .blas))
    #expect(plan.explain().contains("weights    as they lie, by BLAS where rows are many\n"))
    _ = try layer(x, path: .blas)
    #expect(areInputsPacked(layer) == [false] && !layer.outputProjection.packedWeight.isPacked)
    _ = try layer(x)
    #expect(areInputsPacked(layer) == [packs])
  }

  /// A part of a packed projection multiplies by what the whole has packed, or packs the whole.
  @Test func partsShare() throws {
    let whole = try layer()
    var random = SeededGenerator(seed: 5)
    let x: Tensor<Float> = try random.normal([45, 72])
    let key = try whole.inputProjection.key
    let y = try key(x, workers: 2)
    #expect(areInputsPacked(whole) == [packs])
    let own = try Linear(weight: key.weight.copy(), bias: key.bias)
    #expect(try y.elements == own(x).elements)
  }

  /// The same as by BLAS: packed and separate inputs, keys and values of one memory or of two, with and without appended keys.
  @Test(arguments: [72, 31], [false, true])
  func manyRowsGiveWhatBLASGives(keySize: Int, appends: Bool) throws {
    let layer = try layer(seed: 7, keySize: keySize, appends: appends)
    var random = SeededGenerator(seed: 6)
    let query: Tensor<Float> = try random.normal([2, 37, 72])
    let key: Tensor<Float> = try random.normal([2, 53, keySize])
    let value: Tensor<Float> = try random.normal([2, 53, 72])
    let both = keySize == 72 ? [(key, value), (key, key)] : [(key, value)]
    for (key, value) in both {
      let expected = try layer(query: query, key: key, value: value, path: .blas)
      for workers in [1, 2] {
        let actual = try layer(query: query, key: key, value: value, path: .tiled, workers: workers)
        let comparison = Comparison(actual, expected.doubles, shape: expected.shape, absolute: 4e-6)
        #expect(comparison.isWithin, "\(workers) workers: \(comparison)")
      }
    }
  }
}
