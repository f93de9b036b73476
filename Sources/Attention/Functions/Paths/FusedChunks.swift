internal import Tensors

/// Few rows of few heads, as in decoding for one or two sequences: workers share each head's keys, chunk by chunk, where whole
/// heads would leave some of them idle. Folded as ``FusedPiece`` does it alone, in the same order: the bits are the same.
struct FusedChunks<Scalar: BLASScalar> {
  let problem: UnsafePointer<AttentionProblem<Scalar>>
  let tiling: FusedTiling
  let layout: FusedScratchLayout<Scalar>
  let scratch: ScratchSlices<Scalar>
  let workers: Int

  private static func isFew(blocks: Int, workers: Int) -> Bool { workers > 1 && blocks < 2 * workers }

  /// Whether heads are too few for the workers.
  static func areWanted(_ tiling: FusedTiling, workers: Int) -> Bool {
    isFew(blocks: tiling.pieceCount, workers: workers)
  }

  /// Parts that lie in a worker's scratch, at most: for runs of `capacity` or a smaller batch.
  static func partCount(capacity: AttentionShape, workers: Int) -> Int {
    guard isFew(blocks: capacity.keyValueHeads, workers: workers) else { return 0 }
    return ((2 * workers - 1) * KeyChunks.most + workers - 1) / workers
  }

  func run() {
    let count = tiling.pieceCount * KeyChunks.most
    withUnsafeTemporaryAllocation(of: FusedBlock<Scalar>.self, capacity: count) { parts in
      let work = FusedChunkWork(chunks: self, parts: parts)
      FanOut.run(work, pieces: count, workers: workers, callsBLAS: false)
      for index in 0..<tiling.pieceCount {
        let block = tiling.block(ofPiece: index)
        let piece = piece(block, scratch: scratch[0])
        var total = piece.begin(block, slot: 0)
        for chunk in 0..<KeyChunks.most {
          Scalar.arithmetic.fused.merge(&total.block, parts[index * KeyChunks.most + chunk])
        }
        piece.finish(total)
      }
      parts.deinitialize()
    }
  }

  /// What a chunk gives.
  fileprivate func part(
    _ index: Int, of block: FusedTiling.Block, chunk: Int, scratch worker: WorkerScratch<Scalar>
  ) -> FusedBlock<Scalar> {
    let piece = piece(block, scratch: worker)
    var part = piece.begin(block, slot: 0, seesSinks: false)
    FusedScratch(scratch[index % workers], layout).place(&part.block, inPart: index / workers)
    part.attend(KeyChunks(end: part.keys.upperBound)[chunk], by: piece)
    return part.block
  }

  private func piece(_ block: FusedTiling.Block, scratch: WorkerScratch<Scalar>) -> FusedPiece<Scalar> {
    FusedPiece(
      problem: problem, batch: block.batch, keyValueHead: block.keyValueHead, queryCount: tiling.queries,
      worker: scratch, layout)
  }
}

/// Every chunk of every block, into its part.
private struct FusedChunkWork<Scalar: BLASScalar>: PieceWork {
  let chunks: FusedChunks<Scalar>
  let parts: UnsafeMutableBufferPointer<FusedBlock<Scalar>>

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func run(piece: Int, worker: Int) {
    let (block, chunk) = piece.quotientAndRemainder(dividingBy: KeyChunks.most)
    parts.initializeElement(
      at: piece,
      to: chunks.part(piece, of: chunks.tiling.block(ofPiece: block), chunk: chunk, scratch: chunks.scratch[worker]))
  }
}
