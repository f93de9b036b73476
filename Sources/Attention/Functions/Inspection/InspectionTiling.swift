/// How an inspection shares out the pieces of the tiled path: each by itself, or, where weights are summed over queries, in runs
/// of pieces of the same heads, each with sums of its own that are added up in the order of the runs.
///
/// The runs follow from the shape alone, so that the sums are the same to the last bit whatever the number of workers.
struct InspectionTiling: Sendable {
  let tiling: AttentionTiling
  /// The blocks of queries of the same heads: pieces that follow each other.
  private let piecesPerGroup: Int
  /// How many runs a group is cut into.
  let runsPerGroup: Int

  /// Runs in all, where there are as many pieces: enough for the workers of most machines. Sums take up to one row of S less.
  private static let leastRuns = 16

  init(_ tiling: AttentionTiling, sumsOverQueries: Bool) {
    self.tiling = tiling
    piecesPerGroup = max(1, (tiling.queries + tiling.queriesPerPiece - 1) / tiling.queriesPerPiece)
    let groups = max(1, tiling.pieceCount / piecesPerGroup)
    runsPerGroup =
      sumsOverQueries ? min(piecesPerGroup, (Self.leastRuns + groups - 1) / groups) : piecesPerGroup
  }

  var runCount: Int { tiling.pieceCount / piecesPerGroup * runsPerGroup }

  /// The pieces of run `index`, and which of its group's runs it is.
  func run(_ index: Int) -> (pieces: Range<Int>, part: Int) {
    let (group, part) = index.quotientAndRemainder(dividingBy: runsPerGroup)
    let first = group * piecesPerGroup
    let (start, end) = (part * piecesPerGroup / runsPerGroup, (part + 1) * piecesPerGroup / runsPerGroup)
    return ((first + start)..<(first + end), part)
  }

  /// Scratch of a worker in elements: that of the tiled path, and two rows of a tile.
  static func scratchCount(_ shape: AttentionShape) -> Int {
    AttentionTiling.scratchCount(capacity: shape) + 2 * rowCount(shape)
  }

  /// Numbers of a row of a tile, in whole cache lines.
  static func rowCount(_ shape: AttentionShape) -> Int { (min(AttentionTiling.keyLimit, shape.keys) + 15) / 16 * 16 }
}
