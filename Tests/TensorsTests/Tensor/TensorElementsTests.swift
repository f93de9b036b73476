import Tensors
import Testing

@Suite struct TensorElementsTests {
  private let tensor: Tensor<Int>
  init() throws { tensor = try Tensor(0..<24, shape: [2, 3, 4]) }

  /// What indices say, axis by axis.
  private func elementsByIndex(_ tensor: Tensor<Int>) -> [Int] {
    var result: [Int] = []
    for i in 0..<tensor.shape[0] {
      for j in 0..<tensor.shape[1] { for k in 0..<tensor.shape[2] { result.append(tensor[i, j, k]) } }
    }
    return result
  }

  @Test("elements are in row-major order of the view, whatever its strides")
  func order() throws {
    let views = [
      tensor,
      try tensor.transposed(0, 1),
      try tensor.transposed(0, 2),
      try tensor.transposed(1, 2),
      try tensor.permuted([2, 0, 1]),
      try tensor.sliced(axis: 0, 1..<2),
      try tensor.sliced(axis: 1, 1..<3),
      try tensor.sliced(axis: 2, 1..<4),
      try tensor.sliced(axis: 2, 1..<2),
      try tensor.transposed(0, 2).sliced(axis: 0, 1..<4).sliced(axis: 2, 1..<2),
      try tensor.selecting(axis: 1, 1).insertingAxis(1),
      try tensor.selecting(axis: 0, 1).broadcast(to: [5, 3, 4]),
      try tensor.sliced(axis: 1, 2..<3).broadcast(to: [2, 7, 4]),
      try tensor.sliced(axis: 2, 3..<4).broadcast(to: [2, 3, 5]),
    ]
    for view in views {
      let expected = elementsByIndex(view)
      #expect(view.elements == expected, "shape \(view.shape), strides \(view.strides)")
      #expect(try view.contiguous().elements == expected)
      #expect(try view.contiguous().isContiguous)
      #expect(try view.copy().storage !== view.storage)
      #expect(try view.withSpan { span in (0..<span.count).map { span[$0] } } == expected)
      #expect(try view.map { $0 * 2 }.elements == expected.map { $0 * 2 })
    }
    #expect(try views[1].transposed(0, 1).elements == Array(0..<24))
    #expect(try Tensor<Int>([5], shape: []).elements == [5])
    #expect(try Tensor<Int>([], shape: [0, 3]).transposed(0, 1).elements == [])
  }

  @Test("contiguous is the tensor itself where it can be")
  func contiguous() throws {
    #expect(try tensor.contiguous().storage === tensor.storage)
    let half = try tensor.selecting(axis: 0, 1)
    #expect(try half.contiguous().storage === tensor.storage)
    #expect(try half.withSpan { $0[0] } == 12)
    #expect(try tensor.transposed(0, 1).contiguous().storage !== tensor.storage)
  }

  @Test("withMutableSpan changes this tensor and no other")
  func mutableSpan() throws {
    var copy = tensor
    try copy.withMutableSpan { span in
      #expect(span.count == 24)
      for index in span.indices { span[index] += 100 }
    }
    #expect(copy.elements == Array(100..<124))
    #expect(tensor.elements == Array(0..<24))

    // Alone, in place.
    let address = copy.storage.base
    try copy.withMutableSpan { $0[0] = -1 }
    #expect(copy.storage.base == address)
    #expect(copy[0, 0, 0] == -1)

    // A view that is not contiguous becomes so, in the order of its indices.
    var transposed = try tensor.transposed(0, 2)
    try transposed.withMutableSpan { $0[1] = 77 }
    #expect(transposed[0, 0, 1] == 77)
    #expect(transposed.isContiguous)

    // A broadcast row gets elements of its own.
    var rows = try Tensor<Int>([1, 2, 3], shape: [3]).broadcast(to: [2, 3])
    try rows.withMutableSpan { $0[0] = 9 }
    #expect(rows.elements == [9, 2, 3, 1, 2, 3])
    var repeated = try Tensor<Int>([1], shape: [1]).broadcast(to: [3])
    repeated[1] = 5
    #expect(repeated.elements == [1, 5, 1])

    var empty = try Tensor<Int>([], shape: [0])
    #expect(try empty.withMutableSpan { $0.count } == 0)
  }

  @Test("A write to a slice that is alone stays within the slice's memory")
  func uniqueSlice() throws {
    var slice = try Tensor<Int>(0..<24, shape: [2, 3, 4]).selecting(axis: 0, 1)
    let address = slice.storage.base
    slice[2, 3] = -1
    #expect(slice.storage.base == address)
    #expect(slice.elements == Array(12..<23) + [-1])
  }

  private struct Stop: Error, Equatable {}

  @Test("What a closure throws comes out, and what it had written stays")
  func throwing() throws {
    #expect(throws: Stop()) { try tensor.withSpan { _ in throw Stop() } }
    #expect(throws: Stop()) { _ = try tensor.map { _ -> Int in throw Stop() } }
    var copy = tensor
    #expect(throws: Stop()) {
      try copy.withMutableSpan { span in
        span[3] = 33
        throw Stop()
      }
    }
    #expect(copy[0, 0, 3] == 33)
    #expect(tensor[0, 0, 3] == 3)
  }

  @Test("item is the only element")
  func item() throws {
    #expect(try Tensor<Double>([3.5], shape: []).item() == 3.5)
    #expect(try tensor.selecting(axis: 0, 1).sliced(axis: 0, 2..<3).sliced(axis: 1, 1..<2).item() == 21)
    #expect(throws: TensorError.elementCount(shape: [], expected: 1, actual: 24)) { try tensor.item() }
    #expect(throws: TensorError.elementCount(shape: [], expected: 1, actual: 0)) {
      try Tensor<Int>([], shape: [0]).item()
    }
  }

  @Test("converted rounds once and keeps shape and special values")
  func converted() throws {
    let values = [0.1, 1 + 0x1p-8 + 0x1p-40, -2.5, .infinity, 1e300, -0.0]
    let doubles = try Tensor<Double>(values, shape: [2, 3])
    #expect(try doubles.converted(to: Float.self).elements == values.map { Float($0) })
    #expect(try doubles.converted(to: Float.self).shape == [2, 3])
    #expect(
      try doubles.converted(to: BFloat16.self).elements.map(\.bitPattern) == [
        0x3DCD, 0x3F81, 0xC020, 0x7F80, 0x7F80, 0x8000,
      ])
    #expect(
      try doubles.converted(to: Float16.self).elements.map(\.bitPattern) == [
        0x2E66, 0x3C04, 0xC100, 0x7C00, 0x7C00, 0x8000,
      ])
    // Exact on the way back, in the order of the view.
    let transposed = try doubles.converted(to: BFloat16.self).transposed(0, 1).converted(to: Double.self)
    #expect(transposed.shape == [3, 2])
    #expect(transposed.elements == [0.10009765625, .infinity, 1.0078125, .infinity, -2.5, -0.0])
    #expect(
      try doubles.converted(to: Float16.self).converted(to: Double.self).elements == [
        0.0999755859375, 1.00390625, -2.5, .infinity, .infinity, -0.0,
      ])
    #expect(try doubles.converted(to: Double.self).storage === doubles.storage, "the same type needs no copy")
    #expect(try Tensor<Float>([.nan], shape: [1]).converted(to: Float16.self).elements[0].isNaN)
  }

  @Test("Integers convert exactly, or are named")
  func convertedIntegers() throws {
    let wide = try Tensor<Int64>([1, -2, 127, 128], shape: [2, 2])
    #expect(try wide.converted(to: Int32.self).elements == [1, -2, 127, 128])
    #expect(throws: TensorError.argument(name: "element", expected: "-128...127", actual: 128)) {
      try wide.converted(to: Int8.self)
    }
    #expect(throws: TensorError.argument(name: "element", expected: "0...255", actual: -2)) {
      try wide.converted(to: UInt8.self)
    }
    #expect(throws: TensorError.argument(name: "element", expected: "\(Int64.min)...\(Int64.max)", actual: .max)) {
      try Tensor<UInt64>([.max], shape: [1]).converted(to: Int64.self)
    }
  }
}
