import Tensors
import Testing

/// Numbers for tests, the same in every run (SplitMix64; Steele, Lea and Flood 2014).
struct Sequence64 {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  /// Uniform in −1 ..< 1, exact in Float.
  mutating func nextReal() -> Double { Double(Int64(bitPattern: next()) >> 40) * 0x1p-23 }
}

/// A stored row-major matrix with gaps after its rows. Numbers are random; gaps of an operand hold NaN, so that reading one
/// shows in the result.
struct Matrix<Scalar: BLASScalar> {
  let rows: Int
  let columns: Int
  let ld: Int
  var elements: [Scalar]

  init(rows: Int, columns: Int, gap: Int, seed: UInt64, gapValue: Scalar = .nan) {
    (self.rows, self.columns, ld) = (rows, columns, max(1, columns + gap))
    elements = Array(repeating: gapValue, count: rows * ld)
    var numbers = Sequence64(seed: seed)
    for row in 0..<rows {
      for column in 0..<columns { elements[row * ld + column] = Scalar(rounding: numbers.nextReal()) }
    }
  }
}

/// op(A)·op(B) in plain loops in Double, and |op(A)|·|op(B)|, both m × n without gaps.
///
/// The gaps are not read.
func plainProduct<Scalar: BLASScalar>(
  _ a: Matrix<Scalar>, transposed transposesA: Bool, _ b: Matrix<Scalar>, transposed transposesB: Bool
) -> (product: [Double], magnitude: [Double]) {
  let (m, k) = transposesA ? (a.columns, a.rows) : (a.rows, a.columns)
  let n = transposesB ? b.rows : b.columns
  let (rowA, innerA) = transposesA ? (1, a.ld) : (a.ld, 1)
  let (innerB, columnB) = transposesB ? (1, b.ld) : (b.ld, 1)
  var (product, magnitude) = ([Double](repeating: 0, count: m * n), [Double](repeating: 0, count: m * n))
  a.elements.map(\.asDouble).withUnsafeBufferPointer { a in
    b.elements.map(\.asDouble).withUnsafeBufferPointer { b in
      var row = 0
      while row < m {
        var column = 0
        while column < n {
          var (sum, size, inner) = (0.0, 0.0, 0)
          while inner < k {
            let term = a[row * rowA + inner * innerA] * b[inner * innerB + column * columnB]
            sum += term
            size += abs(term)
            inner += 1
          }
          product[row * n + column] = sum
          magnitude[row * n + column] = size
          column += 1
        }
        row += 1
      }
    }
  }
  return (product, magnitude)
}

/// The element of a result that is nearest to its bound, or furthest beyond it.
struct LargestError: CustomStringConvertible {
  private(set) var ratio = 0.0
  private(set) var description = "no error"

  /// NaN never passes, nor does any error where the bound is 0.
  mutating func add(_ actual: Double, expected: Double, bound: Double, at place: String) {
    let error = abs(actual - expected)
    guard error != 0 else { return }
    let candidate = error.isNaN || bound == 0 ? .infinity : error / bound
    guard candidate > ratio else { return }
    ratio = candidate
    description = "error \(error) at \(place): \(actual), expected \(expected), bound \(bound)"
  }

  var isWithinBound: Bool { ratio <= 1 }
}

/// The forms of a matrix product: which operands are stored transposed.
enum ProductForm: String, CaseIterable, CustomTestStringConvertible {
  case nn, nt, tn, tt
  var transposesA: Bool { self == .tn || self == .tt }
  var transposesB: Bool { self == .nt || self == .tt }
  var testDescription: String { rawValue.uppercased() }
}

/// m × n × k.
struct ProductSize: CustomTestStringConvertible {
  let m: Int
  let n: Int
  let k: Int
  init(_ m: Int, _ n: Int, _ k: Int) { (self.m, self.n, self.k) = (m, n, k) }
  var testDescription: String { "\(m)×\(n)×\(k)" }
}

// The products on arrays, for operands that are written where they are used.

extension GEMM {
  func compute(_ a: [Scalar], _ b: [Scalar], into c: inout [Scalar], workers: Int? = nil) throws {
    var target = c.mutableSpan
    try self(a.span, b.span, into: &target, workers: workers)
  }
}

extension BatchedGEMM {
  func compute(_ a: [Scalar], _ b: [Scalar], into c: inout [Scalar], workers: Int? = nil) throws {
    var target = c.mutableSpan
    try self(a.span, b.span, into: &target, workers: workers)
  }
}

extension GEMV {
  func compute(_ a: [Scalar], _ x: [Scalar], into y: inout [Scalar]) throws {
    var target = y.mutableSpan
    try self(a.span, x.span, into: &target)
  }
}
