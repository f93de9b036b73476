import Tensors
import Testing

@Suite struct GEMMTests {
  /// Runs α·op(A)·op(B) + β·C with gaps after every row and compares with plain loops in Double.
  ///
  /// The bound is 2·(k + 2)·ε·(|α|·|A|·|B| + |β·C|): k + 2 roundings an element on BLAS's side (Higham, Accuracy and Stability
  /// of Numerical Algorithms, §3.5), doubled for the loops'.
  private func check<Scalar: BLASScalar>(
    _: Scalar.Type, _ form: ProductForm, _ size: ProductSize, alpha: Double = 1, beta: Double = 0,
    gaps: (a: Int, b: Int, c: Int) = (3, 5, 2), workers: Int? = nil
  ) throws -> LargestError {
    let (m, n, k) = (size.m, size.n, size.k)
    let a = Matrix<Scalar>(rows: form.transposesA ? k : m, columns: form.transposesA ? m : k, gap: gaps.a, seed: 1)
    let b = Matrix<Scalar>(rows: form.transposesB ? n : k, columns: form.transposesB ? k : n, gap: gaps.b, seed: 2)
    let guardValue: Scalar = 12345
    var c = Matrix<Scalar>(rows: m, columns: n, gap: gaps.c, seed: 3, gapValue: guardValue)
    let before = c.elements
    let gemm = try GEMM<Scalar>(
      m: m, n: n, k: k, transposesA: form.transposesA, transposesB: form.transposesB, lda: a.ld, ldb: b.ld,
      ldc: c.ld, alpha: Scalar(rounding: alpha), beta: Scalar(rounding: beta))
    try gemm.compute(a.elements, b.elements, into: &c.elements, workers: workers)

    let (product, magnitude) = plainProduct(a, transposed: form.transposesA, b, transposed: form.transposesB)
    let epsilon = Scalar.ulpOfOne.asDouble
    var largest = LargestError()
    for row in 0..<m {
      for column in 0..<c.ld {
        let index = row * c.ld + column
        if column >= n {
          #expect(c.elements[index] == guardValue, "the gap after row \(row) was written")
          continue
        }
        let held = beta == 0 ? 0 : beta * before[index].asDouble
        largest.add(
          c.elements[index].asDouble, expected: alpha * product[row * n + column] + held,
          bound: 2 * Double(k + 2) * epsilon * (abs(alpha) * magnitude[row * n + column] + abs(held)),
          at: "[\(row), \(column)]")
      }
    }
    return largest
  }

  @Test("By hand: 2 × 3 times 3 × 2")
  func byHand() throws {
    let a: [Float] = [1, 2, 3, 4, 5, 6]
    let b: [Float] = [7, 8, 9, 10, 11, 12]
    var c: [Float] = [0, 0, 0, 0]
    try GEMM<Float>(m: 2, n: 2, k: 3).compute(a, b, into: &c)
    #expect(c == [58, 64, 139, 154])
    // The same memory as A stored 3 × 2 and B stored 2 × 3: Aᵀ·Bᵀ.
    try GEMM<Float>(m: 2, n: 2, k: 3, transposesA: true, transposesB: true).compute(a, b, into: &c)
    #expect(c == [76, 103, 100, 136])
  }

  static let sizes = [
    (1, 1, 1), (2, 3, 5), (1, 7, 13), (11, 1, 7), (5, 3, 1), (17, 2, 31), (47, 53, 59), (49, 16, 97), (7, 129, 33),
    (64, 64, 64), (63, 65, 64), (64, 64, 65),  // 262 144, just below, just above
    (100, 100, 100), (101, 97, 103), (99, 101, 100),  // 10⁶, above, below
  ].map { ProductSize($0.0, $0.1, $0.2) }

  @Test("Float against plain loops", arguments: sizes, ProductForm.allCases)
  func float(size: ProductSize, form: ProductForm) throws {
    let largest = try check(Float.self, form, size)
    #expect(largest.isWithinBound, "\(largest)")
  }

  @Test("Double against plain loops", arguments: sizes, ProductForm.allCases)
  func double(size: ProductSize, form: ProductForm) throws {
    let largest = try check(Double.self, form, size)
    #expect(largest.isWithinBound, "\(largest)")
  }

  @Test("Factors of the product and of what C held", arguments: [-1, 0, 0.5, 2], [-1, 0, 0.25, 1])
  func factors(alpha: Double, beta: Double) throws {
    for form in ProductForm.allCases {
      let float = try check(Float.self, form, ProductSize(13, 11, 7), alpha: alpha, beta: beta)
      #expect(float.isWithinBound, "\(float)")
      let double = try check(Double.self, form, ProductSize(13, 11, 7), alpha: alpha, beta: beta)
      #expect(double.isWithinBound, "\(double)")
    }
  }

  @Test("Cut over several workers, gaps and all", arguments: [2, 3, 8], ProductForm.allCases)
  func workers(workers: Int, form: ProductForm) throws {
    // 2.5 million multiplications with a remainder after the last whole block.
    let largest = try check(
      Float.self, form, ProductSize(211, 109, 113), alpha: 0.5, beta: 2, gaps: (7, 1, 3), workers: workers)
    #expect(largest.isWithinBound, "\(largest)")
  }

  @Test("β = 0 ignores what C holds, NaN included; k = 0 gives β·C", arguments: ProductForm.allCases)
  func betaZero(form: ProductForm) throws {
    func run(_ k: Int, beta: Float, on held: [Float]) throws -> [Float] {
      var c = held
      let ones = [Float](repeating: 1, count: 2 * 3 * max(k, 1))
      try GEMM<Float>(m: 2, n: 3, k: k, transposesA: form.transposesA, transposesB: form.transposesB, beta: beta)
        .compute(
          k == 0 ? [Float]() : ones, k == 0 ? [Float]() : ones, into: &c)
      return c
    }
    let undefined = [Float](repeating: .nan, count: 6)
    #expect(try run(5, beta: 0, on: undefined) == [5, 5, 5, 5, 5, 5])
    #expect(try run(0, beta: 0, on: undefined) == [0, 0, 0, 0, 0, 0])
    #expect(try run(0, beta: 0.5, on: [2, 4, 6, 8, 10, 12]) == [1, 2, 3, 4, 5, 6])
    #expect(try run(0, beta: 1, on: undefined).allSatisfy(\.isNaN))
    #expect(try run(5, beta: 1, on: [1, 2, 3, 4, 5, 6]) == [6, 7, 8, 9, 10, 11])
  }

  @Test(
    "No rows or no columns: nothing is written", arguments: [(0, 3, 5), (3, 0, 5), (0, 0, 0), (0, 3, 0), (3, 0, 0)])
  func empty(m: Int, n: Int, k: Int) throws {
    var c: [Double] = [7]
    let elements = [Double](repeating: 1, count: 15)
    try GEMM<Double>(m: m, n: n, k: k).compute(elements, elements, into: &c)
    #expect(c == [7])
    // Nothing to hold: empty spans will do where the matrices are.
    var none: [Double] = []
    try GEMM<Double>(m: m, n: n, k: k).compute(elements, elements, into: &none)
    #expect(none == [])
  }

  @Test("A NaN or an infinity in an operand stays visible")
  func specialValues() throws {
    var a = [Double](repeating: 1, count: 6)
    a[4] = .nan
    let b = [Double](repeating: 1, count: 6)
    var c = [Double](repeating: 0, count: 4)
    try GEMM<Double>(m: 2, n: 2, k: 3).compute(a, b, into: &c)
    #expect(c[0] == 3 && c[1] == 3 && c[2].isNaN && c[3].isNaN)
  }

  @Test(
    "Dimensions that BLAS can't count are errors",
    arguments: [("m", -1), ("n", -7), ("k", Int.min), ("m", Int(Int32.max) + 1), ("n", 1 << 40), ("k", Int.max)])
  func dimensions(name: String, value: Int) {
    #expect(throws: TensorError.argument(name: name, expected: "0...2147483647", actual: value)) {
      try GEMM<Float>(m: name == "m" ? value : 2, n: name == "n" ? value : 3, k: name == "k" ? value : 5)
    }
  }

  @Test(
    "Leading dimensions shorter than a row, or beyond BLAS, are errors",
    arguments: [
      (.nn, "lda", 5), (.tn, "lda", 2), (.nn, "ldb", 3), (.nt, "ldb", 5), (.nn, "ldc", 3), (.tt, "ldc", 3),
    ] as [(ProductForm, String, Int)])
  func leadingDimensions(form: ProductForm, name: String, least: Int) throws {
    func make(_ value: Int) throws(TensorError) -> GEMM<Float> {
      try GEMM<Float>(
        m: 2, n: 3, k: 5, transposesA: form.transposesA, transposesB: form.transposesB,
        lda: name == "lda" ? value : nil, ldb: name == "ldb" ? value : nil, ldc: name == "ldc" ? value : nil)
    }
    for value in [least - 1, 0, -4, Int(Int32.max) + 1] {
      #expect(throws: TensorError.argument(name: name, expected: "\(least)...2147483647", actual: value)) {
        try make(value)
      }
    }
    let fits = try make(least)
    #expect(fits.m == 2 && fits.n == 3 && fits.k == 5)
    // A matrix without columns still has a leading dimension of 1.
    #expect(throws: TensorError.argument(name: "ldc", expected: "1...2147483647", actual: 0)) {
      try GEMM<Float>(m: 2, n: 0, k: 5, ldc: 0)
    }
  }

  @Test("Spans must hold their matrices, the last row without its gap; nothing is written otherwise")
  func shortSpans() throws {
    // A: 3 rows of 5 with ld 7 → 19; B: 5 rows of 2 with ld 3 → 14; C: 3 rows of 2 with ld 4 → 10.
    let gemm = try GEMM<Float>(m: 3, n: 2, k: 5, lda: 7, ldb: 3, ldc: 4)
    #expect(try gemm.extents() == (a: 19, b: 14, c: 10))
    func run(_ a: Int, _ b: Int, _ c: Int) throws -> [Float] {
      let (left, right) = ([Float](repeating: 1, count: a), [Float](repeating: 1, count: b))
      var result = [Float](repeating: 9, count: c)
      do {
        try gemm.compute(left, right, into: &result)
      } catch {
        #expect(result == [Float](repeating: 9, count: c), "written before the error")
        throw error
      }
      return result
    }
    #expect(try run(19, 14, 10) == [5, 5, 9, 9, 5, 5, 9, 9, 5, 5])
    #expect(throws: TensorError.spanTooShort(name: "A", expected: 19, actual: 18)) { try run(18, 14, 10) }
    #expect(throws: TensorError.spanTooShort(name: "B", expected: 14, actual: 13)) { try run(19, 13, 10) }
    #expect(throws: TensorError.spanTooShort(name: "C", expected: 10, actual: 9)) { try run(19, 14, 9) }
    #expect(throws: TensorError.spanTooShort(name: "A", expected: 19, actual: 0)) { try run(0, 14, 10) }
  }

  @Test("The greatest matrices of BLAS fit Int")
  func greatestExtents() throws {
    let greatest = Int(Int32.max)
    let gemm = try GEMM<Float>(m: greatest, n: greatest, k: greatest, lda: greatest, ldb: greatest, ldc: greatest)
    #expect(try gemm.extents().c == greatest * greatest)
    #expect(throws: TensorError.spanTooShort(name: "A", expected: greatest * greatest, actual: 0)) {
      var c: [Float] = []
      try gemm.compute([], [], into: &c)
    }
  }

  @Test("A part of a larger matrix, through a part of a span")
  func subMatrix() throws {
    // Columns 2..<4 of a 3 × 5 matrix times its transpose's.
    let matrix: [Double] = Array((0..<15).map(Double.init))
    var c = [Double](repeating: 0, count: 9)
    let part = matrix.span.extracting(2..<14)
    var target = c.mutableSpan
    try GEMM<Double>(m: 3, n: 3, k: 2, transposesB: true, lda: 5, ldb: 5)(part, part, into: &target)
    let rows: [[Double]] = [[2, 3], [7, 8], [12, 13]]
    #expect(c == rows.flatMap { left in rows.map { left[0] * $0[0] + left[1] * $0[1] } })
  }

  @Test("Blocks of rows: no more than workers, none too small to be worth one", arguments: [1, 2, 3, 8, 1000])
  func cuts(workers: Int) throws {
    for (m, n, k) in [
      (0, 3, 5), (1, 1, 1), (47, 999, 999), (97, 211, 113), (100, 300, 150), (4999, 127, 61), (480, 1, 1),
    ] {
      let cuts = try GEMM<Float>(m: m, n: n, k: k).rowCuts(workers: workers)
      #expect(cuts.first == 0 && cuts.last == m)
      #expect(cuts.count - 1 <= workers)
      let heights = zip(cuts, cuts.dropFirst()).map { $1 - $0 }
      if heights.count > 1 {
        #expect(heights.allSatisfy { $0 * n * k >= 1 << 20 }, "\(m)×\(n)×\(k): \(cuts)")
        #expect(cuts.dropLast().allSatisfy { $0 % 48 == 0 })
        #expect((heights.max() ?? 0) - (heights.min() ?? 0) < 2 * 48, "\(m)×\(n)×\(k): \(cuts)")
      }
    }
    #expect(try GEMM<Float>(m: 4800, n: 100, k: 100).rowCuts(workers: 2) == [0, 2400, 4800])
    #expect(try GEMM<Float>(m: 100, n: 300, k: 150).rowCuts(workers: 8) == [0, 48, 100])
  }

  @Test("Any number of workers gives the same bits", arguments: ProductForm.allCases)
  func sameBits(form: ProductForm) throws {
    for size in [(97, 211, 113), (97, 283, 131), (100, 300, 150), (149, 151, 157), (480, 61, 83), (331, 127, 401)] {
      let (m, n, k) = size
      let a = Matrix<Float>(rows: form.transposesA ? k : m, columns: form.transposesA ? m : k, gap: 0, seed: 5)
      let b = Matrix<Float>(rows: form.transposesB ? n : k, columns: form.transposesB ? k : n, gap: 0, seed: 6)
      let gemm = try GEMM<Float>(m: m, n: n, k: k, transposesA: form.transposesA, transposesB: form.transposesB)
      func run(_ workers: Int) throws -> [UInt32] {
        var c = [Float](repeating: .nan, count: m * n)
        try gemm.compute(a.elements, b.elements, into: &c, workers: workers)
        return c.map(\.bitPattern)
      }
      let alone = try run(1)
      for workers in [1, 2, 3, 8] {
        let shared = try run(workers)
        let differing = zip(alone, shared).filter { $0 != $1 }.count
        #expect(differing == 0, "\(m)×\(n)×\(k), \(workers) workers: \(differing) elements differ")
      }
    }
  }
}
