import Factorizations
import Support
import Tensors
import Testing

/// Views of 7×3 numbers within something larger, whose other numbers are NaN and must not be read.
enum View: String, CaseIterable, CustomTestStringConvertible {
  case transposed, slicedRows, slicedColumns, everyAxisSliced, selected, repeatedRows, repeatedColumns

  var testDescription: String { rawValue }

  func make<Scalar: BLASScalar>(_ type: Scalar.Type) throws -> Tensor<Scalar> {
    let matrix = try MatrixShape(rows: 7, columns: 3).matrix(type)
    func surrounded(_ shape: [Int], _ place: (Int, Int) -> Int) throws -> Tensor<Scalar> {
      var elements = [Scalar](repeating: .nan, count: shape.reduce(1, *))
      for row in 0..<7 {
        for column in 0..<3 { elements[place(row, column)] = matrix[row, column] }
      }
      return try Tensor(elements, shape: shape)
    }
    switch self {
    case .transposed:
      return try surrounded([3, 7]) { $1 * 7 + $0 }.transposed(0, 1)
    case .slicedRows:
      return try surrounded([11, 3]) { ($0 + 2) * 3 + $1 }.sliced(axis: 0, 2..<9)
    case .slicedColumns:
      return try surrounded([7, 5]) { $0 * 5 + $1 + 1 }.sliced(axis: 1, 1..<4)
    case .everyAxisSliced:
      return try surrounded([5, 11]) { ($1 + 1) * 11 + $0 + 2 }
        .sliced(axis: 0, 1..<4).sliced(axis: 1, 2..<9).transposed(0, 1)
    case .selected:
      return try surrounded([7, 2, 3]) { $0 * 6 + 3 + $1 }.selecting(axis: 1, 1)
    case .repeatedRows:
      return try matrix.sliced(axis: 0, 2..<3).broadcast(to: [7, 3])
    case .repeatedColumns:
      return try matrix.sliced(axis: 1, 2..<3).broadcast(to: [7, 3])
    }
  }
}

@Suite struct ViewTests {
  @Test(arguments: View.allCases, FactorizationMode.allCases)
  func equalsItsCopy(_ view: View, _ mode: FactorizationMode) throws {
    try check(view, mode, Float.self)
    try check(view, mode, Double.self)
  }

  private func check<Scalar: BLASScalar>(_ view: View, _ mode: FactorizationMode, _ type: Scalar.Type) throws {
    let a = try view.make(type)
    let copy = try Tensor(a.elements, shape: a.shape)
    #expect(a.shape == [7, 3])
    let (qr, qrOfCopy) = (try QRFactorization(of: a, mode: mode), try QRFactorization(of: copy, mode: mode))
    #expect(qr.q.isBitwiseEqual(to: qrOfCopy.q))
    #expect(qr.r.isBitwiseEqual(to: qrOfCopy.r))
    let svd = try SingularValueDecomposition(of: a, mode: mode)
    let svdOfCopy = try SingularValueDecomposition(of: copy, mode: mode)
    #expect(svd.u.isBitwiseEqual(to: svdOfCopy.u))
    #expect(svd.singularValues.isBitwiseEqual(to: svdOfCopy.singularValues))
    #expect(svd.vTransposed.isBitwiseEqual(to: svdOfCopy.vTransposed))
    #expect(try a.singularValues().isBitwiseEqual(to: copy.singularValues()))
  }
}
