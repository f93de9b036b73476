internal import Tensors

/// Attention over tiles of keys with an online softmax: no score matrix, scratch that does not grow with S.
///
/// For a block of queries and each tile of keys: S = scale·Q·Kᵀ by GEMM; m′ = max(m, max S), P = e^(S − m′),
/// l = l·e^(m − m′) + Σ P; O = O·e^(m − m′) + P·V by GEMM. At the end O / l (Milakov and Gimelshein 2018, algorithm 3; Dao et al.
/// 2022, "FlashAttention", algorithm 1). Tiles that the mask empties are neither computed nor read; tiles that it leaves whole
/// skip the mask. Query heads that share a key/value head are stacked into one GEMM where queries are few.
enum TiledAttention {
  /// Scores of which a worker keeps a byte each, where patterns decide.
  static func keptCount(capacity: AttentionShape) -> Int {
    AttentionTiling.rowLimit * min(AttentionTiling.keyLimit, max(capacity.keys, 1))
  }

  // Called from unspecialised code of other modules: without this, pointers move by run-time strides.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func run<Scalar: BLASScalar>(
    _ problem: AttentionProblem<Scalar>, tiling: AttentionTiling, scratch: ScratchSlices<Scalar>, workers: Int
  ) {
    FanOut.run(pieces: tiling.pieceCount, workers: workers) { piece, worker in
      TilePiece(problem, tiling: tiling, piece: piece, scratch: scratch[worker]).attend()
    }
  }
}
