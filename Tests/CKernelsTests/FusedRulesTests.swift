import CKernels
import Testing

/// Softcap, bias, keep and ranges in the fused kernels; what masked places hold has no effect.
@Suite struct FusedRulesTests {
  @Test(arguments: FusedTable<Float>.available, RuleCase.all)
  func floatRules(_ table: FusedTable<Float>, _ rules: RuleCase) { Self.check(table, rules) }

  @Test(arguments: FusedTable<Double>.available, RuleCase.all)
  func doubleRules(_ table: FusedTable<Double>, _ rules: RuleCase) { Self.check(table, rules) }

  static func check<T: KernelElement>(_ table: FusedTable<T>, _ rules: RuleCase) {
    let tile = Int(FUSED_TILE_KEYS)
    for (rows, keys) in [
      (1, 1), (2, 33), (4, tile + 2), (8, 50), (9, 21), (table.width / 3 + 1, 40), (table.width, 64), (11, tile + 19),
    ] {
      var numbers = Numbers(seed: UInt64(rows * 1000 + keys))
      var problem = FusedProblem<T>(rows: rows, keys: keys, headSize: 5, valueHeadSize: 3, gap: 1, offset: 1, &numbers)
      problem.rules = rules.rules(rows: rows, cols: keys, &numbers)
      for sameBits in rows <= table.few ? [true, false] : [true] {
        problem.hasSameBits = sameBits
        let complaint = FusedOracle(problem).complaint(problem.attend(table))
        #expect(complaint == nil, "\(rows) rows, \(keys) keys, \(sameBits ? "with the bits of many" : "fast")")
      }
    }
  }

  @Test(arguments: FusedTable<Float>.available) func floatWindows(_ table: FusedTable<Float>) { Self.windows(table) }
  @Test(arguments: FusedTable<Double>.available) func doubleWindows(_ table: FusedTable<Double>) { Self.windows(table) }

  /// Causal edges and windows at every place, and rows in an order in which the ranges jump.
  static func windows<T: KernelElement>(_ table: FusedTable<T>) {
    for (left, right) in [(1000, 0), (0, 0), (3, 2), (17, -4), (40, 9), (1000, -30)] {
      for (offset, rows) in [-5, 0, 29].flatMap({ [($0, table.width + 2), ($0, table.few)] }) {
        var numbers = Numbers(seed: 9)
        var problem = FusedProblem<T>(rows: rows, keys: 61, headSize: 3, valueHeadSize: 2, &numbers)
        problem.hasSameBits = rows > table.few
        let places = (0..<rows).map { $0 % 7 == 6 ? $0 - 5 : $0 }.map { $0 + offset }
        problem.rules = Rules(
          first: places.map { Int32(min(max($0 - left, 0), 61)) },
          end: places.map { Int32(min(max($0 + right + 1, 0), 61)) })
        let complaint = FusedOracle(problem).complaint(problem.attend(table))
        #expect(complaint == nil, "left \(left), right \(right), offset \(offset), \(rows) rows")
      }
    }
  }

  @Test(arguments: FusedTable<Float>.available, RuleCase.all)
  func floatPoison(_ table: FusedTable<Float>, _ rules: RuleCase) { Self.poison(table, rules) }

  @Test(arguments: FusedTable<Double>.available, RuleCase.all)
  func doublePoison(_ table: FusedTable<Double>, _ rules: RuleCase) { Self.poison(table, rules) }

  /// Keys and values that no row attends: NaN there changes no bit; nor where some rows attend, for the others.
  static func poison<T: KernelElement>(_ table: FusedTable<T>, _ rules: RuleCase) {
    for (rows, sameBits) in [(3, true), (3, false), (table.width, true)] {
      var numbers = Numbers(seed: 31)
      var problem = FusedProblem<T>(rows: rows, keys: 45, headSize: 5, valueHeadSize: 3, &numbers)
      problem.hasSameBits = sameBits
      problem.rules = rules.rules(rows: rows, cols: 45, &numbers)
      problem.valuesAreFinite = false
      let expected = problem.attend(table)
      let attended = (0..<45).map { key in (0..<rows).filter { problem.attends(row: $0, key: key) } }
      var poisoned = problem
      for key in 0..<45 where attended[key].isEmpty || key % 11 == 4 {
        for index in 0..<3 { poisoned.values[key, index] = index == 1 ? .infinity : .nan }
        if attended[key].isEmpty { poisoned.keys[key, 2] = key % 2 == 0 ? .nan : .infinity }
      }
      let actual = poisoned.attend(table)
      for row in 0..<rows {
        let hit = (0..<45).contains { $0 % 11 == 4 && attended[$0].contains(row) }
        if hit {
          #expect(actual.output[row].filter(\.isFinite).isEmpty, "row \(row)")
        } else {
          #expect(actual.output[row] == expected.output[row], "row \(row)")
        }
        #expect(actual.logSumExp[row] == expected.logSumExp[row])
      }
    }
  }
}

extension FusedProblem {
  func attends(row: Int, key: Int) -> Bool {
    guard let rules else { return true }
    if let first = rules.first, key < Int(first[row]) { return false }
    if let end = rules.end, key >= Int(end[row]) { return false }
    if let keep = rules.keep, keep[row * rules.keepStride + key] == 0 { return false }
    return rules.bias.map { $0[row * rules.biasStride + key] != -.infinity } ?? true
  }
}
