/// A check of the BLAS library in use: matrix products over odd sizes against plain loops, for kernels chosen wrongly on a new
/// CPU have given wrong numbers before (OpenMathLib/OpenBLAS #2914, #3152, #5243).
public struct BLASSelfCheck: Sendable {
  /// One product that was checked.
  public struct Case: Sendable, CustomStringConvertible {
    /// `sgemm` or `dgemm`.
    public let function: String
    /// `NN`, `NT` or `TN`: which operand is transposed.
    public let form: String
    public let m: Int
    public let n: Int
    public let k: Int
    /// The largest |BLAS − loops|, and the bound it is held to: 2·(k + 2)·ε·(|A|·|B|), element by element; NaN never passes.
    public let error: Double
    public let bound: Double

    public var passed: Bool { error <= bound }
    public var description: String { "\(function) \(form) \(m)×\(n)×\(k): error \(error), bound \(bound)" }
  }

  public let cases: [Case]
  public var failures: [Case] { cases.filter { !$0.passed } }
  public var passed: Bool { failures.isEmpty && !cases.isEmpty }

  /// Runs the check: Float and Double, NN, NT and TN, sizes around kernel edges; well under a second.
  ///
  /// - Throws: ``TensorError`` when memory runs out.
  public static func run() throws(TensorError) -> BLASSelfCheck {
    try run(sgemm: Float.arithmetic.product, dgemm: Double.arithmetic.product)
  }

  /// Checks the given products, which may be broken ones.
  package static func run(
    sgemm: BLASArithmetic<Float>.Product, dgemm: BLASArithmetic<Double>.Product
  ) throws(TensorError) -> BLASSelfCheck {
    let sizes = [(1, 1, 1), (2, 3, 5), (7, 17, 9), (31, 33, 65), (64, 63, 100), (129, 65, 33), (101, 127, 131)]
    var cases: [Case] = []
    for (m, n, k) in sizes {
      for (form, transposesA, transposesB) in [("NN", false, false), ("NT", false, true), ("TN", true, false)] {
        cases.append(try check(sgemm, "sgemm", form, transposesA, transposesB, m, n, k))
        cases.append(try check(dgemm, "dgemm", form, transposesA, transposesB, m, n, k))
      }
    }
    return BLASSelfCheck(cases: cases)
  }

  private static func check<Scalar: BLASScalar>(
    _ product: BLASArithmetic<Scalar>.Product, _ function: String, _ form: String, _ transposesA: Bool,
    _ transposesB: Bool, _ m: Int,
    _ n: Int, _ k: Int
  ) throws(TensorError) -> Case {
    // Numbers in [−1, 1) from a fixed linear congruential sequence: the check needs no generator of its own.
    var state: UInt32 = 12345
    func next() -> Scalar {
      state = state &* 1_664_525 &+ 1_013_904_223
      return Scalar(Int32(bitPattern: state) >> 8) / Scalar(1 << 23)
    }
    let a = (0..<(m * k)).map { _ in next() }
    let b = (0..<(k * n)).map { _ in next() }
    // β = 0 must overwrite NaN.
    var c = [Scalar](repeating: .nan, count: m * n)
    let gemm = try GEMM<Scalar>(m: m, n: n, k: k, transposesA: transposesA, transposesB: transposesB)
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        c.withUnsafeMutableBufferPointer { c in
          guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
          FanOut.run(pieces: 1, workers: 1) { _, _ in
            product(transposesA, transposesB, m, n, k, 1, a, gemm.lda, b, gemm.ldb, 0, c, gemm.ldc)
          }
        }
      }
    }
    // Both operands by rows along k, in Double: concrete and contiguous, so that the check is quick even unoptimised.
    let left = (0..<(m * k)).map { a[transposesA ? $0 % k * m + $0 / k : $0].asDouble }
    let right = (0..<(k * n)).map { b[transposesB ? $0 : $0 % k * n + $0 / k].asDouble }
    let unit = 2 * Double(k + 2) * Scalar.ulpOfOne.asDouble
    var (error, bound) = (0.0, 0.0)
    var worst = -Double.infinity
    for row in 0..<m {
      for column in 0..<n {
        let (sum, magnitude) = dot(left, row * k, right, column * k, k)
        let difference = abs(c[row * n + column].asDouble - sum)
        let allowed = unit * magnitude
        // The element nearest to (or furthest beyond) its bound speaks for the product.
        let ratio = difference.isNaN ? .infinity : difference / allowed
        if ratio > worst { (worst, error, bound) = (ratio, difference, allowed) }
      }
    }
    return Case(function: function, form: form, m: m, n: n, k: k, error: error, bound: bound)
  }

  /// Σ xᵢ·yᵢ and Σ |xᵢ·yᵢ| over `count` elements from an offset each.
  private static func dot(
    _ x: [Double], _ offsetX: Int, _ y: [Double], _ offsetY: Int, _ count: Int
  ) -> (sum: Double, magnitude: Double) {
    x.withUnsafeBufferPointer { x in
      y.withUnsafeBufferPointer { y in
        var (sum, magnitude, index) = (0.0, 0.0, 0)
        while index < count {
          let term = x[offsetX + index] * y[offsetY + index]
          sum += term
          magnitude += abs(term)
          index += 1
        }
        return (sum, magnitude)
      }
    }
  }
}
