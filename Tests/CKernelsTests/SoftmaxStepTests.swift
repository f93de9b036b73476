import CKernels
import Foundation
import Testing

/// What an online softmax carries from step to step, for one tile of rows.
struct OnlineSoftmax<T: KernelElement> {
  var maximum: [T]
  var sum: [T]
  var rescale: [T]

  init(rows: Int) {
    maximum = Array(repeating: -.infinity, count: rows)
    sum = Array(repeating: 0, count: rows)
    rescale = Array(repeating: .nan, count: rows)
  }

  mutating func step(_ tile: inout GuardedMatrix<T>, _ table: KernelTable<T>, _ rules: Rules<T> = Rules()) {
    let (rows, cols, ld) = (tile.rows, tile.cols, tile.ld)
    tile.withPointer { table.softmaxStep($0, rows, cols, ld, rules, &maximum, &sum, &rescale) }
  }
}

@Suite struct SoftmaxStepTests {
  @Test(arguments: KernelTable<Float>.available, RuleCase.all)
  func float(table: KernelTable<Float>, rules: RuleCase) { Self.compare(table, rules) }

  @Test(arguments: KernelTable<Double>.available, RuleCase.all)
  func double(table: KernelTable<Double>, rules: RuleCase) { Self.compare(table, rules) }

  /// One step against the oracle. 19 rows: more than the lanes of a vector, and no multiple of them.
  static func compare<T: KernelElement>(_ table: KernelTable<T>, _ ruleCase: RuleCase) {
    var numbers = Numbers(seed: 13)
    var largest = Largest()
    for (index, cols) in someCounts.enumerated() where index % 2 == 0 || cols < 18 {
      let rows = index % 3 == 0 ? 19 : 3
      var tile: GuardedMatrix<T> = scores(rows: rows, cols: cols, gap: index % 5, offset: index % 4, &numbers)
      let rules: Rules<T> = ruleCase.rules(rows: rows, cols: cols, &numbers)
      let oracle = ScoreOracle(tile, rules)
      // Rows that come with nothing, with a lower and with a higher maximum than any here.
      var online = OnlineSoftmax<T>(rows: rows)
      for row in 0..<rows where row % 3 > 0 {
        online.maximum[row] = row % 3 == 1 ? -9.5 : 9.5
        online.sum[row] = 1.75
      }
      let before = online
      online.step(&tile, table, rules)
      #expect(tile.damage.isEmpty, "cols \(cols): \(tile.damage)")
      let gap = largestGap + 1
      let scoreBound = oracle.scoreError(rules)
      let bound = oracle.exponentialError(rules, gap: gap)
      let sumBound = oracle.sumError(rules, gap: gap, count: cols)
      for row in 0..<rows {
        let place = "cols \(cols), row \(row)"
        let old = Double(before.maximum[row])
        let new = max(old, oracle.maximum(row))
        if new == -.infinity {
          #expect(online.maximum[row] == -.infinity && online.sum[row] == 0 && online.rescale[row] == 1)
        } else {
          let difference = (Double(online.maximum[row]) - new).magnitude
          #expect(difference <= scoreBound + Double(T.ulpOfOne) * new.magnitude, "\(place): \(online.maximum[row])")
          let rescale = old == -.infinity ? 1 : exp(old - new)
          largest.record((Double(online.rescale[row]) - rescale).magnitude / rescale / bound, at: "rescale, \(place)")
          let sum = Double(before.sum[row]) * rescale + oracle.sum(row, shift: new)
          largest.record((Double(online.sum[row]) - sum).magnitude / sum / sumBound, at: "sum, \(place)")
        }
        for col in 0..<cols {
          guard let score = oracle.scores[row][col] else {
            #expect(tile[row, col] == 0, "masked: \(place), column \(col)")
            continue
          }
          let exact = exp(score - new)
          largest.record((Double(tile[row, col]) - exact).magnitude / exact / bound, at: "\(place), column \(col)")
        }
      }
    }
    #expect(largest.error <= 1, "in units of the bound: \(largest)")
  }

  @Test(arguments: KernelTable<Float>.available, [[0, 67], [1, 66], [16, 32, 19], [64, 3], [7, 11, 13, 17, 19]])
  func splitsEqualWholeRowsFloat(table: KernelTable<Float>, widths: [Int]) { Self.splits(table, widths) }

  @Test(arguments: KernelTable<Double>.available, [[0, 67], [1, 66], [16, 32, 19], [64, 3], [7, 11, 13, 17, 19]])
  func splitsEqualWholeRowsDouble(table: KernelTable<Double>, widths: [Int]) { Self.splits(table, widths) }

  /// Steps over the pieces of a row give softmax_rows of the whole row. Row 0 rises from piece to piece, row 1 falls,
  /// row 2 begins with -infinity, row 3 has nothing else; the others are mixed.
  static func splits<T: KernelElement>(_ table: KernelTable<T>, _ widths: [Int]) {
    var numbers = Numbers(seed: 17)
    let (rows, cols) = (11, widths.reduce(0, +))
    var whole = GuardedMatrix<T>(rows: rows, cols: cols) { row, col in
      switch row {
      case 0: T(col) / 4
      case 1: -T(col) / 4
      case 2: col < cols / 2 ? -.infinity : numbers.next(-6, 6)
      case 3: -.infinity
      default: numbers.next(-6, 6)
      }
    }
    var online = OnlineSoftmax<T>(rows: rows)
    var weights = [[T]](repeating: [], count: rows)
    var begin = 0
    for width in widths {
      var tile = GuardedMatrix<T>(rows: rows, cols: width, gap: 1) { whole[$0, begin + $1] }
      online.step(&tile, table)
      for row in 0..<rows {
        for i in weights[row].indices { weights[row][i] *= online.rescale[row] }
        weights[row] += tile.row(row)
      }
      begin += width
    }
    var logSumExp = [T](repeating: 0, count: rows)
    let oracle = ScoreOracle(whole, Rules())
    whole.withPointer { table.softmaxRows($0, rows, cols, cols, Rules(), &logSumExp) }
    var largest = Largest()
    for row in 0..<rows {
      let sum = online.sum[row]
      #expect((sum == 0) == (row == 3))
      #expect(online.maximum[row] == T(oracle.maximum(row)))
      for col in 0..<cols {
        let weight = sum == 0 ? 0 : weights[row][col] / sum
        let difference = Double((weight - whole[row, col]).magnitude) / max(Double(whole[row, col]), 1e-30)
        largest.record(difference / Double(T.ulpOfOne), at: "row \(row), column \(col)")
      }
    }
    // Both sides: differences up to 18 rounded, exp, sums of 67; and up to 5 rescalings.
    #expect(largest.error <= 60, "in units of epsilon: \(largest)")
  }

  @Test(arguments: KernelTable<Float>.available, [5, 35])
  func attendedNaNStaysVisible(table: KernelTable<Float>, cols: Int) {
    // Row 0: NaN among numbers; 1: among -infinity; 2: +infinity; 3: clean.
    func tile(_ poisoned: Bool) -> GuardedMatrix<Float> {
      GuardedMatrix(rows: 4, cols: cols) { row, col in
        guard poisoned, col == cols / 2 else { return row == 1 ? -.infinity : Float(col % 3) }
        return [.nan, .nan, .infinity, 1][row]
      }
    }
    for order in [[true, false], [false, true], [false, true, false]] {
      var online = OnlineSoftmax<Float>(rows: 4)
      for poisoned in order {
        var tile = tile(poisoned)
        online.step(&tile, table)
        if poisoned { #expect((0..<3).allSatisfy { tile[$0, cols / 2].isNaN }) }
      }
      #expect(online.sum.map(\.isNaN) == [true, true, true, false], "\(order): \(online.sum)")
      #expect(online.maximum[1] == -.infinity)
      #expect(!online.rescale[3].isNaN)
    }
  }

  /// A NaN does not hide the numbers before it: the maximum is theirs.
  @Test(arguments: KernelTable<Float>.available)
  func maximumPassesOverNaN(table: KernelTable<Float>) {
    var online = OnlineSoftmax<Float>(rows: 1)
    var tile = GuardedMatrix<Float>(rows: 1, cols: 259) { _, col in col < 128 ? 5 : (col < 256 ? .nan : 1) }
    online.step(&tile, table)
    #expect(online.maximum == [5])
    #expect(online.sum[0].isNaN)
  }

  @Test(arguments: KernelTable<Float>.available)
  func largeScores(table: KernelTable<Float>) {
    var online = OnlineSoftmax<Float>(rows: 2)
    let lowest = -Float.greatestFiniteMagnitude
    var first = GuardedMatrix<Float>(rows: 2, cols: 3) { row, _ in row == 0 ? lowest : -1e4 }
    online.step(&first, table)
    #expect(online.sum == [3, 3] && online.maximum == [lowest, -1e4] && online.rescale == [1, 1])
    var second = GuardedMatrix<Float>(rows: 2, cols: 3) { row, col in row == 0 ? lowest : (col == 1 ? 1e4 : 0) }
    online.step(&second, table)
    #expect(online.sum == [6, 1] && online.maximum == [lowest, 1e4] && online.rescale == [1, 0])
    #expect(second.row(1) == [0, 1, 0])
  }
}
