import Attention
import Checkpoints
import Testing

@testable import AttentionTool

@Suite struct ONNXMaskTests {
  // B 2, H 6, L 5, S 7
  private let shape: AttentionShape
  init() throws { shape = try AttentionShape(batch: 2, heads: 6, keyValueHeads: 3, queries: 5, keys: 7, headSize: 11) }

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
