import Attention
import Testing

@Suite struct BlockSizeTests {
  private func plan(queries: Int, keys: Int, workers: Int = 1) throws -> AttentionPlan<Float> {
    try AttentionPlan(
      shape: AttentionShape(queries: queries, keys: keys, headSize: 7),
      options: AttentionOptions(path: .blas, workers: workers))
  }

  // At most 256 rows and at least 64, of about 2¹⁹ scores in all; rows one cache line longer than they need.
  @Test(arguments: [
    (queries: 128, keys: 128, rows: 128, leadingDimension: 144), (2048, 2048, 256, 2064), (5, 7, 5, 32),
    (4096, 4096, 128, 4112), (8192, 8192, 64, 8208), (100_000, 100_000, 64, 100_016), (0, 31, 1, 48),
  ])
  func byHand(queries: Int, keys: Int, rows: Int, leadingDimension: Int) throws {
    let size = try plan(queries: queries, keys: keys).blockSize()
    #expect(size.rows == rows)
    #expect(size.leadingDimension == leadingDimension)
  }

  /// A workspace has a slice for each worker that a block is left for, so that its size counts the blocks.
  @Test(arguments: [(1024, 3001), (1025, 1009), (768, 500), (257, 97), (61, 8192), (2048, 2048)])
  func blocksAreThoseOfThePath(queries: Int, keys: Int) throws {
    let blocks = try plan(queries: queries, keys: keys, workers: 64).scratchBytes
    let one = try plan(queries: queries, keys: keys).scratchBytes
    let rows = try plan(queries: queries, keys: keys).blockSize().rows
    #expect(blocks == one * ((queries + rows - 1) / rows))
  }
}
