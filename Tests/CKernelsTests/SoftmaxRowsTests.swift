import CKernels
import Foundation
import Testing

@Suite struct SoftmaxRowsTests {
  @Test(arguments: KernelTable<Float>.available, RuleCase.all)
  func float(table: KernelTable<Float>, rules: RuleCase) { Self.compare(table, rules) }

  @Test(arguments: KernelTable<Double>.available, RuleCase.all)
  func double(table: KernelTable<Double>, rules: RuleCase) { Self.compare(table, rules) }

  /// Weights and log-sum-exp against the oracle, for many widths, gaps and misalignments.
  static func compare<T: KernelElement>(_ table: KernelTable<T>, _ ruleCase: RuleCase) {
    var numbers = Numbers(seed: 11)
    var largest = Largest()
    for (index, cols) in someCounts.enumerated() {
      let rows = 5
      var matrix: GuardedMatrix<T> = scores(rows: rows, cols: cols, gap: index % 5, offset: index % 4, &numbers)
      let rules: Rules<T> = ruleCase.rules(rows: rows, cols: cols, &numbers)
      let oracle = ScoreOracle(matrix, rules)
      var logSumExp = [T](repeating: 7, count: rows)
      let ld = matrix.ld
      matrix.withPointer { s in
        logSumExp.withUnsafeMutableBufferPointer { table.softmaxRows(s, rows, cols, ld, rules, $0.baseAddress) }
      }
      #expect(matrix.damage.isEmpty, "cols \(cols): \(matrix.damage)")
      let sumError = oracle.sumError(rules, gap: largestGap, count: cols)
      let bound = oracle.exponentialError(rules, gap: largestGap) + sumError + 2 * Double(T.ulpOfOne)
      for row in 0..<rows {
        let exact = oracle.softmax(row)
        for col in 0..<cols {
          let place = "cols \(cols), row \(row), column \(col)"
          if oracle.scores[row][col] == nil {
            #expect(matrix[row, col] == 0, "masked: \(place)")
          } else {
            largest.record((Double(matrix[row, col]) - exact[col]).magnitude / exact[col] / bound, at: place)
          }
        }
        let exactSum = oracle.logSumExp(row)
        if exactSum == -.infinity {
          #expect(logSumExp[row] == -.infinity)
          #expect(matrix.row(row).allSatisfy { $0 == 0 })
        } else {
          let allowed = sumError + oracle.scoreError(rules) + 2 * Double(T.ulpOfOne) * (1 + exactSum.magnitude)
          largest.record(
            (Double(logSumExp[row]) - exactSum).magnitude / allowed, at: "log-sum-exp, cols \(cols), row \(row)")
        }
      }
    }
    #expect(largest.error <= 1, "in units of the bound: \(largest)")
  }

  static func softmax<T: KernelElement>(
    _ row: [T], _ table: KernelTable<T>, _ rules: Rules<T> = Rules()
  ) -> (weights: [T], logSumExp: T) {
    var matrix = GuardedMatrix<T>(rows: 1, cols: row.count) { row[$1] }
    var logSumExp: T = 0
    matrix.withPointer { table.softmaxRows($0, 1, row.count, row.count, rules, &logSumExp) }
    return (matrix.row(0), logSumExp)
  }

  @Test(arguments: KernelTable<Float>.available)
  func byHand(table: KernelTable<Float>) {
    let (weights, logSumExp) = Self.softmax([0, log(3), 0], table)
    for (weight, exact) in zip(weights, [0.2, 0.6, 0.2]) { #expect(ulps(weight, from: Wide(exact)) <= 4) }
    #expect(ulps(logSumExp, from: Foundation.log(Wide(5))) <= 4)
    #expect(Self.softmax([-3.25], table).weights == [1])
    #expect(Self.softmax([7, 7, 7, 7], table).weights == [0.25, 0.25, 0.25, 0.25])
  }

  /// Rows of 5 and of 35, so that both a whole vector and a remainder see every rule.
  @Test(arguments: KernelTable<Float>.available, [5, 35])
  func floatExtremes(table: KernelTable<Float>, cols: Int) { Self.extremes(table, cols: cols) }

  @Test(arguments: KernelTable<Double>.available, [5, 35])
  func doubleExtremes(table: KernelTable<Double>, cols: Int) { Self.extremes(table, cols: cols) }

  static func extremes<T: KernelElement>(_ table: KernelTable<T>, cols: Int) {
    func row(_ fill: T, _ others: [Int: T] = [:]) -> [T] { (0..<cols).map { others[$0] ?? fill } }
    let uniform = T(1) / T(cols)

    // Very negative but finite: a row like any other.
    let lowest = softmax(row(-.greatestFiniteMagnitude), table)
    #expect(lowest.weights.allSatisfy { ($0 - uniform).magnitude <= 2 * uniform.ulp })
    #expect(lowest.logSumExp == -.greatestFiniteMagnitude)

    // Nothing above -infinity: empty.
    let empty = softmax(row(-.infinity), table)
    #expect(empty.weights == row(0))
    #expect(empty.logSumExp == -.infinity)

    // A gap beyond the range of exp: exactly 0, no NaN.
    #expect(softmax(row(-1e4, [3: 1e4]), table).weights == row(0, [3: 1]))
    #expect(softmax(row(-.greatestFiniteMagnitude, [0: .greatestFiniteMagnitude]), table).weights == row(0, [0: 1]))
    let gap: T = T.self == Float.self ? 104.5 : 746
    #expect(softmax(row(0, [1: gap]), table).weights == row(0, [1: 1]))

    // NaN or +infinity, attended: the whole row, wherever it stands.
    for place in [0, 3, cols - 1] {
      for bad in [T.nan, .infinity, .signalingNaN] {
        let weights = softmax(row(1, [place: bad]), table).weights
        #expect(weights.filter(\.isNaN).count == cols, "\(bad) at \(place)")
        #expect(softmax(row(1, [place: bad]), table).logSumExp.isNaN)
        #expect(softmax(row(-.infinity, [place: bad]), table).weights[place].isNaN, "\(bad) at \(place) alone")
      }
    }
  }

  @Test(arguments: KernelTable<Float>.available, [5, 35])
  func maskedPoisonDoesNotLeak(table: KernelTable<Float>, cols: Int) {
    let poisons: [Float] = [.nan, .infinity, 1e30, -.infinity]
    let clean = (0..<cols).map { Float($0 % 4) }
    for masked in [1, cols - 2] {
      for poison in poisons {
        var scores = clean
        scores[masked] = poison
        var byKeep = Rules<Float>(keep: [UInt8](repeating: 1, count: cols))
        byKeep.keep?[masked] = 0
        let expected = Self.softmax(clean, table, byKeep).weights
        #expect(expected[masked] == 0)
        #expect(Self.softmax(scores, table, byKeep).weights == expected)

        var poisonedBias = byKeep
        poisonedBias.bias = [Float](repeating: 0, count: cols)
        poisonedBias.bias?[masked] = poison
        #expect(Self.softmax(scores, table, poisonedBias).weights == expected)

        var byBias = Rules<Float>(bias: [Float](repeating: 0, count: cols))
        byBias.bias?[masked] = -.infinity
        #expect(Self.softmax(scores, table, byBias).weights == expected)
      }
    }
    // Outside the range.
    for poison in poisons {
      let scores = (0..<cols).map { $0 == 0 || $0 == cols - 1 ? poison : 2 }
      let weights = Self.softmax(scores, table, Rules(first: [1], end: [Int32(cols) - 1])).weights
      #expect(weights.first == 0 && weights.last == 0)
      #expect(weights.dropFirst().dropLast().allSatisfy { ($0 - 1 / Float(cols - 2)).magnitude < 1e-6 })
    }
  }

  /// In a row that a NaN makes undefined, masked places are still 0.
  @Test(arguments: KernelTable<Float>.available)
  func undefinedRowIsZeroWhereMasked(table: KernelTable<Float>) {
    let scores: [Float] = [1, .nan, 2, 3, 4, 5]
    let rules = Rules<Float>(bias: [0, 0, 0, -.infinity, 0, 0], keep: [1, 1, 0, 1, 1, 1], end: [5])
    let weights = Self.softmax(scores, table, rules).weights
    #expect(weights.map(\.isNaN) == [true, true, false, false, true, false])
    #expect(weights[2] == 0 && weights[3] == 0 && weights[5] == 0)
  }
}
