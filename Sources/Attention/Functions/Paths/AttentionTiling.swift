/// How the tiled path cuts a problem: pieces of (batch × key/value head × some of its query heads × a block of queries), each
/// passing over tiles of keys.
struct AttentionTiling: Sendable, Hashable {
  let batch: Int
  let keyValueHeads: Int
  let groupSize: Int
  let queries: Int
  let keysPerTile: Int
  let queriesPerPiece: Int
  let headsPerPiece: Int

  /// The most rows of a piece and keys of a tile: a score tile of 256 KiB in Float, which with the tile's keys and values
  /// leaves room in a second-level cache of 1 MiB.
  static let rowLimit = 128
  static let keyLimit = 512

  init(shape: AttentionShape) {
    (batch, keyValueHeads, groupSize) = (shape.batch, shape.keyValueHeads, shape.groupSize)
    queries = shape.queries
    keysPerTile = min(Self.keyLimit, max(shape.keys, 1))
    // As few pieces as the limit allows, of equal size in whole register tiles.
    let pieces = max(1, (queries + Self.rowLimit - 1) / Self.rowLimit)
    let even = (queries + pieces - 1) / pieces
    queriesPerPiece = pieces == 1 ? max(queries, 1) : (even + 15) / 16 * 16
    headsPerPiece = pieces == 1 ? max(1, min(groupSize, Self.rowLimit / queriesPerPiece)) : 1
  }

  var rowsPerPiece: Int { headsPerPiece * queriesPerPiece }
  /// A cache line more than the tile, so that rows of a power of two do not fall on the same sets of a cache.
  var scoresLeadingDimension: Int { (keysPerTile + 15) / 16 * 16 + 16 }

  private var queryBlocks: Int { queries == 0 ? 0 : (queries + queriesPerPiece - 1) / queriesPerPiece }
  private var headBlocks: Int { (groupSize + headsPerPiece - 1) / headsPerPiece }

  var pieceCount: Int { batch * keyValueHeads * headBlocks * queryBlocks }

  /// Scratch of a worker in elements, enough for any problem within `capacity`: scores, accumulator, stacked queries, three
  /// statistics and two Int32 ranges for each row.
  static func scratchCount(capacity: AttentionShape) -> Int {
    let rows = min(rowLimit, max(1, capacity.groupSize * capacity.queries))
    let tiling = AttentionTiling(shape: capacity)
    return max(rows, tiling.rowsPerPiece)
      * (tiling.scoresLeadingDimension + capacity.valueHeadSize + capacity.headSize + 3 + 2)
  }

  /// What one piece covers.
  struct Piece {
    let batch: Int
    let keyValueHead: Int
    let heads: Range<Int>
    let queries: Range<Int>
  }

  /// Piece `index`: the blocks of a head follow each other, so that its keys and values stay in cache, later queries first,
  /// since under a causal mask they have more keys and the heaviest should not come last.
  func piece(_ index: Int) -> Piece {
    let (pair, block) = index.quotientAndRemainder(dividingBy: headBlocks * queryBlocks)
    let (headBlock, queryBlock) = block.quotientAndRemainder(dividingBy: queryBlocks)
    let keyValueHead = pair % keyValueHeads
    let head = keyValueHead * groupSize + headBlock * headsPerPiece
    let query = (queryBlocks - 1 - queryBlock) * queriesPerPiece
    return Piece(
      batch: pair / keyValueHeads, keyValueHead: keyValueHead,
      heads: head..<min(head + headsPerPiece, (keyValueHead + 1) * groupSize),
      queries: query..<min(query + queriesPerPiece, queries))
  }
}
