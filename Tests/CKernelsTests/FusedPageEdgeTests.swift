import CKernels
import Testing

/// Keys, values, queries and output at the very edge of a page: an element too far and the process dies.
@Suite struct FusedPageEdgeTests {
  @Test(arguments: FusedTable<Float>.available) func floatStaysInside(_ table: FusedTable<Float>) throws {
    try Self.stayInside(table)
  }

  @Test(arguments: FusedTable<Double>.available) func doubleStaysInside(_ table: FusedTable<Double>) throws {
    try Self.stayInside(table)
  }

  static func stayInside<T: KernelElement>(_ table: FusedTable<T>) throws {
    let pages = [
      try #require(FencedPage()), try #require(FencedPage()), try #require(FencedPage()), try #require(FencedPage()),
    ]
    for atEnd in [true, false] {
      for (keyCount, most) in [
        (1, 1), (3, 2), (5, 9), (9, 4), (16, 13), (17, 8), (19, table.width / 3 + 1), (37, 1), (70, 3),
      ] {
        let rows = min(most, table.width)
        // What fits a page of doubles.
        for size in [1, 3, 7, 8, 9, 15, 17, 64, 65, 129] where max(keyCount, rows) * size <= 511 {
          let queries = pages[0].elements(rows * size, atEnd: atEnd, of: T.self)
          let keys = pages[1].elements(keyCount * size, atEnd: atEnd, of: T.self)
          let values = pages[2].elements(keyCount * size, atEnd: atEnd, of: T.self)
          values.update(repeating: 2, count: keyCount * size)
          let output = pages[3].elements(rows * size, atEnd: atEnd, of: T.self)
          let memory = FusedMemory<T>(table, headSize: size, valueHeadSize: size)
          for hasSameBits in [true, false] {
            var block = memory.block(rows: rows, isNatural: false, hasSameBits: hasSameBits)
            let spacing = (inner: rows, stride: size, outer: 0)
            table.packQueries(block, queries, spacing, 0, 1)
            table.step(&block, keys, size, values, size, keyCount, nil, true)
            // The rules' rows end where their memory ends.
            table.step(
              &block, keys, size, values, size, keyCount,
              Rules(
                keep: [UInt8](repeating: 1, count: rows * keyCount), keepStride: keyCount,
                end: [Int32](repeating: Int32(keyCount), count: rows)), false)
            withExtendedLifetime(memory) { table.finish(block, output, spacing, 0, nil) }
            #expect((output[rows * size - 1] - 2).magnitude < 1e-5)
          }
        }
      }
    }
  }
}
