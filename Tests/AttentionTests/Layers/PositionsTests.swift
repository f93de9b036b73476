import Attention
import Support
import Testing

@Suite struct PositionsTests {
  /// Row p is [100p, 100p + 1, 100p + 2].
  private func learned(_ capacity: Int = 7) throws -> LearnedPositions<Float> {
    try LearnedPositions(
      weight: Tensor(rows: (0..<capacity).map { position in (0..<3).map { Float(100 * position + $0) } }))
  }

  @Test func byHand() throws {
    let x = try Tensor<Float>((0..<12).map(Float.init), shape: [2, 2, 3])
    let expected = try Tensor<Float>(
      [500, 502, 504, 603, 605, 607, 506, 508, 510, 609, 611, 613], shape: [2, 2, 3])
    #expect(try learned()(x, offset: 5) == expected)
    #expect(x.elements == (0..<12).map(Float.init))
    // One sequence, and more leading axes.
    #expect(try learned()(x.selecting(axis: 0, 1), offset: 5) == expected.selecting(axis: 0, 1))
    #expect(try learned()(x.insertingAxis(1), offset: 5) == expected.insertingAxis(1))
  }

  /// A sequence in pieces, as in decoding, gets what it gets at once.
  @Test func piecesEqualTheWhole() throws {
    var random = SeededGenerator(seed: 61)
    let x: Tensor<Float> = try random.uniform([3, 11, 6])
    let sinusoidal = try SinusoidalPositions<Float>(embeddingSize: 6, precomputed: 5)
    let table = try LearnedPositions<Float>(capacity: 11, embeddingSize: 6, seed: 2)
    try check(x, sinusoidal)
    try check(x, table)
  }

  private func check(_ x: Tensor<Float>, _ positions: some Positions<Float>) throws {
    let whole = try positions(x)
    for (start, end) in [(0, 4), (4, 5), (5, 11)] {
      let piece = try positions(x.sliced(axis: 1, start..<end), offset: start)
      #expect(try piece == whole.sliced(axis: 1, start..<end), "\(start)..<\(end)")
    }
  }

  /// Whoever holds the only reference gives its memory to the result; whoever keeps one keeps the numbers.
  @Test func memory() throws {
    let positions = try learned()
    let kept = try Tensor<Float>(zeros: [2, 2, 3])
    let sum = try positions(kept)
    #expect(kept.elements.allSatisfy { $0 == 0 } && sum.storage !== kept.storage)

    func address(_ tensor: borrowing Tensor<Float>) -> UInt { UInt(bitPattern: tensor.storage.base) }
    var own = try Tensor<Float>(zeros: [2, 2, 3])
    let place = address(own)
    try positions.add(to: &own)
    #expect(address(own) == place && own == sum)
    #expect(address(try positions(own)) != place)
    let result = try positions(consume own, offset: 1)
    #expect(address(result) == place)
    #expect(result[0, 0, 0] == 100)
  }

  /// Views are summed row by row like their copies, and what lies around them stays.
  @Test func views() throws {
    var random = SeededGenerator(seed: 62)
    let wide: Tensor<Float> = try random.uniform([5, 4, 7])
    let before = wide.elements
    for (name, view) in [
      ("columns", try wide.sliced(axis: 2, 2..<5)), ("rows", try wide.sliced(axis: 1, 1..<3).sliced(axis: 2, 0..<3)),
      ("permuted", try wide.sliced(axis: 2, 2..<5).permuted([1, 0, 2])),
      ("repeated", try wide.sliced(axis: 2, 0..<3).sliced(axis: 1, 0..<1).broadcast(to: [5, 6, 3])),
    ] {
      let copy = try Tensor(view.elements, shape: view.shape)
      #expect(try learned()(view, offset: 1) == learned()(copy, offset: 1), "\(name)")
      var sum = view
      try learned().add(to: &sum, offset: 1)
      #expect(try sum == learned()(copy, offset: 1), "\(name)")
    }
    #expect(wide.elements == before)
  }

  @Test func empty() throws {
    #expect(try learned()(Tensor(zeros: [0, 5, 3])).shape == [0, 5, 3])
    #expect(try learned()(Tensor(zeros: [2, 0, 3]), offset: 7).shape == [2, 0, 3])
  }

  @Test func wrongShapesAndOffsets() throws {
    let positions = try learned()
    var x = try Tensor<Float>(zeros: [2, 3, 5])
    #expect(
      throws: AttentionError.shape(name: "x", expected: "[…, L, 3] to go with the positions", actual: [2, 3, 5])
    ) { try positions.add(to: &x) }
    #expect(throws: AttentionError.rank(name: "x", expected: "2 or more: […, L, 3]", shape: [3])) {
      try positions(Tensor(zeros: [3]))
    }
    x = try Tensor(zeros: [2, 2, 3])
    for offset in [-1, Int.max] {
      #expect(
        throws: AttentionError.argument(name: "offset", expected: "0...\(Int.max - 2)", actual: "\(offset)")
      ) { try positions.add(to: &x, offset: offset) }
    }
    #expect(x.elements.allSatisfy { $0 == 0 })
  }

  /// Rows of a kind of one's own are checked before they are used.
  @Test func kindsOfOnesOwn() throws {
    struct Constant: Positions {
      let embeddingSize = 2
      let rowCount: Int
      func rows(_ range: Range<Int>) throws(AttentionError) -> Tensor<Float> {
        do throws(TensorError) {
          return try Tensor<Float>([1, 2], shape: [1, 2]).broadcast(to: [rowCount, 2])
        } catch {
          throw .tensor(error)
        }
      }
    }
    let x = try Tensor<Float>(zeros: [1, 3, 2])
    #expect(try Constant(rowCount: 3)(x).elements == [1, 2, 1, 2, 1, 2])
    #expect(throws: AttentionError.shape(name: "rows", expected: "[3, 2]", actual: [4, 2])) {
      try Constant(rowCount: 4)(x)
    }
  }
}
