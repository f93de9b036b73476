/// A product [rows, features] cut into blocks for the workers: by rows as the kernel has them in the cache, and where these are too
/// few for the workers to end together, by features too.
struct PackedProductBlocks: Sendable {
  /// Whole tiles of every instruction set.
  private static let rowTile = 12
  /// Whole panels of every instruction set, and whole cache lines.
  private static let featureTile = 64
  /// Blocks that a worker should find.
  private static let blocksPerWorker = 4
  /// Multiplications below which a block costs more than it is worth.
  private static let leastWork = 0x1p19

  private let rows: Int
  private let features: Int
  private let rowBlock: Int
  private let featureBlock: Int
  private let rowBlocks: Int
  /// Blocks in all.
  let count: Int
  /// Workers that are worth waking: with a block each, at least.
  let workers: Int

  /// - Parameter passingRows: rows that the kernel has in the cache at a time.
  init(rows: Int, features: Int, size: Int, passingRows: Int, workers: Int) {
    (self.rows, self.features) = (rows, features)
    let work = Double(rows) * Double(features) * Double(size) / Self.leastWork
    let wanted = Int(max(1, min(work, Double(workers) * Double(Self.blocksPerWorker), 4096)))
    guard workers > 1, wanted > 1 else {
      (rowBlock, featureBlock, rowBlocks) = (rows, features, 1)
      count = rows > 0 && features > 0 ? 1 : 0
      self.workers = 1
      return
    }
    let most = min((rows + passingRows - 1) / passingRows, wanted)
    rowBlock = Self.cut(rows, into: most, tile: Self.rowTile)
    rowBlocks = (rows + rowBlock - 1) / rowBlock
    featureBlock = Self.cut(features, into: max(1, wanted / rowBlocks), tile: Self.featureTile)
    count = rowBlocks * ((features + featureBlock - 1) / featureBlock)
    self.workers = min(workers, count)
  }

  /// The least whole tiles of which `parts` make all.
  private static func cut(_ length: Int, into parts: Int, tile: Int) -> Int {
    min(((length + parts - 1) / parts + tile - 1) / tile * tile, length)
  }

  /// Neighbours share their features.
  subscript(_ block: Int) -> (rows: Range<Int>, features: Range<Int>) {
    let (row, feature) = (block % rowBlocks * rowBlock, block / rowBlocks * featureBlock)
    return (row..<min(row + rowBlock, rows), feature..<min(feature + featureBlock, features))
  }
}
