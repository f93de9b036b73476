import CKernels
import Foundation
import Testing

/// Empty rows, infinities, NaN, extreme scores; and the exponential.
@Suite struct FusedEdgeTests {
  @Test(arguments: FusedTable<Float>.available) func floatEdges(_ table: FusedTable<Float>) { Self.edges(table) }
  @Test(arguments: FusedTable<Double>.available) func doubleEdges(_ table: FusedTable<Double>) { Self.edges(table) }

  static func edges<T: KernelElement>(_ table: FusedTable<T>) {
    for (rows, hasSameBits) in [(2, true), (2, false), (table.width, true)] {
      var numbers = Numbers(seed: 5)
      var plain = FusedProblem<T>(rows: rows, keys: 23, headSize: 4, valueHeadSize: 3, &numbers)
      plain.hasSameBits = hasSameBits

      var empty = plain
      empty.rules = Rules(end: (0..<rows).map { $0 == 1 ? 0 : 23 })
      let without = empty.attend(table)
      #expect(without.output[1] == [0, 0, 0])
      #expect(without.logSumExp[1] == -.infinity)
      empty.rules = Rules(end: [Int32](repeating: 0, count: rows))
      #expect(empty.attend(table).output == [[T]](repeating: [0, 0, 0], count: rows))

      var one = FusedProblem<T>(rows: rows, keys: 1, headSize: 4, valueHeadSize: 3, &numbers)
      #expect(one.attend(table).output == [[T]](repeating: one.values.row(0), count: rows))

      var nan = plain
      nan.queries[1, 2] = .nan
      let withNaN = nan.attend(table)
      var ordinary = plain
      let expected = ordinary.attend(table)
      #expect(withNaN.output[1].filter(\.isNaN).count == 3)
      #expect(withNaN.logSumExp[1].isNaN)
      for row in 0..<rows where row != 1 { #expect(withNaN.output[row] == expected.output[row]) }

      var infinite = plain
      infinite.queries[1, 0] = .infinity
      for key in 0..<23 { infinite.keys[key, 0] = key == 5 ? 1 : -1 }
      #expect(infinite.attend(table).output[1].filter(\.isNaN).count == 3)
      // All scores -infinity: nothing above it.
      for key in 0..<23 { infinite.keys[key, 0] = -1 }
      #expect(infinite.attend(table).output[1] == [0, 0, 0])

      var large = plain
      for key in 0..<23 {
        for index in 0..<4 { large.keys[key, index] = key == 7 ? 2e4 : -2e4 }
      }
      for row in 0..<rows {
        for index in 0..<4 { large.queries[row, index] = row == 1 ? -1 : 1 }
      }
      let far = large.attend(table)
      #expect(far.output[0] == large.values.row(7))
      let largest = far.output[1].map(\.magnitude).max() ?? 2
      #expect(largest <= 1)

      var bias = plain
      bias.rules = Rules(bias: [T](repeating: -.greatestFiniteMagnitude, count: 23))
      let mean = bias.attend(table).output[0]
      for index in 0..<3 {
        let exact = (0..<23).reduce(0.0) { $0 + Double(plain.values[$1, index]) } / 23
        #expect((Double(mean[index]) - exact).magnitude < 1e-5)
      }
    }
  }

  @Test(arguments: FusedTable<Float>.available) func floatPowers(_ table: FusedTable<Float>) {
    var x: [Float] = (0...60_000).map { -Float($0) * (126 / 60_000) }
    for step in 1...2000 { x.append(-Float(step) * 0x1p-20) }
    var y = [Float](repeating: 5, count: x.count)
    table.exp2(x, &y, x.count)
    var worst = 0.0
    for (x, y) in zip(x, y) {
      let exact = exp2(Double(x))
      worst = max(worst, (Double(y) - exact).magnitude / Double(Float(exact).ulp))
    }
    #expect(worst <= (table.set == KernelSetPlain ? 2.4 : 2.2), "\(worst) ULP")
    Self.special(table)
  }

  @Test(arguments: FusedTable<Double>.available) func doublePowers(_ table: FusedTable<Double>) {
    let x: [Double] = (0...60_000).map { -Double($0) * (1021.9 / 60_000) }
    var y = [Double](repeating: 5, count: x.count)
    table.exp2(x, &y, x.count)
    var worst = 0.0
    for (x, y) in zip(x, y) { worst = max(worst, (y - exp2(x)).magnitude / exp2(x).ulp) }
    #expect(worst <= 1.4, "\(worst) ULP")
    Self.special(table)
  }

  static func special<T: KernelElement>(_ table: FusedTable<T>) {
    let x: [T] = [
      0, -0.0, -.infinity, .nan, -1, -2000, -.greatestFiniteMagnitude, -T(sign: .plus, exponent: -60, significand: 1),
    ]
    var y = [T](repeating: 5, count: x.count)
    table.exp2(x, &y, x.count)
    #expect(y[0] == 1)
    #expect(y[1] == 1)
    #expect(y[2] == 0)
    #expect(y[3].isNaN)
    #expect((y[4] - 0.5).magnitude <= T.ulpOfOne)
    #expect(y[5] == 0)
    #expect(y[6] == 0)
    #expect((y[7] - 1).magnitude <= T.ulpOfOne)
  }
}
