import Attention
import Support
import Testing

@Suite struct LinearTests {
  @Test func byHand() throws {
    let layer = try Linear<Float>(
      weight: Tensor(rows: [[1, 2], [3, 4], [5, 6]]), bias: Tensor([10, 20, 30], shape: [3]))
    #expect(layer.inputSize == 2 && layer.outputSize == 3)
    let x = try Tensor<Float>(rows: [[1, 0], [0, 1], [1, -1]])
    #expect(try layer(x) == Tensor(rows: [[11, 23, 35], [12, 24, 36], [9, 19, 29]]))
    #expect(try layer(x.selecting(axis: 0, 2)) == Tensor([9, 19, 29], shape: [3]))
    #expect(try Linear(weight: layer.weight)(x) == Tensor(rows: [[1, 3, 5], [2, 4, 6], [-1, -1, -1]]))
  }

  /// x·Wᵀ + b in Double by loops.
  private func expected(_ x: [Double], _ weight: [Double], _ bias: [Double]?, _ n: Int, _ k: Int) -> [Double] {
    let m = k == 0 ? 0 : x.count / k
    var y = [Double](repeating: 0, count: m * n)
    for row in 0..<m {
      for column in 0..<n {
        var sum = bias?[column] ?? 0
        for inner in 0..<k { sum += x[row * k + inner] * weight[column * k + inner] }
        y[row * n + column] = sum
      }
    }
    return y
  }

  /// Rows, outputs and inputs around the edges of BLAS's tiles, of one row, and large enough to be shared by rows and
  /// by columns.
  @Test(arguments: [
    [1, 1, 1], [1, 5, 3], [2, 3, 5], [7, 17, 9], [33, 31, 65], [1, 129, 64], [97, 193, 131], [257, 66, 128],
  ])
  func sizes(size: [Int]) throws {
    try check(size, Float.self) { 4 * Double(size[2] + 2) * Double(Float.ulpOfOne) * $0 }
    try check(size, Double.self) { 1e-12 * $0 }
  }

  private func check<Scalar: BLASScalar>(
    _ size: [Int], _ type: Scalar.Type, _ bound: (Double) -> Double
  ) throws {
    let (m, n, k) = (size[0], size[1], size[2])
    var random = SeededGenerator(seed: 11)
    let x: Tensor<Scalar> = try random.uniform([m, k])
    let weight: Tensor<Scalar> = try random.uniform([n, k])
    let bias: Tensor<Scalar> = try random.uniform([n])
    for bias in [bias, nil] {
      let layer = try Linear(weight: weight, bias: bias)
      let answer = expected(x.doubles, weight.doubles, bias?.doubles, n, k)
      for workers in [1, 2, 3] {
        // |x| and |W| are below 1: k bounds every row's sum of magnitudes.
        let comparison = Comparison(try layer(x, workers: workers), answer, shape: [m, n], absolute: bound(Double(k)))
        #expect(comparison.isWithin, "\(type), bias \(bias != nil), \(workers) workers: \(comparison)")
      }
    }
  }

  /// Many rows have the weight packed, by the first product that is computed, here on several threads at once.
  @Test func manyRowsOnManyThreads() async throws {
    var random = SeededGenerator(seed: 19)
    let layer = try Linear<Float>(weight: random.uniform([203, 77]), bias: random.uniform([203]))
    let x: Tensor<Float> = try random.uniform([120, 77])
    let results = try await withThrowingTaskGroup(of: Tensor<Float>.self) { group in
      for workers in [1, 2, 1, 3] { group.addTask { try layer(x, workers: workers) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let fresh = try Linear(weight: layer.weight, bias: layer.bias)(x, workers: 2)
    #expect(results.allSatisfy { $0.elements == fresh.elements })
    #expect(try layer(x, workers: .max).elements == fresh.elements)
    // A row is what it is among others, as long as they are many.
    let some = try fresh.sliced(axis: 0, 50..<90)
    #expect(try layer(x.sliced(axis: 0, 50..<90)).elements == some.elements)
  }

  @Test func leadingAxesAreRows() throws {
    var random = SeededGenerator(seed: 12)
    let layer = try Linear<Double>(inputSize: 3, outputSize: 5, seed: 1)
    let x: Tensor<Double> = try random.uniform([2, 7, 1, 3])
    let y = try layer(x)
    #expect(y.shape == [2, 7, 1, 5])
    #expect(try y.reshaped(to: [14, 5]) == layer(x.reshaped(to: [14, 3])))
  }

  /// Views equal their contiguous copies: columns of a wider matrix, sliced sequences, transposed, repeated, reversed
  /// axes.
  @Test func views() throws {
    var random = SeededGenerator(seed: 13)
    let layer = try Linear<Float>(inputSize: 3, outputSize: 5, seed: 2)
    let wide: Tensor<Float> = try random.uniform([2, 7, 11])
    let views = [
      ("columns", try wide.sliced(axis: 2, 4..<7)),
      ("sequence", try wide.sliced(axis: 2, 4..<7).sliced(axis: 1, 2..<5)),
      ("permuted", try wide.permuted([1, 0, 2]).sliced(axis: 2, 0..<3)),
      ("transposed", try random.uniform([3, 4, 2]).transposed(0, 2)),
      ("repeated rows", try random.uniform([1, 3]).broadcast(to: [6, 3])),
      ("repeated columns", try random.uniform([6, 1]).broadcast(to: [6, 3])),
    ]
    for (name, view) in views {
      let copy = try Tensor(view.elements, shape: view.shape)
      #expect(try layer(view) == layer(copy), "\(name)")
    }
  }

  @Test(arguments: [6, 40]) func weightsThatAreViews(rows: Int) throws {
    var random = SeededGenerator(seed: 14)
    let x: Tensor<Double> = try random.uniform([rows, 3])
    let wide: Tensor<Double> = try random.uniform([83, 91])
    let bias: Tensor<Double> = try random.uniform([91, 2])
    for weight in [
      try wide.sliced(axis: 1, 5..<8), try wide.sliced(axis: 1, 5..<8).sliced(axis: 0, 3..<80),
      try wide.sliced(axis: 0, 2..<5).transposed(0, 1),
    ] {
      let copy = try Tensor(weight.elements, shape: weight.shape)
      let part = try bias.selecting(axis: 1, 1).sliced(axis: 0, 0..<weight.shape[0])
      let plain = try Linear(weight: copy, bias: Tensor(part.elements, shape: part.shape))
      #expect(try Linear(weight: weight, bias: part)(x) == plain(x))
    }
  }

  @Test func empty() throws {
    let layer = try Linear<Float>(inputSize: 3, outputSize: 5, seed: 1)
    #expect(try layer(Tensor(zeros: [0, 3])).shape == [0, 5])
    #expect(try layer(Tensor(zeros: [2, 0, 3])).shape == [2, 0, 5])
    // Nothing goes in: the bias comes out.
    let bias = try Tensor<Float>([1, 2], shape: [2])
    let none = try Linear(weight: Tensor(zeros: [2, 0]), bias: bias)
    #expect(try none(Tensor(zeros: [3, 0])) == bias.broadcast(to: [3, 2]))
    #expect(try Linear<Float>(weight: Tensor(zeros: [0, 3]))(Tensor(zeros: [2, 3])).shape == [2, 0])
  }

  /// What memory held before never shows, NaN included.
  @Test func inputsStayAndNaNStaysInItsRow() throws {
    let layer = try Linear<Float>(weight: Tensor(rows: [[1, 1], [0, 2]]), bias: Tensor([1, 1], shape: [2]))
    var x = try Tensor<Float>(rows: [[1, 2], [3, 4], [5, 6]])
    x[1, 0] = .nan
    let before = x.elements
    let y = try layer(x)
    #expect(x.elements.map(\.bitPattern) == before.map(\.bitPattern))
    #expect([y[0, 0], y[0, 1], y[2, 0], y[2, 1]] == [4, 5, 12, 13])
    #expect(y[1, 0].isNaN)
  }

  @Test func wrongShapes() throws {
    let layer = try Linear<Float>(inputSize: 3, outputSize: 5, seed: 1)
    #expect(
      throws: AttentionError.shape(name: "x", expected: "[…, 3] to go with weight [5, 3]", actual: [2, 5])
    ) { try layer(Tensor(zeros: [2, 5])) }
    #expect(throws: AttentionError.rank(name: "x", expected: "1 or more: […, 3]", shape: [])) {
      try layer(Tensor(zeros: []))
    }
    #expect(throws: AttentionError.rank(name: "weight", expected: "2: [out, in]", shape: [15])) {
      try Linear<Float>(weight: Tensor(zeros: [15]))
    }
    #expect(throws: AttentionError.shape(name: "bias", expected: "[5] to go with weight [5, 3]", actual: [3])) {
      try Linear<Float>(weight: Tensor(zeros: [5, 3]), bias: Tensor(zeros: [3]))
    }
    #expect(throws: AttentionError.tensor(.argument(name: "workers", expected: "1 or more", actual: 0))) {
      try layer(Tensor(zeros: [2, 3]), workers: 0)
    }
  }
}
