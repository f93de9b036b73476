import Tensors
import Testing

@Suite struct GEMVTests {
  private func check<Scalar: BLASScalar>(
    _: Scalar.Type, rows: Int, columns: Int, transposes: Bool, alpha: Double, beta: Double
  ) throws -> LargestError {
    let a = Matrix<Scalar>(rows: rows, columns: columns, gap: 3, seed: 1)
    let (lengthX, lengthY) = transposes ? (rows, columns) : (columns, rows)
    let x = Matrix<Scalar>(rows: lengthX, columns: 1, gap: 0, seed: 2)
    // One element more than is due, which must stay.
    var y = Matrix<Scalar>(rows: lengthY + 1, columns: 1, gap: 0, seed: 3).elements
    let before = y
    try GEMV<Scalar>(
      rows: rows, columns: columns, transposes: transposes, lda: a.ld, alpha: Scalar(rounding: alpha),
      beta: Scalar(rounding: beta)
    ).compute(a.elements, x.elements, into: &y)
    #expect(y[lengthY] == before[lengthY], "the element after y was written")
    let (product, magnitude) = plainProduct(a, transposed: transposes, x, transposed: false)
    var largest = LargestError()
    for index in 0..<lengthY {
      let held = beta * before[index].asDouble
      largest.add(
        y[index].asDouble, expected: alpha * product[index] + held,
        bound: 2 * Double(lengthX + 2) * Scalar.ulpOfOne.asDouble * (abs(alpha) * magnitude[index] + abs(held)),
        at: "[\(index)]")
    }
    return largest
  }

  @Test(
    "Against plain loops", arguments: [(1, 1), (2, 3), (3, 2), (1, 17), (17, 1), (31, 67), (101, 53), (257, 509)],
    [(1, 0), (0.5, 2), (-1, 1)])
  func againstLoops(size: (Int, Int), factors: (Double, Double)) throws {
    for transposes in [false, true] {
      let float = try check(
        Float.self, rows: size.0, columns: size.1, transposes: transposes, alpha: factors.0, beta: factors.1)
      #expect(float.isWithinBound, "\(float)")
      let double = try check(
        Double.self, rows: size.0, columns: size.1, transposes: transposes, alpha: factors.0, beta: factors.1)
      #expect(double.isWithinBound, "\(double)")
    }
  }

  @Test("By hand, both ways")
  func byHand() throws {
    let a: [Double] = [1, 2, 3, 4, 5, 6]
    var y: [Double] = [.nan, .nan]
    try GEMV<Double>(rows: 2, columns: 3).compute(a, [1, 10, 100], into: &y)
    #expect(y == [321, 654])
    var z: [Double] = [.nan, .nan, .nan]
    try GEMV<Double>(rows: 2, columns: 3, transposes: true).compute(a, [1, 10], into: &z)
    #expect(z == [41, 52, 63])
  }

  @Test("Without columns y becomes β·y, NaN overwritten where β = 0; without rows nothing happens")
  func empty() throws {
    var y: [Float] = [.nan, 4]
    try GEMV<Float>(rows: 2, columns: 0).compute([], [], into: &y)
    #expect(y == [0, 0])
    y = [2, 4]
    try GEMV<Float>(rows: 0, columns: 2, transposes: true, beta: 0.5).compute([], [], into: &y)
    #expect(y == [1, 2])
    try GEMV<Float>(rows: 0, columns: 2).compute([], [1, 1], into: &y)
    #expect(y == [1, 2])
  }

  @Test("Wrong arguments and short spans are errors")
  func errors() throws {
    #expect(throws: TensorError.argument(name: "rows", expected: "0...2147483647", actual: -1)) {
      try GEMV<Float>(rows: -1, columns: 2)
    }
    #expect(throws: TensorError.argument(name: "columns", expected: "0...2147483647", actual: 1 << 31)) {
      try GEMV<Float>(rows: 1, columns: 1 << 31)
    }
    #expect(throws: TensorError.argument(name: "lda", expected: "3...2147483647", actual: 2)) {
      try GEMV<Float>(rows: 2, columns: 3, lda: 2)
    }
    func run(_ a: Int, _ x: Int, _ y: Int, transposes: Bool = false) throws {
      var result = [Float](repeating: 0, count: y)
      try GEMV<Float>(rows: 2, columns: 3, transposes: transposes, lda: 5).compute(
        [Float](repeating: 1, count: a), [Float](repeating: 1, count: x), into: &result)
    }
    try run(8, 3, 2)
    try run(8, 2, 3, transposes: true)
    #expect(throws: TensorError.spanTooShort(name: "A", expected: 8, actual: 7)) { try run(7, 3, 2) }
    #expect(throws: TensorError.spanTooShort(name: "x", expected: 3, actual: 2)) { try run(8, 2, 2) }
    #expect(throws: TensorError.spanTooShort(name: "y", expected: 2, actual: 1)) { try run(8, 3, 1) }
    #expect(throws: TensorError.spanTooShort(name: "x", expected: 2, actual: 1)) { try run(8, 1, 3, transposes: true) }
    #expect(throws: TensorError.spanTooShort(name: "y", expected: 3, actual: 2)) { try run(8, 2, 2, transposes: true) }
  }
}
