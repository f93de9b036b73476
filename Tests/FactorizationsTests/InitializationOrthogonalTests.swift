import Attention
import Factorizations
import Support
import Tensors
import Testing

@Suite struct InitializationOrthogonalTests {
  @Test(
    arguments: [[1, 1], [5, 5], [7, 3], [3, 7], [1, 5], [5, 1], [2, 3, 5], [7, 2, 3], [3, 2, 1, 5]], [1, 2.5, -0.5])
  func orthonormal(_ shape: [Int], _ gain: Double) throws {
    var generator = Xoshiro256(seed: 3)
    let weight = try Initialization.orthogonal(shape, gain: gain, as: Double.self, using: &generator)
    #expect(weight.shape == shape)
    let (rows, columns) = (shape[0], weight.count / shape[0])
    let matrix = DoubleMatrix(try weight.reshaped(to: [rows, columns]))
    let gram = rows <= columns ? matrix * matrix.transposed : matrix.transposed * matrix
    let least = min(rows, columns)
    let bound = FactorizationBound.relative(Double.self, rows, columns) * gain * gain
    let square = DoubleMatrix(rows: least, columns: least) { $0 == $1 ? gain * gain : 0 }
    let result = comparison(gram, square, within: bound)
    #expect(result.isWithin, "\(result)")

    // The Float weight of the same seed is this one rounded.
    var same = Xoshiro256(seed: 3)
    let rounded = try Initialization.orthogonal(shape, gain: gain, as: Float.self, using: &same)
    #expect(rounded.isBitwiseEqual(to: try weight.converted(to: Float.self)))
    #expect(same == generator)
  }

  @Test func seedsDetermine() throws {
    var (first, second, other) = (Xoshiro256(seed: 5), Xoshiro256(seed: 5), Xoshiro256(seed: 6))
    let weight = try Initialization.orthogonal([3, 5], as: Float.self, using: &first)
    #expect(weight.isBitwiseEqual(to: try Initialization.orthogonal([3, 5], using: &second)))
    #expect(weight != (try Initialization.orthogonal([3, 5], using: &other)))
    #expect(weight != (try Initialization.orthogonal([3, 5], using: &first)))
  }

  // PyTorch 2.13.0 in float64, seed 7: what `normal_` drew and what `orthogonal_` made of it, [5, 3] with gain 1 and [2, 3, 2]
  // with gain 2.5.
  @Test func torchNumbers() throws {
    let tall = try Tensor(
      rows: [
        [-0.1467950974849952, 0.7861412987235358, 0.9468216090039564],
        [-1.1143440212610307, 1.6907901257942333, -0.8948278791726386],
        [-0.3556250270062136, 1.2323857451651945, 0.13817266368739245],
        [-1.6821984860536687, 0.31767831539796804, 0.13280696453151092],
        [0.1373240964733236, 0.2405461286050214, 1.3954507962006726],
      ])
    let ofTall = [
      -0.07130320204579754, 0.38767203740181594, 0.48267782831027645, -0.5412735047546365, 0.5200587554414513,
      -0.4188652758887268, -0.17273876026928078, 0.5584281165084295, 0.05481260970561218, -0.8170990761083151,
      -0.4808607059223356, 0.28200563288019764, 0.06670282566892169, 0.19021120497524519, 0.7134720706190503,
    ]
    let wide = try Tensor(
      rows: [
        [
          -0.1467950974849952, 0.7861412987235358, 0.9468216090039564, -1.1143440212610307, 1.6907901257942333,
          -0.8948278791726386,
        ],
        [
          -0.3556250270062136, 1.2323857451651945, 0.13817266368739245, -1.6821984860536687, 0.31767831539796804,
          0.13280696453151092,
        ],
      ])
    let ofWide = [
      -0.14464387926218125, 0.7746207403636517, 0.9329463506748993, -1.0980137949381412, 1.6660123328578282,
      -0.8817145663104363, -0.4162390672525609, 1.2194096611550218, -0.5535675236814783, -1.6313126473693758,
      -0.8819699389099067, 0.9188559121492569,
    ]
    for (gaussian, gain, expected) in [(tall, 1, ofTall), (wide, 2.5, ofWide)] {
      // Twice, for either side's error, and by what κ (3 here) does to Q.
      let bound = 6 * FactorizationBound.relative(Double.self, 5, 6) * gain
      let weight = try Initialization.orthogonalized(gaussian, gain: gain)
      let result = Comparison(weight, expected, shape: gaussian.shape, absolute: bound)
      #expect(result.isWithin, "\(result)")
    }
  }

  // R's diagonal is positive: the weight is the Q, unique then, of the numbers that were drawn.
  @Test func isTheUniqueQ() throws {
    var drawing = Xoshiro256(seed: 11)
    let drawn = try Initialization.normal([7, 5], as: Double.self, using: &drawing)
    var generator = Xoshiro256(seed: 11)
    let weight = try Initialization.orthogonal([7, 5], as: Double.self, using: &generator)
    #expect(weight == (try QRFactorization(of: drawn).withPositiveDiagonal().q))
    let r = DoubleMatrix(weight).transposed * DoubleMatrix(drawn)
    #expect((0..<5).allSatisfy { r[$0, $0] > 0 })
  }

  // An element of an evenly distributed Q [3, 3] has mean 0 and variance 1/3; LAPACK's own signs would make it negative at
  // the first place of nearly every draw. Five standard deviations of the mean.
  @Test func evenlyDistributed() throws {
    var generator = Xoshiro256(seed: 13)
    let count = 300
    var sums = [Double](repeating: 0, count: 9)
    for _ in 0..<count {
      let weight = try Initialization.orthogonal([3, 3], as: Double.self, using: &generator)
      for (index, element) in weight.elements.enumerated() { sums[index] += element / Double(count) }
    }
    let result = Comparison(
      sums, [Double](repeating: 0, count: 9), shape: [3, 3], absolute: 5 * (1 / (3 * Double(count))).squareRoot())
    #expect(result.isWithin, "\(result)")
  }

  @Test func empty() throws {
    var generator = Xoshiro256(seed: 1)
    for shape in [[0, 3], [3, 0], [2, 0, 5], [0, 0]] {
      let weight = try Initialization.orthogonal(shape, as: Float.self, using: &generator)
      #expect(weight.shape == shape && weight.count == 0)
    }
    #expect(generator == Xoshiro256(seed: 1))
  }

  @Test func errors() throws {
    var generator = Xoshiro256(seed: 1)
    for shape in [[], [3]] {
      #expect(throws: FactorizationError.rank(expected: "2 or more: [out, in …]", shape: shape)) {
        try Initialization.orthogonal(shape, as: Float.self, using: &generator)
      }
    }
    for gain in [Double.infinity, -.infinity, .nan] {
      #expect(
        throws: FactorizationError.argument(name: "gain", expected: "a finite number", actual: "\(gain)")
      ) { try Initialization.orthogonal([2, 3], gain: gain, as: Float.self, using: &generator) }
    }
    #expect(throws: FactorizationError.tensor(.negativeDimension(shape: [2, -3]))) {
      try Initialization.orthogonal([2, -3], as: Float.self, using: &generator)
    }
    #expect(throws: FactorizationError.tensor(.tooManyElements(shape: [.max, 3]))) {
      try Initialization.orthogonal([.max, 3], as: Float.self, using: &generator)
    }
  }
}
