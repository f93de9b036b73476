import Factorizations
import Support
import Tensors
import Testing

@Suite struct SingularValueDecompositionTests {
  // AᵀA = [[25, 20], [20, 25]] has the eigenvalues 45 and 5, with vectors (1, 1)/√2 and (1, −1)/√2.
  @Test func byHand() throws {
    let svd = try SingularValueDecomposition(of: Tensor<Double>(rows: [[3, 0], [4, 5]]))
    let five = 5.0.squareRoot()
    let values = Comparison(svd.singularValues, [3 * five, five], shape: [2], absolute: 1e-14)
    #expect(values.isWithin, "\(values)")
    let half = 0.5.squareRoot()
    let magnitudes = svd.vTransposed.doubles.map(abs)
    let vectors = Comparison(magnitudes, [half, half, half, half], shape: [2, 2], absolute: 1e-15)
    #expect(vectors.isWithin, "\(vectors)")
  }

  @Test(arguments: MatrixShape.all, FactorizationMode.allCases)
  func identities(_ shape: MatrixShape, _ mode: FactorizationMode) throws {
    try check(shape, mode, Float.self)
    try check(shape, mode, Double.self)
  }

  private func check<Scalar: BLASScalar>(_ shape: MatrixShape, _ mode: FactorizationMode, _ type: Scalar.Type) throws {
    let a = try shape.matrix(type)
    let given = a.elements
    let svd = try SingularValueDecomposition(of: a, mode: mode)
    #expect(a.elements == given)
    let isFull = mode == .full
    let (widthU, heightV) = isFull ? (shape.rows, shape.columns) : (shape.least, shape.least)
    #expect(svd.u.shape == [shape.rows, widthU])
    #expect(svd.singularValues.shape == [shape.least])
    #expect(svd.vTransposed.shape == [heightV, shape.columns])

    let values = svd.singularValues.doubles
    #expect(values.allSatisfy { $0 >= 0 })
    #expect(zip(values, values.dropFirst()).allSatisfy { $0 >= $1 })

    let (u, v, matrix) = (DoubleMatrix(svd.u), DoubleMatrix(svd.vTransposed), DoubleMatrix(a))
    let bound = FactorizationBound.relative(type, shape.rows, shape.columns)
    let orthonormalU = comparison(u.transposed * u, .identity(widthU), within: bound)
    #expect(orthonormalU.isWithin, "UᵀU in \(type): \(orthonormalU)")
    let orthonormalV = comparison(v * v.transposed, .identity(heightV), within: bound)
    #expect(orthonormalV.isWithin, "VᵀV in \(type): \(orthonormalV)")
    let product = u * .diagonal(values, rows: widthU, columns: heightV) * v
    let reconstructed = comparison(product, matrix, within: bound * matrix.norm)
    #expect(reconstructed.isWithin, "UσVᵀ in \(type): \(reconstructed)")

    // ‖A‖² = Σσ²: the sums are in Double, the error is that of √Σσ², twice when squared.
    let squares = values.reduce(0) { $0 + $1 * $1 }
    #expect(abs(squares - matrix.norm * matrix.norm) <= 2 * bound * matrix.norm * matrix.norm)

    // Values without vectors come of another iteration (QR instead of divide and conquer).
    let alone = Comparison(
      try a.singularValues(), values, shape: [shape.least], absolute: 2 * bound * matrix.norm)
    #expect(alone.isWithin, "without vectors in \(type): \(alone)")
  }

  // numpy 2.4.6, linalg.svd(compute_uv=False) in float64.
  @Test func numpyNumbers() throws {
    let a = DoubleMatrix(rows: 5, columns: 3) { Double(3 * $0 - 2 * $1 + 1 + (5 * $0 * $1) % 7) }
    let hilbert = DoubleMatrix(rows: 7, columns: 7) { 1 / Double($0 + $1 + 1) }
    for (matrix, expected) in [
      (a, [34.01300571964256, 3.62293124708388, 2.8266253898361335]),
      (
        hilbert,
        [
          1.6608853389269311, 0.2719201981493452, 0.021289754908327924, 0.0010085876107701305, 2.9386368145932836e-05,
          4.856763361750162e-07, 3.4938985930811306e-09,
        ]
      ),
    ] {
      let values = try Tensor(matrix.elements, shape: matrix.shape).singularValues()
      let bound = 2 * FactorizationBound.relative(Double.self, matrix.rows, matrix.columns) * matrix.norm
      let result = Comparison(values, expected, shape: [matrix.columns], absolute: bound)
      #expect(result.isWithin, "\(result)")
    }
  }

  @Test func diagonalAndZero() throws {
    let diagonal = try Tensor<Float>(rows: [[0, 0, -7], [2, 0, 0], [0, 5, 0], [0, 0, 0]])
    #expect(try diagonal.singularValues().elements == [7, 5, 2])
    let zero = try SingularValueDecomposition(of: Tensor<Double>(zeros: [3, 2]))
    #expect(zero.singularValues.elements == [0, 0])
    let u = DoubleMatrix(zero.u)
    #expect((u.transposed * u).elements == [1, 0, 0, 1])
  }
}
