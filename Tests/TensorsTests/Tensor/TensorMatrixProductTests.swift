import Tensors
import Testing

@Suite struct TensorMatrixProductTests {
  private func random(_ shape: [Int], seed: UInt64) throws -> Tensor<Double> {
    var numbers = Sequence64(seed: seed)
    return try Tensor((0..<shape.reduce(1, *)).map { _ in numbers.nextReal() }, shape: shape)
  }

  /// The product by indices, batch by batch; numbers in −1 ..< 1, so |A|·|B| ≤ K.
  private func check(_ left: Tensor<Double>, _ right: Tensor<Double>, shape: [Int]) throws {
    let result = try left.matrixProduct(right, workers: 2)
    #expect(result.shape == shape)
    let (m, n) = (shape[shape.count - 2], shape[shape.count - 1])
    let k = left.shape[left.rank - 1]
    let batch = Array(shape.dropLast(2))
    let a = try left.broadcast(to: batch + [m, k]).reshaped(to: [batch.reduce(1, *), m, k])
    let b = try right.broadcast(to: batch + [k, n]).reshaped(to: [batch.reduce(1, *), k, n])
    let c = try result.reshaped(to: [batch.reduce(1, *), m, n])
    var largest = LargestError()
    for index in 0..<c.shape[0] {
      for row in 0..<m {
        for column in 0..<n {
          let terms = (0..<k).map { a[index, row, $0] * b[index, $0, column] }
          largest.add(
            c[index, row, column], expected: terms.reduce(0, +), bound: 2 * Double(k + 2) * 0x1p-52 * Double(k),
            at: "[\(index), \(row), \(column)]")
        }
      }
    }
    #expect(largest.isWithinBound, "\(largest)")
  }

  @Test("By hand")
  func byHand() throws {
    let a = try Tensor<Float>(rows: [[1, 2, 3], [4, 5, 6]])
    let b = try Tensor<Float>(rows: [[7, 8], [9, 10], [11, 12]])
    #expect(try a.matrixProduct(b) == Tensor(rows: [[58, 64], [139, 154]]))
    #expect(try a.matrixProduct(a.transposed(0, 1)) == Tensor(rows: [[14, 32], [32, 77]]))
    #expect(try a.transposed(0, 1).matrixProduct(a) == Tensor(rows: [[17, 22, 27], [22, 29, 36], [27, 36, 45]]))
  }

  @Test(
    "Leading axes broadcast against each other",
    arguments: [
      ([3, 5], [5, 7], [3, 7]),
      ([2, 3, 5], [5, 7], [2, 3, 7]),
      ([3, 5], [2, 5, 7], [2, 3, 7]),
      ([2, 3, 5], [2, 5, 7], [2, 3, 7]),
      ([2, 1, 3, 5], [11, 5, 7], [2, 11, 3, 7]),
      ([1, 3, 5], [11, 5, 7], [11, 3, 7]),
      ([1, 1, 5], [1, 5, 1], [1, 1, 1]),
      ([2, 11, 3, 5], [2, 1, 5, 7], [2, 11, 3, 7]),
    ])
  func broadcast(left: [Int], right: [Int], shape: [Int]) throws {
    try check(random(left, seed: 1), random(right, seed: 2), shape: shape)
  }

  @Test("Views of every kind equal their copies")
  func views() throws {
    let packed = try random([2, 11, 3 * 5], seed: 3)  // [B, L, H·D]
    let queries = try packed.splittingHeads(3)  // [B, H, L, D]
    try check(queries, queries.transposed(2, 3), shape: [2, 3, 11, 11])
    try check(queries.transposed(2, 3), queries, shape: [2, 3, 5, 5])
    let matrix = try random([7, 11], seed: 4)
    try check(matrix.sliced(axis: 1, 2..<5), matrix.sliced(axis: 0, 1..<4), shape: [7, 11])
    // One row, one column, and both the other way round.
    let (row, column) = (try matrix.sliced(axis: 0, 2..<3), try matrix.sliced(axis: 1, 3..<4))
    try check(row, matrix.transposed(0, 1), shape: [1, 7])
    try check(matrix.transposed(0, 1), column, shape: [11, 1])
    try check(column, row, shape: [7, 11])
    try check(row.transposed(0, 1), column.transposed(0, 1), shape: [11, 7])
    // No unit stride in the last two axes, or a repeated one: copied.
    let apart = try random([7, 11, 3], seed: 5).selecting(axis: 2, 1)
    try check(apart, apart.transposed(0, 1), shape: [7, 7])
    try check(apart.transposed(0, 1), matrix, shape: [11, 11])
    try check(random([1, 11], seed: 6).broadcast(to: [5, 11]), matrix.transposed(0, 1), shape: [5, 7])
    try check(random([7, 1], seed: 7).broadcast(to: [7, 5]), random([5, 2], seed: 8), shape: [7, 2])
    try check(random([11], seed: 9).broadcast(to: [2, 3, 11]), matrix.transposed(0, 1), shape: [2, 3, 7])
  }

  @Test("A stride that BLAS can't count matters only where there is more than one row")
  func vastStrides() throws {
    let matrix = try random([3, 5], seed: 1)
    func view(_ shape: [Int], _ strides: [Int]) -> Tensor<Double> {
      Tensor(storage: matrix.storage, layout: TensorLayout(offset: 0, shape: shape, strides: strides))
    }
    let column = try matrix.sliced(axis: 1, 0..<1).transposed(0, 1).matrixProduct(matrix.sliced(axis: 1, 0..<1))
    #expect(try view([1, 5], [1 << 40, 1]).matrixProduct(view([5, 1], [1, 1 << 40])).shape == [1, 1])
    #expect(
      try view([1, 5], [1 << 40, 1]).matrixProduct(view([5, 1], [1, 1 << 40]))
        == matrix.sliced(axis: 0, 0..<1).matrixProduct(matrix.sliced(axis: 0, 0..<1).transposed(0, 1)))
    #expect(
      try view([1, 3], [1 << 40, 5]).matrixProduct(view([3, 1], [5, 1 << 40])).elements == column.elements)
  }

  @Test("Empty products: of no batch, rows or columns empty, of no inner dimension zeros")
  func empty() throws {
    func product(_ left: [Int], _ right: [Int]) throws -> Tensor<Float> {
      try Tensor<Float>(repeating: 1, shape: left).matrixProduct(Tensor<Float>(repeating: 1, shape: right))
    }
    #expect(try product([0, 3, 5], [5, 7]).shape == [0, 3, 7])
    #expect(try product([0, 5], [5, 7]).shape == [0, 7])
    #expect(try product([2, 3, 5], [5, 0]).shape == [2, 3, 0])
    #expect(try product([2, 0], [0, 3]) == Tensor<Float>(zeros: [2, 3]))
    #expect(try product([2, 2, 0], [0, 3]) == Tensor<Float>(zeros: [2, 2, 3]))
    #expect(try product([1, 3, 5], [0, 5, 7]).shape == [0, 3, 7])
  }

  @Test("Ranks below 2, other inner dimensions and other leading axes are errors")
  func errors() throws {
    func product(_ left: [Int], _ right: [Int]) throws -> Tensor<Float> {
      try Tensor<Float>(zeros: left).matrixProduct(Tensor<Float>(zeros: right))
    }
    #expect(throws: TensorError.rank(expected: "2 or more", actual: [5])) { try product([5], [5, 7]) }
    #expect(throws: TensorError.rank(expected: "2 or more", actual: [])) { try product([3, 5], []) }
    #expect(
      throws: TensorError.shape(
        operation: "matrix product with [3, 5]", expected: [2, 5, 7], actual: [2, 4, 7])
    ) { try product([3, 5], [2, 4, 7]) }
    #expect(throws: TensorError.shape(operation: "broadcast", expected: [2], actual: [3])) {
      try product([2, 3, 5], [3, 5, 7])
    }
    #expect(throws: TensorError.argument(name: "workers", expected: "1 or more", actual: 0)) {
      try Tensor<Float>(zeros: [2, 2]).matrixProduct(Tensor<Float>(zeros: [2, 2]), workers: 0)
    }
  }

  @Test("Operands are not changed, and the result is memory of its own")
  func purity() throws {
    let a = try random([3, 3], seed: 1)
    let before = a.elements
    let result = try a.matrixProduct(a)
    #expect(a.elements == before)
    #expect(result.storage !== a.storage)
  }

  @Test("Eight threads at once get the bits that one gets")
  func concurrent() async throws {
    let a = try random([2, 3, 31, 37], seed: 1)
    let b = try random([2, 3, 37, 29], seed: 2)
    let large = try random([211, 109], seed: 3)
    let expected = [try a.matrixProduct(b, workers: 2), try large.matrixProduct(large.transposed(0, 1), workers: 2)]
    let same = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          [try a.matrixProduct(b, workers: 2), try large.matrixProduct(large.transposed(0, 1), workers: 2)] == expected
        }
      }
      return try await group.reduce(true) { $0 && $1 }
    }
    #expect(same)
  }
}

@Suite struct EmptyMatrixProductTests {
  @Test("A long batch of matrices without rows is not listed")
  func longBatchOfNothing() throws {
    let left = try Tensor<Float>(zeros: [1 << 40, 0, 3])
    let product = try left.matrixProduct(Tensor(zeros: [3, 2]))
    #expect(product.shape == [1 << 40, 0, 2])
  }
}
