import Support
import Tensors

/// A matrix in Double and its arithmetic in plain loops: what factors are held against.
struct DoubleMatrix {
  let rows: Int
  let columns: Int
  let elements: [Double]

  var shape: [Int] { [rows, columns] }

  init(rows: Int, columns: Int, _ element: (Int, Int) -> Double) {
    (self.rows, self.columns) = (rows, columns)
    elements = (0..<(rows * columns)).map { element($0 / columns, $0 % columns) }
  }

  init<Element: RealElement>(_ tensor: Tensor<Element>) {
    (rows, columns) = (tensor.shape[0], tensor.shape[1])
    elements = tensor.doubles
  }

  private init(rows: Int, columns: Int, elements: [Double]) {
    (self.rows, self.columns, self.elements) = (rows, columns, elements)
  }

  static func identity(_ size: Int) -> DoubleMatrix {
    DoubleMatrix(rows: size, columns: size) { $0 == $1 ? 1 : 0 }
  }

  /// Σ values[i] at (i, i), 0 elsewhere.
  static func diagonal(_ values: [Double], rows: Int, columns: Int) -> DoubleMatrix {
    DoubleMatrix(rows: rows, columns: columns) { $0 == $1 ? values[$0] : 0 }
  }

  subscript(row: Int, column: Int) -> Double { elements[row * columns + column] }

  var transposed: DoubleMatrix { DoubleMatrix(rows: columns, columns: rows) { self[$1, $0] } }

  /// √Σ a²; also the bound of every other norm that the tests need.
  var norm: Double { elements.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  // Raw pointers and `while`: tests are built without optimisation.
  static func * (left: DoubleMatrix, right: DoubleMatrix) -> DoubleMatrix {
    let (m, k, n) = (left.rows, left.columns, right.columns)
    precondition(right.rows == k)
    let elements = [Double](unsafeUninitializedCapacity: m * n) { product, count in
      product.initialize(repeating: 0)
      count = m * n
      left.elements.withUnsafeBufferPointer { a in
        right.elements.withUnsafeBufferPointer { b in
          guard let a = a.baseAddress, let b = b.baseAddress, let c = product.baseAddress else { return }
          var row = 0
          while row < m {
            var inner = 0
            while inner < k {
              let factor = a[row &* k &+ inner]
              var column = 0
              while column < n {
                c[row &* n &+ column] += factor * b[inner &* n &+ column]
                column = column &+ 1
              }
              inner = inner &+ 1
            }
            row = row &+ 1
          }
        }
      }
    }
    return DoubleMatrix(rows: m, columns: n, elements: elements)
  }
}

/// Where a matrix is farthest from what it should be.
func comparison(_ actual: DoubleMatrix, _ expected: DoubleMatrix, within bound: Double) -> Comparison {
  Comparison(actual.elements, expected.elements, shape: expected.shape, absolute: bound)
}
