import Tensors
import Testing

@Suite struct BatchedGEMMTests {
  @Test("Each element is the product alone, bit by bit, on any number of workers", arguments: [1, 2, 3, 8])
  func elements(workers: Int) throws {
    let (count, m, n, k) = (7, 11, 13, 5)
    let element = try GEMM<Float>(m: m, n: n, k: k, transposesB: true, alpha: 0.5, beta: 2)
    // Gaps between the elements; B of every element but A's shared in the second round.
    for strideA in [m * k + 3, 0] {
      let a = Matrix<Float>(rows: 1, columns: (count - 1) * strideA + m * k, gap: 0, seed: 1).elements
      let b = Matrix<Float>(rows: 1, columns: count * n * k, gap: 0, seed: 2).elements
      let strideC = m * n + 2
      let before = Matrix<Float>(rows: 1, columns: count * strideC, gap: 0, seed: 3).elements
      var c = before
      try BatchedGEMM(element, count: count, strideA: strideA, strideB: n * k, strideC: strideC).compute(
        a, b, into: &c, workers: workers)
      for index in 0..<count {
        let place = index * strideC
        var alone = Array(before[place..<(place + m * n)])
        try element.compute(
          Array(a[(index * strideA)..<(index * strideA + m * k)]), Array(b[(index * n * k)..<((index + 1) * n * k)]),
          into: &alone)
        #expect(Array(c[place..<(place + m * n)]) == alone, "element \(index)")
        #expect(c[place + m * n] == before[place + m * n], "the gap after element \(index) was written")
      }
    }
  }

  @Test("Heads side by side: [H, L, S] · packed [S, H·D] → packed [L, H·D]")
  func sideBySide() throws {
    let (heads, length, keys, size) = (3, 5, 7, 2)
    let weights = Matrix<Double>(rows: heads * length, columns: keys, gap: 0, seed: 1).elements
    let values = Matrix<Double>(rows: keys, columns: heads * size, gap: 0, seed: 2).elements
    var output = [Double](repeating: .nan, count: length * heads * size)
    let element = try GEMM<Double>(m: length, n: size, k: keys, ldb: heads * size, ldc: heads * size)
    try BatchedGEMM(element, count: heads, strideA: length * keys, strideB: size, strideC: size).compute(
      weights, values, into: &output, workers: 2)
    var largest = LargestError()
    for h in 0..<heads {
      for l in 0..<length {
        for d in 0..<size {
          let terms = (0..<keys).map {
            weights[(h * length + l) * keys + $0] * values[$0 * heads * size + h * size + d]
          }
          largest.add(
            output[l * heads * size + h * size + d], expected: terms.reduce(0, +), bound: 2 * 9 * 0x1p-52 * 7,
            at: "[\(l), \(h), \(d)]")
        }
      }
    }
    #expect(largest.isWithinBound, "\(largest)")
  }

  @Test("Elements that would write to one place are refused")
  func overlap() throws {
    // C spans 2 rows of 3 with ld 8: 11 elements; two fit side by side into 8.
    let element = try GEMM<Float>(m: 2, n: 3, k: 5, ldc: 8)
    func make(_ count: Int, _ strideC: Int) throws(TensorError) -> BatchedGEMM<Float> {
      try BatchedGEMM(element, count: count, strideA: 10, strideB: 15, strideC: strideC)
    }
    for (count, stride) in [(2, 0), (2, 2), (2, 6), (3, 3), (2, 10), (2, -1), (2, Int.min)] {
      #expect(throws: TensorError.argument(name: "strideC", expected: "11 or more", actual: stride)) {
        try make(count, stride)
      }
    }
    for (count, stride) in [(2, 11), (2, 3), (2, 5), (9, 100), (1, 0), (0, 0)] {
      #expect(try make(count, stride).strideC == stride)
    }
  }

  @Test("Negative counts and strides are errors", arguments: ["count", "strideA", "strideB"])
  func negative(name: String) throws {
    let element = try GEMM<Float>(m: 2, n: 3, k: 5)
    #expect(throws: TensorError.argument(name: name, expected: "0 or more", actual: -1)) {
      try BatchedGEMM(
        element, count: name == "count" ? -1 : 2, strideA: name == "strideA" ? -1 : 0,
        strideB: name == "strideB" ? -1 : 0, strideC: 6)
    }
  }

  @Test("Spans must hold the last element; nothing is written otherwise")
  func shortSpans() throws {
    let element = try GEMM<Float>(m: 2, n: 3, k: 5)
    let batch = try BatchedGEMM(element, count: 4, strideA: 11, strideB: 0, strideC: 7)
    func run(_ a: Int, _ b: Int, _ c: Int) throws {
      var result = [Float](repeating: 9, count: c)
      do {
        try batch.compute([Float](repeating: 1, count: a), [Float](repeating: 1, count: b), into: &result)
      } catch {
        #expect(result.allSatisfy { $0 == 9 }, "written before the error")
        throw error
      }
    }
    try run(43, 15, 27)
    #expect(throws: TensorError.spanTooShort(name: "A", expected: 43, actual: 42)) { try run(42, 15, 27) }
    #expect(throws: TensorError.spanTooShort(name: "B", expected: 15, actual: 14)) { try run(43, 14, 27) }
    #expect(throws: TensorError.spanTooShort(name: "C", expected: 27, actual: 26)) { try run(43, 15, 26) }
    let vast = try BatchedGEMM(element, count: 3, strideA: .max, strideB: 0, strideC: 6)
    #expect(throws: TensorError.tooManyElements(shape: [3, .max])) {
      var result = [Float](repeating: 9, count: 18)
      try vast.compute([1], [1], into: &result)
    }
  }

  @Test("Nothing to do: no element, no rows; k = 0 gives zeros")
  func empty() throws {
    var c = [Float](repeating: 9, count: 12)
    let element = try GEMM<Float>(m: 2, n: 3, k: 5)
    try BatchedGEMM(element, count: 0, strideA: 0, strideB: 0, strideC: 0).compute([], [], into: &c)
    try BatchedGEMM(try GEMM<Float>(m: 0, n: 3, k: 5), count: 2, strideA: 0, strideB: 0, strideC: 0).compute(
      [], [], into: &c)
    #expect(c.allSatisfy { $0 == 9 })
    try BatchedGEMM(try GEMM<Float>(m: 2, n: 3, k: 0), count: 2, strideA: 0, strideB: 0, strideC: 6).compute(
      [], [], into: &c)
    #expect(c.allSatisfy { $0 == 0 })
  }
}
