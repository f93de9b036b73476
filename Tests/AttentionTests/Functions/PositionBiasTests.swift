import Foundation
import Support
import Testing

@testable import Attention

@Suite struct PositionBiasTests {
  static let paths: [AttentionPath] = [.reference, .blas, .tiled]

  /// What a mask adds to scores of 0 [B, H, L, S], −∞ where it masks.
  private func added<Scalar: BLASScalar>(
    _ mask: AttentionMask<Scalar>, _ shape: [Int], alignment: QueryAlignment? = nil, path: AttentionPath = .tiled
  ) throws -> Tensor<Scalar> {
    let result = try scaledDotProductAttention(
      queries: Tensor<Scalar>(zeros: [shape[0], shape[1], shape[2], 2]),
      keys: Tensor<Scalar>(zeros: [shape[0], 1, shape[3], 2]),
      values: Tensor<Scalar>(zeros: [shape[0], 1, shape[3], 2]), mask: mask,
      options: AttentionOptions(alignment: alignment, details: [.maskedScores], path: path))
    return try #require(result.details.maskedScores)
  }

  /// Every place of a matrix [B, H, L, S].
  private func matrix(
    _ shape: [Int], _ number: (_ b: Int, _ h: Int, _ i: Int, _ j: Int) -> Double
  ) -> [Double] {
    var numbers: [Double] = []
    for b in 0..<shape[0] {
      for h in 0..<shape[1] {
        for i in 0..<shape[2] {
          for j in 0..<shape[3] { numbers.append(number(b, h, i, j)) }
        }
      }
    }
    return numbers
  }

  @Test(arguments: paths) func alibiByHand(path: AttentionPath) throws {
    // Slopes of two heads: 2^−4 and 2^−8. Queries at places 1 and 2 of three keys.
    let bias = try added(
      .positionBias(.alibi(headCount: 2)) as AttentionMask<Float>, [1, 2, 2, 3], alignment: .offset(1), path: path)
    #expect(
      bias.elements == [
        -0x1p-4, 0, -0x1p-4, -0x1p-3, -0x1p-4, 0, -0x1p-8, 0, -0x1p-8, -0x1p-7, -0x1p-8, 0,
      ])
    let given = try added(
      .positionBias(.alibi(slopes: [3, -0.25])) as AttentionMask<Double>, [1, 2, 2, 2], path: path)
    #expect(given.elements == [0, -3, -3, 0, 0, 0.25, 0.25, 0])
  }

  @Test(arguments: paths) func tablesByHand(path: AttentionPath) throws {
    // From two keys before the query to two after it; further ones have the ends' number.
    let one = try Tensor<Double>([1, 2, 3, 4, 5], shape: [5])
    #expect(
      try added(.positionBias(.distances(table: one)), [1, 2, 2, 5], alignment: .offset(1), path: path).elements
        == [2, 3, 4, 5, 5, 1, 2, 3, 4, 5, 2, 3, 4, 5, 5, 1, 2, 3, 4, 5])
    let each = try Tensor<Double>(rows: [[1, 2, 3], [-1, -2, -3]])
    #expect(
      try added(.positionBias(.distances(table: each)), [1, 2, 2, 2], path: path).elements
        == [2, 3, 1, 2, -2, -3, -1, -2])
    // Four buckets on both sides: distance 0, before, (0 after), after.
    let table = try Tensor<Double>(rows: [[1, 10], [2, 20], [3, 30], [4, 40]])
    #expect(
      try added(
        .positionBias(.buckets(table: table, isBidirectional: true)), [1, 2, 2, 2], path: path
      ).elements == [1, 4, 2, 1, 10, 40, 20, 10])
    #expect(
      try added(
        .positionBias(.buckets(table: table.sliced(axis: 1, 1..<2), isBidirectional: false)), [1, 2, 1, 4],
        alignment: .end, path: path
      ).elements == [30, 30, 20, 10, 30, 30, 20, 10])
  }

  /// Where the queries stand is where causal has them.
  @Test(arguments: paths) func alignments(path: AttentionPath) throws {
    let shape = [2, 3, 5, 7]
    let slopes = [0.5, 2, 0.125]
    let lengths = [7, 3]
    let cases: [(QueryAlignment, (Int) -> Int)] = [
      (.start, { _ in 0 }), (.end, { lengths[$0] - 5 }), (.offset(4), { _ in 4 }), (.offset(-40), { _ in -40 }),
      (.offsets([-3, 1000]), { [-3, 1000][$0] }), (.offsets([6, 6]), { _ in 6 }),
      (.offset(1 << 39), { _ in 1 << 39 }),
    ]
    for (alignment, offset) in cases {
      let expected = matrix(shape) { b, h, i, j in
        j < lengths[b] ? 0 - slopes[h] * Double(abs(offset(b) + i - j)) : -.infinity
      }
      let mask = AttentionMask<Double>.positionBias(.alibi(slopes: slopes)) & .keyLengths(lengths)
      #expect(try added(mask, shape, alignment: alignment, path: path).elements == expected, "\(alignment)")
    }
  }

  /// A tensor bias beside it is added, and so is a second one; a matrix of the same numbers gives the same.
  @Test(arguments: paths) func sums(path: AttentionPath) throws {
    let shape = [2, 3, 4, 5]
    let first = PositionBias<Double>.alibi(slopes: [0.5, 2, 0.125])
    let table = try Tensor<Double>([8, 4, 16], shape: [3])
    let second = PositionBias.distances(table: table)
    for alignment in [QueryAlignment.offset(1), .offsets([0, 3])] {
      func place(_ b: Int) -> Int { alignment == .offset(1) ? 1 : [0, 3][b] }
      func one(_ h: Int, _ d: Int) -> Double { -[0.5, 2, 0.125][h] * Double(abs(d)) }
      func two(_ d: Int) -> Double { d < 0 ? 8 : d == 0 ? 4 : 16 }
      let both = matrix(shape) { b, h, i, j in one(h, j - place(b) - i) + two(j - place(b) - i) }
      let mask = AttentionMask<Double>.positionBias(first) & .positionBias(second)
      #expect(try added(mask, shape, alignment: alignment, path: path).elements == both)
      #expect(try added(.positionBias(first + second), shape, alignment: alignment, path: path).elements == both)
      for biasShape in [[5], [4, 5], [3, 1, 5], [2, 1, 1, 1], [2, 3, 4, 5]] {
        let bias = try numbers(biasShape)
        let all = try bias.broadcast(to: shape).elements
        let sum = AttentionMask<Double>.bias(bias) & mask
        #expect(try added(sum, shape, alignment: alignment, path: path).elements == zip(all, both).map { $0 + $1 })
        #expect(
          try added(mask & .bias(bias), shape, alignment: alignment, path: path).elements == zip(all, both).map(+))
      }
    }
  }

  /// −∞ masks, whatever is added to it; NaN stays visible where it is attended; finite numbers never become −∞.
  @Test(arguments: paths) func infinities(path: AttentionPath) throws {
    let low = -Float.infinity
    // A key two or more before the query is masked: a window.
    let window = PositionBias<Float>.distances(table: try Tensor([low, 0, 1, 0, 0], shape: [5]))
    let slopes = PositionBias<Float>.alibi(slopes: [1])
    #expect(
      try added(.positionBias(window), [1, 1, 4, 4], path: path).elements == [
        1, 0, 0, 0, 0, 1, 0, 0, low, 0, 1, 0, low, low, 0, 1,
      ])
    #expect(
      try added(.positionBias(slopes + window), [1, 1, 4, 4], path: path).elements == [
        1, -1, -2, -3, -1, 1, -1, -2, low, -1, 1, -1, low, low, -1, 1,
      ])
    // All keys are far away: such a row has nothing to attend.
    let far = try scaledDotProductAttention(
      queries: Tensor<Float>(repeating: 1, shape: [1, 1, 2, 3]), keys: Tensor(repeating: 1, shape: [1, 1, 4, 3]),
      values: Tensor(repeating: 1, shape: [1, 1, 4, 3]), mask: .positionBias(window),
      options: AttentionOptions(alignment: .offset(4), details: [.logSumExp], path: path))
    #expect(far.output.elements == [1, 1, 1, 0, 0, 0].map { $0 })
    #expect(far.logSumExp?.elements.last == low)

    let masking = AttentionMask<Float>.bias(try Tensor([0, low, 0, 0], shape: [4]))
    let nan = PositionBias<Float>.distances(table: try Tensor([.nan, 0, 0], shape: [3]))
    let sum = try added(masking & .positionBias(nan), [1, 1, 3, 4], alignment: .start, path: path).elements
    #expect(sum.map { $0.isNaN ? 7 : $0 } == [0, low, 0, 0, 7, low, 0, 0, 7, low, 0, 0])

    // Too large for Float at a distance of 3.
    let steep = PositionBias<Float>.alibi(slopes: [1.5e38])
    let largest = -Float.greatestFiniteMagnitude
    #expect(
      try added(.positionBias(steep), [1, 1, 1, 4], alignment: .start, path: path).elements == [
        0, -1.5e38, -3e38, largest,
      ])
    #expect(
      try added(.positionBias(steep + steep), [1, 1, 1, 3], alignment: .start, path: path).elements == [
        0, -3e38, largest,
      ])
  }

  @Test func slopes() throws {
    #expect(PositionBias<Float>.alibiSlopes(headCount: 4) == [0x1p-2, 0x1p-4, 0x1p-6, 0x1p-8])
    #expect(
      PositionBias<Float>.alibiSlopes(headCount: 6) == [0x1p-2, 0x1p-4, 0x1p-6, 0x1p-8, 0x1p-1, 0x1p-3])
    #expect(PositionBias<Float>.alibiSlopes(headCount: 0).isEmpty)
    #expect(PositionBias<Float>.alibiSlopes(headCount: -3).isEmpty)
    let golden = PositionGoldenCase.all("slopes")
    #expect(golden.count == 9)
    for golden in golden {
      let expected = try GoldenFile("positions").tensor("\(golden.name)/slopes", as: Double.self)
      let slopes = PositionBias<Float>.alibiSlopes(headCount: try #require(golden.heads))
      let comparison = Comparison(slopes, expected.elements, shape: expected.shape, relative: 16 * Double.ulpOfOne)
      #expect(comparison.isWithin, "\(golden.name): \(comparison)")
    }
  }

  /// BLOOM adds slope·j rather than −slope·(p − j), whose softmax is the same.
  @Test(arguments: paths) func bloom(path: AttentionPath) throws {
    let golden = try #require(PositionGoldenCase.all("alibi").first)
    try expectGolden(
      golden, mask: .causal & .positionBias(.alibi(headCount: #require(golden.heads))),
      mask: .causal & .positionBias(.alibi(headCount: #require(golden.heads))), scale: nil, path: path)
  }

  @Test(arguments: PositionGoldenCase.all("t5"), paths) func t5(golden: PositionGoldenCase, path: AttentionPath) throws
  {
    let file = try GoldenFile("positions")
    let (heads, furthest) = (try #require(golden.heads), try #require(golden.furthest))
    let isBidirectional = try #require(golden.bidirectional as Bool?)
    func mask<Scalar: BLASScalar>(_ type: Scalar.Type) throws -> AttentionMask<Scalar> {
      let table = try file.tensor("\(golden.name)/table", convertedTo: type)
      let bias = PositionBias.buckets(table: table, isBidirectional: isBidirectional, maximumDistance: furthest)
      return isBidirectional ? .positionBias(bias) : .causal & .positionBias(bias)
    }
    let bias = try file.tensor("\(golden.name)/bias", as: Double.self)
    let position = try #require(try mask(Double.self).positionBias)
    let actual = try added(
      .positionBias(position), [1, heads, bias.shape[1], bias.shape[2]], alignment: .end, path: path)
    #expect(try actual.selecting(axis: 0, 0) == bias)
    try expectGolden(golden, mask: mask(Double.self), mask: mask(Float.self), scale: 1, path: path)
  }

  private func expectGolden(
    _ golden: PositionGoldenCase, mask: AttentionMask<Double>, mask single: AttentionMask<Float>, scale: Double?,
    path: AttentionPath
  ) throws {
    let file = try GoldenFile("positions")
    let expected = try file.tensor("\(golden.name)/output", as: Double.self)
    func output<Scalar: BLASScalar>(_ mask: AttentionMask<Scalar>) throws -> Tensor<Scalar> {
      try scaledDotProductAttention(
        queries: file.tensor("\(golden.name)/query", convertedTo: Scalar.self),
        keys: file.tensor("\(golden.name)/key", convertedTo: Scalar.self),
        values: file.tensor("\(golden.name)/value", convertedTo: Scalar.self), mask: mask, alignment: .end,
        scale: scale, path: path)
    }
    let double = Comparison(try output(mask), expected.elements, shape: expected.shape, absolute: 4e-12)
    #expect(double.isWithin, "\(double)")
    let float = Comparison(
      try output(single), expected.elements, shape: expected.shape, absolute: ErrorBound.floatAbsolute,
      relative: ErrorBound.floatRelative)
    #expect(float.isWithin, "\(float)")
  }
}
