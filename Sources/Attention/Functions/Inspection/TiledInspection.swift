internal import Tensors

/// Figures about the weights from the tiles of the tiled path: two passes over the keys, no matrix.
///
/// The first pass finds each row's maximum and sum (Milakov and Gimelshein 2018, algorithm 3); the second computes the scores
/// again and turns each tile into final weights, which the figures take what they need from.
enum TiledInspection {
  // Called from unspecialised code of other modules: without this, pointers move by run-time strides.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func run<Scalar: BLASScalar>(
    _ problem: UnsafePointer<AttentionProblem<Scalar>>, _ tiling: InspectionTiling, _ targets: InsightPointers<Scalar>,
    _ totals: KeyTotals<Scalar>, scratch: ScratchSlices<Scalar>, workers: Int
  ) {
    FanOut.run(pieces: tiling.runCount, workers: workers) { index, worker in
      let run = tiling.run(index)
      for piece in run.pieces {
        guard let place = tiling.tiling.piece(piece).within(problem.pointee.queryLengths) else { continue }
        InspectedPiece(
          TilePiece(problem, tiling: tiling.tiling, place: place, scratch: scratch[worker]), targets,
          totals: totals.part(run.part)
        ).inspect()
      }
    }
    totals.addUp()
  }
}

extension AttentionTiling.Piece {
  /// The piece without queries beyond its batch element's; nil where nothing is left.
  fileprivate func within(_ queryLengths: [Int]?) -> AttentionTiling.Piece? {
    guard let length = queryLengths?[batch], length < queries.upperBound else { return self }
    guard length > queries.lowerBound else { return nil }
    return AttentionTiling.Piece(
      batch: batch, keyValueHead: keyValueHead, heads: heads, queries: queries.lowerBound..<length)
  }
}
