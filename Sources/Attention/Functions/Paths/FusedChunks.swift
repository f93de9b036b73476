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
    FanOut.run(FusedChunkWork(chunks: self), pieces: count, workers: workers, callsBLAS: false)
    for index in 0..<tiling.pieceCount {
      let block = tiling.block(ofPiece: index)
      let piece = piece(block, scratch: scratch[0])
      var total = piece.begin(block, slot: 0)
      for chunk in 0..<KeyChunks.most {
        Scalar.arithmetic.fused.merge(&total.block, part(index * KeyChunks.most + chunk).pointee)
      }
      piece.finish(total)
    }
  }

  /// Computes what a chunk gives, into its part.
  fileprivate func attend(_ index: Int, scratch worker: WorkerScratch<Scalar>) {
    let (blockIndex, chunk) = index.quotientAndRemainder(dividingBy: KeyChunks.most)
    let block = tiling.block(ofPiece: blockIndex)
    let piece = piece(block, scratch: worker)
    var sums = piece.begin(block, slot: 0, seesSinks: false)
    FusedScratch(scratch[index % workers], layout).place(&sums.block, inPart: index / workers)
    sums.attend(KeyChunks(end: sums.keys.upperBound)[chunk], by: piece)
    part(index).initialize(to: sums.block)
  }

  /// Where the block of a chunk is kept.
  private func part(_ index: Int) -> UnsafeMutablePointer<FusedBlock<Scalar>> {
    FusedScratch(scratch[index % workers], layout).block(inPart: index / workers)
  }

  private func piece(_ block: FusedTiling.Block, scratch: WorkerScratch<Scalar>) -> FusedPiece<Scalar> {
    FusedPiece(
      problem: problem, batch: block.batch, keyValueHead: block.keyValueHead, queryCount: tiling.queries,
      worker: scratch, layout)
  }
}

/// Every chunk of every block.
private struct FusedChunkWork<Scalar: BLASScalar>: PieceWork {
  let chunks: FusedChunks<Scalar>

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func run(piece: Int, worker: Int) { chunks.attend(piece, scratch: chunks.scratch[worker]) }
}
