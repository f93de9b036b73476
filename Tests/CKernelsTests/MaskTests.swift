import CKernels
import Foundation
import Testing

@Suite struct MaskTests {
  @Test(arguments: KernelTable<Float>.available, RuleCase.all)
  func float(table: KernelTable<Float>, rules: RuleCase) { Self.compare(table, rules) }

  @Test(arguments: KernelTable<Double>.available, RuleCase.all)
  func double(table: KernelTable<Double>, rules: RuleCase) { Self.compare(table, rules) }

  /// s + bias, rounded once, where attended; -infinity where masked; the softcap of the rules is ignored.
  static func compare<T: KernelElement>(_ table: KernelTable<T>, _ ruleCase: RuleCase) {
    var numbers = Numbers(seed: 19)
    for (index, cols) in someCounts.enumerated() {
      let rows = 3
      var matrix: GuardedMatrix<T> = scores(rows: rows, cols: cols, gap: index % 5, offset: index % 4, &numbers)
      let rules: Rules<T> = ruleCase.rules(rows: rows, cols: cols, &numbers)
      var uncapped = rules
      uncapped.softcap = 0
      let oracle = ScoreOracle(matrix, uncapped)
      let input = matrix
      let ld = matrix.ld
      matrix.withPointer { table.mask($0, rows, cols, ld, rules) }
      #expect(matrix.damage.isEmpty, "cols \(cols): \(matrix.damage)")
      for row in 0..<rows {
        let expected = (0..<cols).map { col -> T in
          guard oracle.scores[row][col] != nil else { return -.infinity }
          return input[row, col] + (rules.bias?[row * rules.biasStride + col] ?? 0)
        }
        #expect(matrix.row(row) == expected, "cols \(cols), row \(row)")
      }
    }
  }

  @Test(arguments: KernelTable<Float>.available, [6, 37])
  func poison(table: KernelTable<Float>, cols: Int) {
    let poisoned: [Float] = [.nan, .infinity, -.infinity, .nan, .nan, 1]
    var matrix = GuardedMatrix<Float>(rows: 1, cols: cols) { poisoned[$1 % 6] }
    // Masked by keep, by keep with a NaN bias, attended, attended NaN, by bias, attended.
    let rules = Rules<Float>(
      bias: (0..<cols).map { [0, .nan, 2, 2, -.infinity, 2][$0 % 6] }, keep: (0..<cols).map { $0 % 6 < 2 ? 0 : 1 })
    matrix.withPointer { table.mask($0, 1, cols, cols, rules) }
    for (col, value) in matrix.row(0).enumerated() {
      switch col % 6 {
      case 3: #expect(value.isNaN, "column \(col)")
      case 5: #expect(value == 3, "column \(col)")
      default: #expect(value == -.infinity, "column \(col)")
      }
    }
  }
}
