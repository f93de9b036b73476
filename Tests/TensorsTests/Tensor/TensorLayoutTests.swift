import Tensors
import Testing

@Suite struct TensorLayoutTests {
  @Test(
    "Row-major strides",
    arguments: [
      ([], []), ([5], [1]), ([2, 3], [3, 1]), ([2, 3, 5], [15, 5, 1]), ([2, 0, 5], [5, 5, 1]), ([1, 1], [1, 1]),
    ])
  func strides(shape: [Int], expected: [Int]) throws {
    let layout = try TensorLayout(contiguous: shape)
    #expect(layout.strides == expected)
    #expect(layout.offset == 0)
    #expect(layout.isContiguous)
    #expect(layout.rank == shape.count)
    #expect(layout.count == shape.reduce(1, *))
  }

  @Test(
    "A product beyond Int is an error, also where a 0 makes the tensor empty",
    arguments: [
      [Int.max, 2], [2, Int.max], [1 << 32, 1 << 31], [Int.max, 2, 0], [0, Int.max, Int.max], [Int.max, 0, 3],
    ])
  func overflow(shape: [Int]) {
    #expect(throws: TensorError.tooManyElements(shape: shape)) { try TensorLayout(contiguous: shape) }
    #expect(throws: TensorError.tooManyElements(shape: shape)) { try Tensor<Int8>(zeros: shape) }
  }

  @Test("The greatest counts", arguments: [([Int.max], Int.max), ([Int.max, 0], 0), ([1 << 31, 1 << 31], 1 << 62)])
  func greatest(shape: [Int], count: Int) throws {
    #expect(try TensorLayout.count(of: shape) == count)
    #expect(try TensorLayout(contiguous: shape).isContiguous)
  }

  @Test("A negative dimension is an error", arguments: [[-1], [2, -3], [0, -1], [Int.min, 2]])
  func negative(shape: [Int]) {
    #expect(throws: TensorError.negativeDimension(shape: shape)) { try TensorLayout(contiguous: shape) }
  }

  @Test(
    "Contiguous is what stands in row-major order without gaps",
    arguments: [
      ([3, 5], [5, 1], true), ([3, 5], [7, 1], false), ([3, 5], [1, 3], false), ([1, 5], [99, 1], true),
      ([3, 1], [1, 99], true), ([3, 5], [0, 1], false), ([0, 5], [9, 9], true), ([1, 1], [7, 7], true),
    ] as [([Int], [Int], Bool)])
  func contiguity(shape: [Int], strides: [Int], expected: Bool) {
    #expect(TensorLayout(offset: 3, shape: shape, strides: strides).isContiguous == expected)
  }
}
