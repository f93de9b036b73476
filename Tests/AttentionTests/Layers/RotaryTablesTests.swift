import Support
import Testing

@testable import Attention

/// Cosines and sines that a caller gives, as the ONNX operator's inputs `cos_cache` and `sin_cache`.
@Suite struct RotaryTablesTests {
  /// As ONNX writes the operator (opset 23, function body): the rotated part in two halves or every other number, then the rest.
  private func onnx(
    _ x: Tensor<Double>, cosine: (_ batch: Int, _ row: Int, _ pair: Int) -> Double,
    sine: (_ batch: Int, _ row: Int, _ pair: Int) -> Double, pairs: Int, interleaved: Bool
  ) -> [Double] {
    var result: [Double] = []
    let shape = x.shape
    for b in 0..<shape[0] {
      for h in 0..<shape[1] {
        for i in 0..<shape[2] {
          for e in 0..<shape[3] {
            guard e < 2 * pairs else {
              result.append(x[b, h, i, e])
              continue
            }
            let pair = interleaved ? e / 2 : e % pairs
            let isFirst = interleaved ? e % 2 == 0 : e < pairs
            let (first, second) = interleaved ? (2 * pair, 2 * pair + 1) : (pair, pair + pairs)
            let (c, s) = (cosine(b, i, pair), sine(b, i, pair))
            result.append(
              isFirst
                ? c * x[b, h, i, first] - s * x[b, h, i, second] : s * x[b, h, i, first] + c * x[b, h, i, second])
          }
        }
      }
    }
    return result
  }

  /// Tables need not be of any angle.
  @Test(arguments: [false, true]) func withPositions(interleaved: Bool) throws {
    var random = SeededGenerator(seed: 31)
    let x: Tensor<Double> = try random.normal([2, 3, 5, 14])
    let (cosines, sines): (Tensor<Double>, Tensor<Double>) = (try random.normal([11, 4]), try random.normal([11, 4]))
    let positions = try Tensor([0, 10, 3, 3, 7, 1, 2, 4, 8, 9], shape: [2, 5])
    let rotary = try RotaryPositions(cosines: cosines, sines: sines, pairing: interleaved ? .interleaved : .halves)
    #expect(rotary.rotarySize == 8)
    let expected = onnx(
      x, cosine: { cosines[positions[$0, $1], $2] }, sine: { sines[positions[$0, $1], $2] }, pairs: 4,
      interleaved: interleaved)
    let comparison = Comparison(
      try rotary(x, at: .given(positions)), expected, shape: [2, 3, 5, 14], absolute: 1e-15, relative: 1e-15)
    #expect(comparison.isWithin, "\(comparison)")
    // Rank 3 is the same with heads side by side.
    let joined = try rotary(x.mergingHeads(), at: .given(positions), headCount: 3)
    #expect(try joined.splittingHeads(3) == rotary(x, at: .given(positions)))
  }

  @Test(arguments: [false, true]) func withoutPositions(interleaved: Bool) throws {
    var random = SeededGenerator(seed: 32)
    let pairing = interleaved ? RotaryPairing.interleaved : .halves
    let x: Tensor<Double> = try random.normal([2, 3, 5, 14])
    let cosines: Tensor<Double> = try random.normal([2, 5, 7])
    let sines: Tensor<Double> = try random.normal([2, 5, 7])
    let expected = onnx(
      x, cosine: { cosines[$0, $1, $2] }, sine: { sines[$0, $1, $2] }, pairs: 7, interleaved: interleaved)
    let rotated = try RotaryPositions.rotated(x, cosines: cosines, sines: sines, pairing: pairing)
    let comparison = Comparison(rotated, expected, shape: [2, 3, 5, 14], absolute: 1e-15, relative: 1e-15)
    #expect(comparison.isWithin, "\(comparison)")
    let joined = try RotaryPositions.rotated(
      x.mergingHeads(), cosines: cosines, sines: sines, pairing: pairing, headCount: 3)
    #expect(try joined.splittingHeads(3) == rotated)
    // One table for all batch elements.
    let shared = try RotaryPositions.rotated(
      x, cosines: cosines.selecting(axis: 0, 1), sines: sines.selecting(axis: 0, 1), pairing: pairing)
    #expect(try shared.selecting(axis: 0, 1) == rotated.selecting(axis: 0, 1))
  }

  @Test func ownTablesGiveTheSame() throws {
    var random = SeededGenerator(seed: 33)
    let x: Tensor<Float> = try random.normal([2, 3, 5, 14])
    let computed = try RotaryPositions<Float>(rotarySize: 10, precomputed: 9)
    let given = try RotaryPositions(cosines: computed.cosines, sines: computed.sines)
    #expect(try given(x, at: .offset(4)).isBitwiseEqual(to: computed(x, at: .offset(4))))
  }

  @Test func wrongTables() throws {
    let table = try Tensor<Float>(zeros: [7, 3])
    let x = try Tensor<Float>(zeros: [2, 3, 5, 6])
    #expect(throws: AttentionError.rank(name: "cosines", expected: "2: [positions, r/2]", shape: [7])) {
      try RotaryPositions(cosines: Tensor<Float>(zeros: [7]), sines: Tensor<Float>(zeros: [7]))
    }
    #expect(throws: AttentionError.shape(name: "sines", expected: "[7, 3], as cosines", actual: [7, 4])) {
      try RotaryPositions(cosines: table, sines: Tensor<Float>(zeros: [7, 4]))
    }
    #expect(
      throws: AttentionError.argument(name: "rotarySize", expected: "an even number in 2...2147483647", actual: "0")
    ) { try RotaryPositions(cosines: Tensor<Float>(zeros: [7, 0]), sines: Tensor<Float>(zeros: [7, 0])) }
    let rotary = try RotaryPositions(cosines: table, sines: table)
    func outside(_ position: Int) -> AttentionError {
      .argument(name: "position", expected: "in 0..<7, the rows of the tables", actual: "\(position)")
    }
    #expect(throws: outside(7)) { try rotary(x, at: .offset(3)) }
    #expect(throws: outside(-1)) { try rotary(x, at: .offset(-1)) }
    #expect(throws: outside(.max)) { try rotary(x, at: .offset(.max)) }
    #expect(throws: outside(9)) { try rotary(x, at: .offsets([2, 5])) }
    #expect(throws: outside(8)) { try rotary(x, at: .given(Tensor([0, 1, 6, 8, 2], shape: [5]))) }
    #expect(
      throws: AttentionError.shape(name: "cosines", expected: "[5, r/2] or [2, 5, r/2]", actual: [7, 3])
    ) { try RotaryPositions.rotated(x, cosines: table, sines: table) }
    #expect(
      throws: AttentionError.shape(name: "sines", expected: "[2, 5, 3], as cosines", actual: [5, 3])
    ) { try RotaryPositions.rotated(x, cosines: Tensor(zeros: [2, 5, 3]), sines: Tensor(zeros: [5, 3])) }
  }
}
