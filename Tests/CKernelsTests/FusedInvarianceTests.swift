import CKernels
import Testing

/// A row's bits depend on the row, the keys that it attends and their places alone.
@Suite struct FusedInvarianceTests {
  @Test(arguments: FusedTable<Float>.available, RuleCase.all)
  func floatBlocks(_ table: FusedTable<Float>, _ rules: RuleCase) { Self.blocks(table, rules) }

  @Test(arguments: FusedTable<Double>.available, RuleCase.all)
  func doubleBlocks(_ table: FusedTable<Double>, _ rules: RuleCase) { Self.blocks(table, rules) }

  /// However many rows stand in a block, and wherever a row stands; whether tiles are added one by one or merged.
  static func blocks<T: KernelElement>(_ table: FusedTable<T>, _ rules: RuleCase) {
    var numbers = Numbers(seed: 3)
    let (rows, keys) = (table.width + 5, Int(FUSED_TILE_KEYS) + 43)
    var problem = FusedProblem<T>(rows: rows, keys: keys, headSize: 7, valueHeadSize: 21, &numbers)
    problem.rules = rules.rules(rows: rows, cols: keys, &numbers)
    let expected = problem.attend(table)
    for rowsPerBlock in [1, 2, 3, 5, 8, 9, 10, 11, table.width / 3, table.width - 1] where rowsPerBlock <= table.width {
      #expect(problem.attend(table, rowsPerBlock: rowsPerBlock) == expected, "\(rowsPerBlock) rows in a block")
    }
    #expect(problem.attend(table, tilesApart: true) == expected)
    problem.valuesAreFinite = false
    #expect(problem.attend(table) == expected, "values checked one by one")
    #expect(problem.attend(table, rowsPerBlock: 3) == expected)
  }

  @Test(arguments: FusedTable<Float>.available, RuleCase.all)
  func floatFew(_ table: FusedTable<Float>, _ rules: RuleCase) { Self.few(table, rules) }

  @Test(arguments: FusedTable<Double>.available, RuleCase.all)
  func doubleFew(_ table: FusedTable<Double>, _ rules: RuleCase) { Self.few(table, rules) }

  /// Few rows that need not have the bits of many have those of few.
  static func few<T: KernelElement>(_ table: FusedTable<T>, _ rules: RuleCase) {
    var numbers = Numbers(seed: 6)
    let (rows, keys) = (table.few, Int(FUSED_TILE_KEYS) + 43)
    var problem = FusedProblem<T>(rows: rows, keys: keys, headSize: 37, valueHeadSize: 5, &numbers)
    problem.rules = rules.rules(rows: rows, cols: keys, &numbers)
    problem.hasSameBits = false
    let expected = problem.attend(table)
    for rowsPerBlock in 1..<rows {
      #expect(problem.attend(table, rowsPerBlock: rowsPerBlock) == expected, "\(rowsPerBlock) rows in a block")
    }
    #expect(problem.attend(table, tilesApart: true) == expected)
    problem.valuesAreFinite = false
    #expect(problem.attend(table, rowsPerBlock: 3) == expected, "values checked one by one")
  }

  @Test(arguments: FusedTable<Float>.available) func floatEnds(_ table: FusedTable<Float>) { Self.ends(table) }
  @Test(arguments: FusedTable<Double>.available) func doubleEnds(_ table: FusedTable<Double>) { Self.ends(table) }

  /// Few rows that need not have the bits of many: keys beyond those that a row attends change no bit, whether they are there or
  /// not, nor do those before it that only the others attend.
  static func ends<T: KernelElement>(_ table: FusedTable<T>) {
    let (rows, tile) = (table.few, Int(FUSED_TILE_KEYS))
    for keys in Array(1...70) + [tile - 1, tile, tile + 1, tile + 2, tile + 67] {
      for begin in [0, keys * 3 / 4] {
        var numbers = Numbers(seed: 67)
        var all = FusedProblem<T>(rows: rows, keys: keys, headSize: 9, valueHeadSize: 5, &numbers)
        let ends = (0..<rows).map { max(1, keys - $0 % 3) }
        let first = (0..<rows).map { Int32(max(0, begin - $0 * 5)) }
        all.rules = Rules(first: first, end: ends.map { Int32($0) })
        all.hasSameBits = false
        let expected = all.attend(table)
        for row in 0..<rows {
          var alone = all.alone(row: row, keys: ends[row])
          alone.rules = Rules(first: [first[row]])
          let actual = alone.attend(table)
          #expect(actual.output[0] == expected.output[row], "row \(row), keys \(first[row]) up to \(ends[row])")
          #expect(actual.logSumExp[0] == expected.logSumExp[row], "row \(row), keys \(first[row]) up to \(ends[row])")
        }
      }
    }
  }

  @Test(arguments: FusedTable<Float>.available) func floatDecoding(_ table: FusedTable<Float>) { Self.decoding(table) }
  @Test(arguments: FusedTable<Double>.available) func doubleDecoding(_ table: FusedTable<Double>) {
    Self.decoding(table)
  }

  /// Causal prefill equals decoding token by token, where no later keys exist; D and Dv of more than one block.
  static func decoding<T: KernelElement>(_ table: FusedTable<T>) {
    let tokens = Int(FUSED_TILE_KEYS) + 21
    var numbers = Numbers(seed: 4)
    var prefill = FusedProblem<T>(rows: tokens, keys: tokens, headSize: 33, valueHeadSize: 69, &numbers)
    prefill.rules = Rules(end: (1...tokens).map { Int32($0) })
    let expected = prefill.attend(table)
    for token in [0, 1, 2, 15, 16, 17, 30, 47, 48, 63, 64, 100, 200, 382, 383, 384, 385, 399, tokens - 1] {
      var step = prefill.alone(row: token, keys: token + 1)
      let actual = step.attend(table)
      #expect(actual.output[0] == expected.output[token], "token \(token)")
      #expect(actual.logSumExp[0] == expected.logSumExp[token], "token \(token)")
    }
  }
}

extension FusedProblem {
  /// One row, without the rules, where there are no keys but the first `count`.
  func alone(row: Int, keys count: Int) -> FusedProblem {
    var alone = self
    alone.rules = nil
    alone.queries = GuardedMatrix(rows: 1, cols: queries.cols) { queries[row, $1] }
    alone.keys = GuardedMatrix(rows: count, cols: keys.cols, gap: 2) { keys[$0, $1] }
    alone.values = GuardedMatrix(rows: count, cols: values.cols, offset: 1) { values[$0, $1] }
    return alone
  }
}
