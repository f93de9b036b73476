import Attention
import Support
import Tensors
import Testing

/// Where queries, keys and values lie after the projection: nothing is copied into heads.
@Suite struct ProjectedInputsTests {
  private let layer: MultiHeadAttention<Float>

  init() throws {
    layer = try MultiHeadAttention(embeddingSize: 15, headCount: 3, seed: 1)
  }

  private func project(
    _ layer: MultiHeadAttention<Float>, _ query: Tensor<Float>, _ key: Tensor<Float>, _ value: Tensor<Float>
  ) throws -> ProjectedInputs<Float> {
    let plan = try layer.plan(batch: 2, queries: 7, keys: 13)
    var workspace = try plan.makeWorkspace()
    let inputs = try plan.project(query: query, key: key, value: value, workspace: &workspace)
    // What the attention reads is this very memory: the same storage from the same first element on.
    for operand in [inputs.queries, inputs.keys, inputs.values] { #expect(try plan.readsInPlace(operand)) }
    return inputs
  }

  @Test func selfAttentionIsOneProductReadInPlace() throws {
    let x = try Tensor<Float>(repeating: 1, shape: [2, 7, 15])
    let inputs = try project(layer, x, x, x)
    #expect(inputs.productCount == 1)
    for (part, view) in [inputs.queries, inputs.keys, inputs.values].enumerated() {
      #expect(view.storage === inputs.queries.storage)
      #expect(view.shape == [2, 7, 15])
      #expect(view.strides == [7 * 45, 45, 1])  // rows of [B, L, 3E]
      #expect(view.layout.offset == part * 15)
      let heads = try view.splittingHeads(3)  // [B, H, L, D]
      #expect(heads.storage === view.storage && heads.strides == [7 * 45, 5, 45, 1])
    }
  }

  @Test func keysAndValuesOfOneMemoryAreOneProduct() throws {
    let x = try Tensor<Float>(repeating: 1, shape: [2, 7, 15])
    let memory = try Tensor<Float>(repeating: 2, shape: [2, 13, 15])
    let inputs = try project(layer, x, memory, memory)
    #expect(inputs.productCount == 2)
    #expect(inputs.queries.strides == [7 * 15, 15, 1])
    #expect(inputs.keys.strides == [13 * 30, 30, 1] && inputs.values.strides == [13 * 30, 30, 1])  // [B, S, 2E]
    #expect(inputs.values.layout.offset == inputs.keys.layout.offset + 15)
    let copy = try Tensor(memory.elements, shape: memory.shape)
    #expect(try project(layer, x, memory, copy).productCount == 3)
  }

  @Test func separateWeightsAreThreeProducts() throws {
    let layer = try MultiHeadAttention<Float>(embeddingSize: 15, headCount: 3, keySize: 11, valueSize: 11, seed: 1)
    let x = try Tensor<Float>(repeating: 1, shape: [2, 7, 15])
    let memory = try Tensor<Float>(repeating: 2, shape: [2, 13, 11])
    #expect(try project(layer, x, memory, memory).productCount == 3)
  }

  /// The views hold what three linear layers give.
  @Test func viewsHoldTheProjections() throws {
    var random = SeededGenerator(seed: 3)
    let x: Tensor<Float> = try random.normal([2, 7, 15])
    let inputs = try project(layer, x, x, x)
    let input = layer.inputProjection
    for (view, linear) in [
      (inputs.queries, try input.query), (inputs.keys, try input.key), (inputs.values, try input.value),
    ] {
      let expected = try linear(x)
      let comparison = Comparison(view, expected.doubles, shape: [2, 7, 15], absolute: 1e-6)
      #expect(comparison.isWithin, "\(comparison)")
    }
  }
}
