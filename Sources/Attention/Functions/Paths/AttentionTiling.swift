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

  /// The most rows of a piece. More rows pack each tile of keys into GEMM's format less often; fewer waste less on the edge of
  /// a causal or window mask. Measured on an AVX-512 machine, one thread, as parts of the sgemm rate: 256 against 192 and 128
  /// rows give 79, 75, 72 % on 512 keys without a mask and 70, 70, 71 % (mean) on causal cases.
  static let rowLimit = 256
  static let rowLimitAlongEdge = 192
  /// The most keys of a tile: a score tile of 512 KiB in Float, within a second-level cache of 1 MiB; 256 to 1024 differ by
  /// 2 %.
  static let keyLimit = 512

  /// - Parameters:
  ///   - shape: the problem's.
  ///   - followsEdge: the mask is causal or a window, so that blocks of queries meet its edge.
  init(shape: AttentionShape, followsEdge: Bool) {
    self.init(shape: shape, batch: shape.batch, queries: shape.queries, followsEdge: followsEdge)
  }

  /// For one batch element, which has fewer queries than the longest.
  init(shape: AttentionShape, queries: Int, followsEdge: Bool) {
    self.init(shape: shape, batch: 1, queries: queries, followsEdge: followsEdge)
  }

  private init(shape: AttentionShape, batch: Int, queries: Int, followsEdge: Bool) {
    let rowLimit = followsEdge ? Self.rowLimitAlongEdge : Self.rowLimit
    (self.batch, keyValueHeads, groupSize) = (batch, shape.keyValueHeads, shape.groupSize)
    self.queries = queries
    keysPerTile = min(Self.keyLimit, max(shape.keys, 1))
    // As few pieces as the limit allows, of equal size in whole register tiles.
    let pieces = max(1, (queries + rowLimit - 1) / rowLimit)
    let even = (queries + pieces - 1) / pieces
    queriesPerPiece = pieces == 1 ? max(queries, 1) : (even + 15) / 16 * 16
    headsPerPiece = pieces == 1 ? max(1, min(groupSize, rowLimit / queriesPerPiece)) : 1
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
    let keys = AttentionTiling(shape: capacity, followsEdge: false).scoresLeadingDimension
    return rows * (keys + capacity.valueHeadSize + capacity.headSize + 3 + 2)
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
  ///
  /// - Parameters:
  ///   - index: the piece.
  ///   - batch: the batch element that a tiling of one is for.
  func piece(_ index: Int, batch first: Int = 0) -> Piece {
    let (pair, block) = index.quotientAndRemainder(dividingBy: headBlocks * queryBlocks)
    let (headBlock, queryBlock) = block.quotientAndRemainder(dividingBy: queryBlocks)
    let keyValueHead = pair % keyValueHeads
    let head = keyValueHead * groupSize + headBlock * headsPerPiece
    let query = (queryBlocks - 1 - queryBlock) * queriesPerPiece
    return Piece(
      batch: first + pair / keyValueHeads, keyValueHead: keyValueHead,
      heads: head..<min(head + headsPerPiece, (keyValueHead + 1) * groupSize),
      queries: query..<min(query + queriesPerPiece, queries))
  }
}
