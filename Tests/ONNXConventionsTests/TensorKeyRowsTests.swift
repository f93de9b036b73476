import ONNXConventions
import Tensors
import Testing

@Suite struct TensorKeyRowsTests {
  @Test func joinsHeadByHead() throws {
    // Two heads, a past of 1 row and 2 new ones, of 2 columns.
    let past = try Tensor<Float>([1, 2, 3, 4], shape: [1, 2, 1, 2])
    let new = try Tensor<Float>([5, 6, 7, 8, 9, 10, 11, 12], shape: [1, 2, 2, 2])
    #expect(
      try Tensor.keyRows(past: past, new: new)
        == Tensor([1, 2, 5, 6, 7, 8, 3, 4, 9, 10, 11, 12], shape: [1, 2, 3, 2]))
    let none = try Tensor<Float>(zeros: [1, 2, 0, 2])
    #expect(try Tensor.keyRows(past: none, new: new) == new)
    #expect(try Tensor.keyRows(past: past, new: none) == past)
  }
}
