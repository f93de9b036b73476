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
    _ problem: AttentionProblem<Scalar>, _ tiling: InspectionTiling, _ targets: InsightPointers<Scalar>,
    _ totals: KeyTotals<Scalar>, scratch: ScratchSlices<Scalar>, workers: Int
  ) {
    FanOut.run(pieces: tiling.runCount, workers: workers) { index, worker in
      let run = tiling.run(index)
      for piece in run.pieces {
        InspectedPiece(
          TilePiece(problem, tiling: tiling.tiling, piece: piece, scratch: scratch[worker]), targets,
          totals: totals.part(run.part)
        ).inspect()
      }
    }
    totals.addUp()
  }
}
