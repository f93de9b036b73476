import Attention
import Checkpoints
import Testing

@testable import AttentionTool

@Suite struct ONNXMaskTests {
  // B 2, H 6, L 5, S 7
  private let shape: AttentionShape
  init() throws { shape = try AttentionShape(batch: 2, heads: 6, keyValueHeads: 3, queries: 5, keys: 7, headSize: 11) }

  @Test func padsAShortLastDimensionWithMasked() throws {
    let keep = try Tensor([true, false, true, true], shape: [2, 2])
    let square = try AttentionShape(queries: 2, keys: 3, headSize: 1)
    #expect(
      try ONNXMask<Float>.fitted(keep, masked: false, shape: square)
        == Tensor([true, false, false, true, true, false], shape: [2, 3]))
    let bias = try Tensor<Float>([1, 2], shape: [2, 1])
    #expect(
      try ONNXMask<Float>.fitted(bias, masked: -.infinity, shape: square)
        == Tensor([1, -.infinity, -.infinity, 2, -.infinity, -.infinity], shape: [2, 3]))
  }

  @Test(arguments: [
    [7], [5, 7], [1, 7], [6, 5, 7], [1, 5, 7], [2, 6, 5, 7], [2, 1, 5, 7], [1, 6, 1, 7], [1, 1, 1, 7],
  ])
  func keepsWhatFits(mask: [Int]) throws {
    let keep = try Tensor(repeating: true, shape: mask)
    #expect(try ONNXMask<Float>.fitted(keep, masked: false, shape: shape).shape == mask)
  }

  @Test(arguments: [[1], [4], [0], [5, 1], [6, 1, 3], [2, 6, 5, 6]])
  func padsWhatIsShort(mask: [Int]) throws {
    let keep = try ONNXMask<Float>.fitted(Tensor(repeating: true, shape: mask), masked: false, shape: shape)
    #expect(keep.shape == mask.dropLast() + [7])
    let width = try #require(mask.last)
    for (index, kept) in keep.elements.enumerated() { #expect(kept == (index % 7 < width)) }
  }

  /// Rank 3 is (heads, L, S), never (batch, L, S).
  @Test(arguments: [[8], [4, 7], [5, 8], [2, 5, 7], [6, 7, 5], [3, 6, 5, 7], [2, 3, 5, 7]])
  func refusesWhatDoesNotFit(mask: [Int]) throws {
    #expect(throws: AttentionError.maskShape(name: "mask", shape: mask, expected: [2, 6, 5, 7])) {
      try ONNXMask<Float>.fitted(Tensor(repeating: true, shape: mask), masked: false, shape: shape)
    }
  }

  @Test(arguments: [[], [1, 2, 6, 5, 7]])
  func refusesOtherRanks(mask: [Int]) throws {
    #expect(throws: AttentionError.rank(name: "mask", expected: "1, 2, 3 or 4", shape: mask)) {
      try ONNXMask<Float>.fitted(Tensor(repeating: true, shape: mask), masked: false, shape: shape)
    }
  }

  @Test func readsBooleansAndNumbersOfAnyType() throws {
    func mask(_ fill: (inout Sample) throws -> Void) throws -> AttentionMask<Double>? {
      try ONNXMask<Double>(Sample(fill).file(), shape: shape)?.mask
    }
    #expect(try mask { try $0.set("mask", random: [7]) }?.description == "bias[7]")
    let half = try mask { try $0.set("mask", [Float16](repeating: 1.5, count: 7), [7]) }
    #expect(try half?.biases == [Tensor(repeating: 1.5, shape: [7])])
    #expect(try mask { try $0.set("mask", [true], [1]) }?.description == "keep[7]")
    #expect(try mask { try $0.set("masks", [true], [1]) }?.description == nil)
  }

  @Test func refusesIntegers() throws {
    let file = try Sample { try $0.set("mask", [Int64](repeating: 1, count: 7), [7]) }.file()
    #expect(
      throws: CheckpointError.wrongElementType(
        tensor: "mask", expected: "BOOL or a floating-point type (F64, F32, F16, BF16)", actual: .int64)
    ) { try ONNXMask<Float>(file, shape: shape) }
  }
}
