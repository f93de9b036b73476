import Attention
import Foundation
import Support
import Testing

@Suite struct SinusoidalPositionsTests {
  @Test func positionZeroAlternates() throws {
    let rows = try SinusoidalPositions<Float>(embeddingSize: 10).rows(0..<1)
    #expect(rows.elements == [0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
  }

  /// Rows 0, 1, 7 and 101 of size 6, from PyTorch 2.13 in float64:
  /// `a = p[:, None] / 10000 ** (torch.arange(0, 6, 2) / 6)`, `torch.stack([a.sin(), a.cos()], -1).flatten(1)`.
  @Test func pyTorch() throws {
    let expected = [
      0.0, 1.0, 0.0, 1.0, 0.0, 1.0,  //
      0.8414709848078965, 0.5403023058681398, 0.046399223464731285, 0.9989229760406304, 0.0021544330233656045,
      0.9999976792064809,  //
      0.6569865987187891, 0.7539022543433046, 0.31922465060631494, 0.9476790714399449, 0.015080471170057421,
      0.9998862832288925,  //
      0.45202578717835057, 0.8920048697881602, -0.9997027187007981, -0.02438184205988052, 0.21588479607696642,
      0.9764188419028007,
    ]
    let positions = try SinusoidalPositions<Double>(embeddingSize: 6)
    let rows = try [0, 1, 7, 101].flatMap { try positions.rows($0..<($0 + 1)).elements }
    // Either side's angles, up to 101, may be off by 2 ulp.
    let comparison = Comparison(rows, expected, shape: [4, 6], absolute: 4 * 101 * Double.ulpOfOne)
    #expect(comparison.isWithin, "\(comparison)")
  }

  /// Each pair of row p + k is that of row p turned by k / base^(2i/E): a linear function that does not depend on p.
  @Test(arguments: [10_000.0, 7])
  func shiftIsARotation(base: Double) throws {
    let size = 14
    let table = try SinusoidalPositions<Double>(embeddingSize: size, base: base).rows(0..<200)
    for shift in [1, 3, 17, 64] {
      for position in stride(from: 0, to: 200 - shift, by: 11) {
        for pair in 0..<(size / 2) {
          let angle = Double(shift) * exp(-log(base) * Double(2 * pair) / Double(size))
          let (sine, cosine) = (table[position, 2 * pair], table[position, 2 * pair + 1])
          let turned = [
            cos(angle) * sine + sin(angle) * cosine, cos(angle) * cosine - sin(angle) * sine,
          ]
          let actual = [table[position + shift, 2 * pair], table[position + shift, 2 * pair + 1]]
          let comparison = Comparison(actual, turned, shape: [2], absolute: 4 * 200 * Double.ulpOfOne)
          #expect(comparison.isWithin, "position \(position), shift \(shift), pair \(pair): \(comparison)")
        }
      }
    }
  }

  /// So the product of two rows depends on their distance alone.
  @Test func productsDependOnTheDistance() throws {
    let table = try SinusoidalPositions<Double>(embeddingSize: 22).rows(0..<100)
    func product(_ first: Int, _ second: Int) -> Double {
      (0..<22).reduce(0) { $0 + table[first, $1] * table[second, $1] }
    }
    for distance in [0, 5, 31] {
      for position in [3, 29, 68] {
        #expect(abs(product(position, position + distance) - product(0, distance)) < 22 * 4 * 100 * Double.ulpOfOne)
      }
    }
    #expect(abs(product(50, 50) - 11) < 1e-13)
  }

  /// Kept rows and computed ones are the same bits, and Float's are Double's, rounded once.
  @Test func keptAndComputed() throws {
    let all = try SinusoidalPositions<Double>(embeddingSize: 6, precomputed: 40)
    let few = try SinusoidalPositions<Double>(embeddingSize: 6, precomputed: 5)
    let none = try SinusoidalPositions<Double>(embeddingSize: 6, precomputed: 0)
    #expect(all.table.shape == [40, 6] && none.table.shape == [0, 6])
    for range in [0..<40, 3..<5, 3..<6, 17..<40, 5..<5] {
      #expect(try all.rows(range).isBitwiseEqual(to: few.rows(range)), "\(range)")
      #expect(try all.rows(range).isBitwiseEqual(to: none.rows(range)), "\(range)")
      let float = try SinusoidalPositions<Float>(embeddingSize: 6, precomputed: 5).rows(range)
      #expect(try float == all.rows(range).converted(to: Float.self), "\(range)")
    }
    #expect(try all.rows(3..<5).storage === all.table.storage)
  }

  @Test func wrongArguments() throws {
    for size in [7, 0, -2, 1, 1 << 31, 1 << 60] {
      #expect(
        throws: AttentionError.argument(
          name: "embeddingSize", expected: "an even number in 2...2147483647", actual: "\(size)")
      ) { try SinusoidalPositions<Float>(embeddingSize: size, precomputed: 0) }
    }
    // Nothing is held for positions that nobody asked for.
    #expect(try SinusoidalPositions<Float>(embeddingSize: 2_147_483_646, precomputed: 0).table.shape[0] == 0)
    for base in [0, -1, Double.infinity, .nan] {
      #expect(throws: AttentionError.argument(name: "base", expected: "a finite number above 0", actual: "\(base)")) {
        try SinusoidalPositions<Float>(embeddingSize: 6, base: base)
      }
    }
    #expect(throws: AttentionError.argument(name: "precomputed", expected: "0 or more", actual: "-1")) {
      try SinusoidalPositions<Float>(embeddingSize: 6, precomputed: -1)
    }
    let positions = try SinusoidalPositions<Float>(embeddingSize: 6)
    #expect(throws: AttentionError.argument(name: "positions", expected: "0 or more", actual: "-1..<2")) {
      try positions.rows(-1..<2)
    }
    #expect(throws: AttentionError.tensor(.tooManyElements(shape: [.max, 6]))) { try positions.rows(0..<(.max)) }
  }
}
