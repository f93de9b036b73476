import CKernels
import Foundation
import Testing

/// Every instruction set gives what the plain one gives, within twice the bound of one of them.
@Suite struct AgreementTests {
  @Test(arguments: KernelTable<Float>.available.dropFirst())
  func float(table: KernelTable<Float>) throws { try Self.compare(table) }

  @Test(arguments: KernelTable<Double>.available.dropFirst())
  func double(table: KernelTable<Double>) throws { try Self.compare(table) }

  static func compare<T: KernelElement>(_ table: KernelTable<T>) throws {
    let plain = try #require(T.table(KernelSetPlain))
    var numbers = Numbers(seed: 47)
    let (rows, cols) = (23, 131)
    let everything = RuleCase(softcap: true, bias: true, keep: true, ranges: true)
    var (ours, theirs): (GuardedMatrix<T>, GuardedMatrix<T>)
    ours = scores(rows: rows, cols: cols, gap: 3, offset: 1, &numbers)
    theirs = ours
    let rules: Rules<T> = everything.rules(rows: rows, cols: cols, &numbers)
    let oracle = ScoreOracle(ours, rules)
    let bound = 2 * (oracle.exponentialError(rules, gap: 11) + oracle.sumError(rules, gap: 11, count: cols))
    let ld = ours.ld
    ours.withPointer { table.softmaxRows($0, rows, cols, ld, rules, nil) }
    theirs.withPointer { plain.softmaxRows($0, rows, cols, ld, rules, nil) }
    var largest = Largest()
    for row in 0..<rows {
      for col in 0..<cols {
        let (a, b) = (Double(ours[row, col]), Double(theirs[row, col]))
        #expect((a == 0) == (b == 0), "row \(row), column \(col)")
        if b != 0 { largest.record((a - b).magnitude / b / bound, at: "row \(row), column \(col)") }
      }
    }
    #expect(largest.error <= 1, "in units of the bound: \(largest)")
  }

  /// The same input gives bitwise the same output, whatever the alignment.
  @Test(arguments: KernelTable<Float>.available)
  func alignmentDoesNotMatter(table: KernelTable<Float>) {
    var results: [[Float]] = []
    for offset in 0..<4 {
      var numbers = Numbers(seed: 53)
      var tile: GuardedMatrix<Float> = scores(rows: 1, cols: 117, gap: offset, offset: offset, &numbers)
      var online = OnlineSoftmax<Float>(rows: 1)
      online.step(&tile, table)
      results.append(tile.row(0) + online.sum)
    }
    #expect(results.allSatisfy { $0 == results[0] })
  }
}
