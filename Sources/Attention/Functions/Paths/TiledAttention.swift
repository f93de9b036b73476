internal import Tensors

/// Attention over tiles of keys with an online softmax: no score matrix, scratch that does not grow with S.
///
/// For a block of queries and each tile of keys: S = scale·Q·Kᵀ by GEMM; m′ = max(m, max S), P = e^(S − m′),
/// l = l·e^(m − m′) + Σ P; O = O·e^(m − m′) + P·V by GEMM. At the end O / l (Milakov and Gimelshein 2018, algorithm 3; Dao et al.
/// 2022, "FlashAttention", algorithm 1). Tiles that the mask empties are neither computed nor read; tiles that it leaves whole
/// skip the mask. Query heads that share a key/value head are stacked into one GEMM where queries are few.
enum TiledAttention {
  /// Scores of which a worker keeps a byte each, where a pattern or a score program decides.
  static func keptCount(capacity: AttentionShape) -> Int {
    AttentionTiling.rowLimit * min(AttentionTiling.keyLimit, max(capacity.keys, 1))
  }

  // Without this, pointers move by run-time strides.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func run<Scalar: BLASScalar>(
    _ problem: UnsafePointer<AttentionProblem<Scalar>>, scratch: ScratchSlices<Scalar>, workers: Int
  ) {
    let followsEdge = problem.pointee.mask.hasEdge
    guard let lengths = problem.pointee.queryLengths else {
      let tiling = AttentionTiling(shape: problem.pointee.shape, followsEdge: followsEdge)
      let work = TiledWork(problem: problem, tiling: tiling, scratch: scratch)
      return FanOut.run(work, pieces: tiling.pieceCount, workers: workers)
    }
    let tilings = lengths.map { AttentionTiling(shape: problem.pointee.shape, queries: $0, followsEdge: followsEdge) }
    let pieces = RaggedPieces(counts: tilings.map(\.pieceCount))
    FanOut.run(pieces: pieces.count, workers: workers) { piece, worker in
      let (batch, index) = pieces[piece]
      let place = tilings[batch].piece(index, batch: batch)
      TilePiece(problem, tiling: tilings[batch], place: place, scratch: scratch[worker]).attend()
    }
  }
}

/// The pieces of batch elements that have as many queries each.
private struct TiledWork<Scalar: BLASScalar>: PieceWork {
  let problem: UnsafePointer<AttentionProblem<Scalar>>
  let tiling: AttentionTiling
  let scratch: ScratchSlices<Scalar>

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func run(piece: Int, worker: Int) {
    TilePiece(problem, tiling: tiling, place: tiling.piece(piece), scratch: scratch[worker]).attend()
  }
}
