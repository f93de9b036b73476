import Attention
import ONNXConventions
import Testing

@Suite struct TensorONNXMaskTests {
  // B 2, H 6, L 5, S 7
  private let shape: AttentionShape
  init() throws { shape = try AttentionShape(batch: 2, heads: 6, keyValueHeads: 3, queries: 5, keys: 7, headSize: 11) }

  @Test func padsAShortLastDimensionWithMasked() throws {
    let keep = try Tensor([true, false, true, true], shape: [2, 2])
    let square = try AttentionShape(queries: 2, keys: 3, headSize: 1)
    #expect(
      try keep.onnxMask(masked: false, shape: square)
        == Tensor([true, false, false, true, true, false], shape: [2, 3]))
    let bias = try Tensor<Float>([1, 2], shape: [2, 1])
    #expect(
      try bias.onnxMask(masked: -.infinity, shape: square)
        == Tensor([1, -.infinity, -.infinity, 2, -.infinity, -.infinity], shape: [2, 3]))
  }

  @Test(arguments: [
    [7], [5, 7], [1, 7], [6, 5, 7], [1, 5, 7], [2, 6, 5, 7], [2, 1, 5, 7], [1, 6, 1, 7], [1, 1, 1, 7],
  ])
  func keepsWhatFits(mask: [Int]) throws {
    let keep = try Tensor(repeating: true, shape: mask)
    #expect(try keep.onnxMask(masked: false, shape: shape).shape == mask)
  }

  @Test(arguments: [[1], [4], [0], [5, 1], [6, 1, 3], [2, 6, 5, 6]])
  func padsWhatIsShort(mask: [Int]) throws {
    let keep = try Tensor(repeating: true, shape: mask).onnxMask(masked: false, shape: shape)
    #expect(keep.shape == mask.dropLast() + [7])
    let width = try #require(mask.last)
    for (index, kept) in keep.elements.enumerated() { #expect(kept == (index % 7 < width)) }
  }

  /// Rank 3 is (heads, L, S), never (batch, L, S).
  @Test(arguments: [[8], [4, 7], [5, 8], [2, 5, 7], [6, 7, 5], [3, 6, 5, 7], [2, 3, 5, 7]])
  func refusesWhatDoesNotFit(mask: [Int]) throws {
    #expect(throws: AttentionError.maskShape(name: "mask", shape: mask, expected: [2, 6, 5, 7])) {
      try Tensor(repeating: true, shape: mask).onnxMask(masked: false, shape: shape)
    }
  }

  @Test(arguments: [[], [1, 2, 6, 5, 7]])
  func refusesOtherRanks(mask: [Int]) throws {
    #expect(throws: AttentionError.rank(name: "mask", expected: "1, 2, 3 or 4", shape: mask)) {
      try Tensor(repeating: true, shape: mask).onnxMask(masked: false, shape: shape)
    }
  }
}
