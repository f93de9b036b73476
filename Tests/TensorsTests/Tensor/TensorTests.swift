import Tensors
import Testing

@Suite struct TensorTests {
  @Test("From elements and a shape")
  func fromElements() throws {
    let tensor = try Tensor<Int32>([1, 2, 3, 4, 5, 6], shape: [2, 3])
    #expect(tensor.shape == [2, 3])
    #expect(tensor.strides == [3, 1])
    #expect(tensor.rank == 2)
    #expect(tensor.count == 6)
    #expect(tensor.isContiguous)
    #expect(tensor[0, 0] == 1)
    #expect(tensor[0, 2] == 3)
    #expect(tensor[1, 0] == 4)
    #expect(tensor[1, 2] == 6)
    // Any collection will do.
    #expect(try Tensor<Int>(0..<6, shape: [3, 2]).elements == [0, 1, 2, 3, 4, 5])
    #expect(try Tensor<Int>([1, 2].reversed(), shape: [2]).elements == [2, 1])
  }

  @Test("From a span, rows, one value, zeros")
  func otherInitialisers() throws {
    let source: [Float] = [1, 2, 3, 4, 5, 6]
    #expect(try Tensor(copying: source.span, shape: [3, 2]).elements == source)
    let none: [Float] = []
    #expect(try Tensor(copying: none.span, shape: [0, 2]).elements == [])
    let rows = try Tensor(rows: [[1, 2, 3], [4, 5, 6]])
    #expect(rows.shape == [2, 3])
    #expect(rows.elements == [1, 2, 3, 4, 5, 6])
    #expect(try Tensor(repeating: 7.5, shape: [2, 2]).elements == [7.5, 7.5, 7.5, 7.5])
    #expect(try Tensor<Bool>(zeros: [3]).elements == [false, false, false])
  }

  @Test("Rank 0 is one element, a 0 in the shape none")
  func scalarAndEmpty() throws {
    var scalar = try Tensor<Double>([3], shape: [])
    #expect(scalar.rank == 0)
    #expect(scalar.count == 1)
    #expect(scalar[] == 3)
    scalar[] = 4
    #expect(scalar.elements == [4])
    let empty = try Tensor<Double>([], shape: [2, 0, 3])
    #expect(empty.count == 0)
    #expect(empty.elements.isEmpty)
    #expect(empty.isContiguous)
    #expect(try Tensor<Int>(rows: []).shape == [0, 0])
    #expect(try Tensor<Int>(rows: [[], []]).shape == [2, 0])
  }

  @Test("Wrong counts and shapes are errors with both values")
  func errors() throws {
    #expect(throws: TensorError.elementCount(shape: [2, 3], expected: 6, actual: 5)) {
      try Tensor<Int>(0..<5, shape: [2, 3])
    }
    #expect(throws: TensorError.elementCount(shape: [], expected: 1, actual: 0)) { try Tensor<Int>([], shape: []) }
    let source = [1, 2, 3]
    #expect(throws: TensorError.elementCount(shape: [4], expected: 4, actual: 3)) {
      try Tensor(copying: source.span, shape: [4])
    }
    #expect(throws: TensorError.raggedRows(expected: 3, actual: 2, row: 1)) {
      try Tensor(rows: [[1, 2, 3], [4, 5], [6]])
    }
    #expect(throws: TensorError.raggedRows(expected: 0, actual: 1, row: 2)) { try Tensor(rows: [[], [], [6]]) }
    #expect(throws: TensorError.negativeDimension(shape: [3, -1])) { try Tensor<Float>(zeros: [3, -1]) }
    #expect(throws: TensorError.tooManyElements(shape: [.max, 2])) { try Tensor<Int8>(zeros: [.max, 2]) }
    #expect(throws: TensorError.tooManyElements(shape: [.max, 2])) { try Tensor<Int>([1], shape: [.max, 2]) }
    // As many elements as Int counts, but not as many bytes: the whole shape is named.
    #expect(throws: TensorError.tooManyElements(shape: [1 << 31, 1 << 31])) {
      try Tensor<Float>(zeros: [1 << 31, 1 << 31])
    }
  }

  @Test("A copy is unchanged when the other is written")
  func copyOnWrite() throws {
    var first = try Tensor<Int>(0..<6, shape: [2, 3])
    var second = first
    #expect(first.storage === second.storage)
    second[1, 2] = 50
    #expect(first[1, 2] == 5)
    #expect(second[1, 2] == 50)
    #expect(first.storage !== second.storage)
    first[0, 0] = -1
    #expect(second[0, 0] == 0)
    // Alone again, it writes in place.
    let address = first.storage.base
    first[0, 1] = 9
    #expect(first.storage.base == address)
    #expect(first.elements == [-1, 9, 2, 3, 4, 5])
    #expect(second.elements == [0, 1, 2, 3, 4, 50])
  }

  @Test("Equal are same shape and equal numbers")
  func equality() throws {
    let a = try Tensor<Float>([1, 0, 3, 4], shape: [2, 2])
    #expect(try a == Tensor<Float>([1, -0.0, 3, 4], shape: [2, 2]))
    #expect(try a != Tensor<Float>([1, 0, 3, 4], shape: [4]))
    #expect(try a != Tensor<Float>([1, 0, 3, 5], shape: [2, 2]))
    // A view equals its copy, whatever the strides.
    let transposed = try a.transposed(0, 1)
    #expect(try transposed == Tensor<Float>([1, 3, 0, 4], shape: [2, 2]))
    let undefined = try Tensor<Float>([.nan], shape: [1])
    #expect(undefined != undefined)
  }

  @Test("An index outside the tensor stops the program")
  func traps() async {
    await #expect(processExitsWith: .failure) { _ = try Tensor<Int>(0..<6, shape: [2, 3])[2, 0] }
    await #expect(processExitsWith: .failure) { _ = try Tensor<Int>(0..<6, shape: [2, 3])[0, -1] }
    await #expect(processExitsWith: .failure) { _ = try Tensor<Int>(0..<6, shape: [2, 3])[0] }
    await #expect(processExitsWith: .failure) {
      var tensor = try Tensor<Int>(0..<6, shape: [2, 3])
      tensor[1, 3] = 0
    }
    await #expect(processExitsWith: .success) {
      let last = try Tensor<Int>(0..<6, shape: [2, 3])[1, 2]
      #expect(last == 5)
    }
  }
}
