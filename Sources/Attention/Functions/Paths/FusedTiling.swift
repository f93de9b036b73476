internal import Tensors

/// How the fused path cuts a problem: for each batch element and key/value head the rows of its query heads (row r is query r % L of
/// the r / L-th of them) in blocks of at most the kernels' width, one or a few blocks to a piece.
///
/// What a row gets does not depend on any of this: see `fused.h`.
struct FusedTiling: Sendable, Hashable {
  let batch: Int
  let keyValueHeads: Int
  let groupSize: Int
  let queries: Int
  /// Whether a block may have rows of several heads.
  let stacksHeads: Bool
  let rowsPerBlock: Int
  let blocksPerPiece: Int
  /// Whether no block has more rows than kernels compute key by key. All blocks, for which a row's place does not matter then.
  let isFew: Bool
  /// Blocks of a key/value head.
  private let blockCount: Int
  private let piecesPerHead: Int

  /// Blocks of a piece pass over each tile of keys and values in turn, so that it comes from the outer caches once for all.
  static var mostBlocksPerPiece: Int { 4 }
  /// Pieces that a worker should find, so that all end together.
  private static var piecesPerWorker: Int { 6 }

  /// - Parameters:
  ///   - shape: the problem's.
  ///   - batch: how many batch elements.
  ///   - queries: how many of each.
  ///   - stacksHeads: whether a block may have rows of several heads.
  ///   - sharesTiles: whether blocks of a piece do together what a tile needs, as gathering it or looking for what is not finite.
  ///   - width: the most rows of a block, three vectors.
  ///   - few: rows that are few.
  ///   - workers: threads that share the pieces.
  init(
    shape: AttentionShape, batch: Int, queries: Int, stacksHeads: Bool, sharesTiles: Bool, width: Int, few: Int,
    workers: Int
  ) {
    (self.batch, self.queries, self.stacksHeads) = (batch, queries, stacksHeads)
    (keyValueHeads, groupSize) = (shape.keyValueHeads, shape.groupSize)
    // As few blocks as the width allows, of equal size in whole vectors.
    let rows = stacksHeads ? groupSize * queries : queries
    let blocks = max(1, (rows + width - 1) / width)
    let vector = max(width / 3, 1)
    let even = (rows + blocks - 1) / blocks
    rowsPerBlock = blocks == 1 ? max(rows, 1) : min(width, (even + vector - 1) / vector * vector)
    isFew = rowsPerBlock <= few
    let perHead = (rows + rowsPerBlock - 1) / rowsPerBlock * (stacksHeads ? 1 : groupSize)
    let all = batch * keyValueHeads * perHead
    // Few rows have the second slot of a worker's scratch for themselves. A single tile of keys stays in the cache from one piece to
    // the next, and packed queries and sums do if they are of one block: up to 1.03 times as fast (128 keys, D = 64).
    let isOneByOne = isFew || (shape.keys <= FusedAttention.tileKeys && !sharesTiles)
    blocksPerPiece = isOneByOne ? 1 : max(1, min(Self.mostBlocksPerPiece, all / (workers * Self.piecesPerWorker)))
    (blockCount, piecesPerHead) = (perHead, (perHead + blocksPerPiece - 1) / blocksPerPiece)
  }

  var pieceCount: Int { batch * keyValueHeads * piecesPerHead }

  /// Rows of the query heads that share a key/value head.
  struct Block: Sendable, Hashable {
    let batch: Int
    let keyValueHead: Int
    /// Row r is query r % L of the r / L-th head of the group.
    let rows: Range<Int>
    /// The query heads that have rows in it.
    let heads: Range<Int>
    /// The queries that some of these heads have in it; all of them where there are several heads.
    let queries: Range<Int>
    /// The first row, counted from the first query of the first head.
    let firstRow: Int
    /// Whether all blocks have few rows.
    let isAmongFew: Bool
  }

  /// The block of a piece of one.
  func block(ofPiece index: Int) -> Block {
    let place = blocks(index)
    return block(place.blocks.lowerBound, batch: place.batch, keyValueHead: place.keyValueHead)
  }

  /// The blocks of a piece, later queries first: under a causal mask they have more keys, and the heaviest should not come last.
  ///
  /// - Parameters:
  ///   - index: the piece.
  ///   - first: the batch element that a tiling of one is for.
  func blocks(_ index: Int, batch first: Int = 0) -> (batch: Int, keyValueHead: Int, blocks: Range<Int>) {
    let (pair, part) = index.quotientAndRemainder(dividingBy: piecesPerHead)
    let end = blockCount - part * blocksPerPiece
    return (first + pair / keyValueHeads, pair % keyValueHeads, max(0, end - blocksPerPiece)..<end)
  }

  func block(_ index: Int, batch: Int, keyValueHead: Int) -> Block {
    let firstHead = keyValueHead * groupSize
    guard !stacksHeads else {
      let rows = (index * rowsPerBlock)..<min((index + 1) * rowsPerBlock, groupSize * queries)
      let heads = (rows.lowerBound / queries)..<((rows.upperBound - 1) / queries + 1)
      let isOne = heads.count == 1
      let offset = heads.lowerBound * queries
      return Block(
        batch: batch, keyValueHead: keyValueHead, rows: rows,
        heads: (firstHead + heads.lowerBound)..<(firstHead + heads.upperBound),
        queries: isOne ? (rows.lowerBound - offset)..<(rows.upperBound - offset) : 0..<queries,
        firstRow: isOne ? 0 : rows.lowerBound - offset, isAmongFew: isFew)
    }
    // The same queries of all heads follow each other: they attend the same keys.
    let (part, head) = index.quotientAndRemainder(dividingBy: groupSize)
    let block = (part * rowsPerBlock)..<min((part + 1) * rowsPerBlock, queries)
    let start = head * queries
    return Block(
      batch: batch, keyValueHead: keyValueHead, rows: (start + block.lowerBound)..<(start + block.upperBound),
      heads: (firstHead + head)..<(firstHead + head + 1), queries: block, firstRow: 0,
      isAmongFew: isFew)
  }
}
