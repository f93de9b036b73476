import CKernels
import Testing

/// The fused kernels against attention in Double, at every remainder of rows, keys, D and Dv.
@Suite struct FusedOracleTests {
  @Test(arguments: FusedTable<Float>.available) func floatRows(_ table: FusedTable<Float>) { Self.rows(table) }
  @Test(arguments: FusedTable<Double>.available) func doubleRows(_ table: FusedTable<Double>) { Self.rows(table) }

  @Test(arguments: FusedTable<Float>.available) func floatKeys(_ table: FusedTable<Float>) { Self.keys(table) }
  @Test(arguments: FusedTable<Double>.available) func doubleKeys(_ table: FusedTable<Double>) { Self.keys(table) }

  @Test(arguments: FusedTable<Float>.available) func floatHeadSizes(_ table: FusedTable<Float>) { Self.sizes(table) }
  @Test(arguments: FusedTable<Double>.available) func doubleHeadSizes(_ table: FusedTable<Double>) { Self.sizes(table) }

  static func check<T: KernelElement>(_ table: FusedTable<T>, rows: Int, keys: Int, d: Int, dv: Int, heads: Int = 1) {
    var numbers = Numbers(seed: UInt64(rows + 100 * keys + 100_000 * d))
    var problem = FusedProblem<T>(
      rows: rows, keys: keys, headSize: d, valueHeadSize: dv, gap: (rows + keys) % 4, offset: (d + keys) % 3, &numbers)
    problem.heads = heads
    let oracle = FusedOracle(problem)
    for hasSameBits in rows <= table.few ? [true, false] : [true] {
      problem.hasSameBits = hasSameBits
      let complaint = oracle.complaint(problem.attend(table))
      #expect(complaint == nil, "\(rows) rows, \(keys) keys, D \(d), Dv \(dv), same bits: \(hasSameBits)")
    }
  }

  static func rows<T: KernelElement>(_ table: FusedTable<T>) {
    // Values of one vector, and of several with a rest.
    for dv in [7, 21] { for rows in 1...table.width + 3 { check(table, rows: rows, keys: 37, d: 5, dv: dv) } }
  }

  @Test(arguments: FusedTable<Float>.available) func floatHeads(_ table: FusedTable<Float>) { Self.heads(table) }
  @Test(arguments: FusedTable<Double>.available) func doubleHeads(_ table: FusedTable<Double>) { Self.heads(table) }

  /// Blocks whose rows are of several heads, which end anywhere in them.
  static func heads<T: KernelElement>(_ table: FusedTable<T>) {
    for (rows, heads) in [(6, 3), (10, 5), (45, 3), (69, 3), (60, 12)] {
      for size in [5, 33, 69] { check(table, rows: rows, keys: 23, d: size, dv: size, heads: heads) }
    }
  }

  static func keys<T: KernelElement>(_ table: FusedTable<T>) {
    let tile = Int(FUSED_TILE_KEYS)
    for keys in Array(1...67) + [tile - 1, tile, tile + 1, 2 * tile + 5] {
      check(table, rows: 3, keys: keys, d: 4, dv: 3)
      for vectors in 1...3 { check(table, rows: table.width / 3 * vectors, keys: keys, d: 3, dv: 2) }
    }
  }

  static func sizes<T: KernelElement>(_ table: FusedTable<T>) {
    for size in Array(0...35) + [47, 63, 64, 65, 80, 96, 127, 128, 129] {
      check(table, rows: 5, keys: 19, d: size, dv: max(size, 1))
      check(table, rows: 13, keys: 18, d: size, dv: max(size, 1))
      check(table, rows: 11, keys: 7, d: 2, dv: size + 1)
      check(table, rows: 1, keys: 35, d: size, dv: 2)
      for rows in [1, 2, 3, 4, 6, 7] { check(table, rows: rows, keys: 43, d: 9, dv: max(size, 1)) }
    }
  }
}
