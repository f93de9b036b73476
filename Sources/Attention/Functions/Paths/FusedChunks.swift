internal import Tensors

/// Few rows of few heads, as in decoding for one or two sequences: workers share each head's keys, chunk by chunk, where whole
/// heads would leave some of them idle. Folded as ``FusedPiece`` does it alone, in the same order: the bits are the same.
struct FusedChunks<Scalar: BLASScalar> {
  let problem: AttentionProblem<Scalar>
  let tiling: FusedTiling
  let scratch: ScratchSlices<Scalar>
  let workers: Int

  /// Pairs of batch element and key/value head.
  private static func isFew(pairs: Int, workers: Int) -> Bool { workers > 1 && pairs < 2 * workers }

  /// Whether heads are too few for the workers.
  static func areWanted(_ tiling: FusedTiling, workers: Int) -> Bool {
    isFew(pairs: tiling.pieceCount, workers: workers)
  }

  /// Parts that lie in a worker's scratch, at most: for runs of `capacity` or a smaller batch.
  static func partCount(capacity: AttentionShape, workers: Int) -> Int {
    let pairs = min(capacity.batch * capacity.keyValueHeads, 2 * workers - 1)
    guard isFew(pairs: min(pairs, capacity.keyValueHeads), workers: workers) else { return 0 }
    return (pairs * KeyChunks.most + workers - 1) / workers
  }

  func run() {
    let count = tiling.pieceCount * KeyChunks.most
    withUnsafeTemporaryAllocation(of: FusedBlock<Scalar>.self, capacity: count) { parts in
      FanOut.run(pieces: count, workers: workers) { index, worker in
        let (pair, chunk) = index.quotientAndRemainder(dividingBy: KeyChunks.most)
        parts.initializeElement(at: index, to: part(index, pair: pair, chunk: chunk, scratch: scratch[worker]))
      }
      for pair in 0..<tiling.pieceCount {
        let piece = piece(pair, scratch: scratch[0])
        var total = piece.begin(block(pair), slot: 0)
        for chunk in 0..<KeyChunks.most {
          Scalar.arithmetic.fused.merge(&total.block, parts[pair * KeyChunks.most + chunk])
        }
        piece.finish(total)
      }
      parts.deinitialize()
    }
  }

  /// What a chunk gives.
  private func part(_ index: Int, pair: Int, chunk: Int, scratch worker: WorkerScratch<Scalar>) -> FusedBlock<Scalar> {
    let piece = piece(pair, scratch: worker)
    var part = piece.begin(block(pair), slot: 0, seesSinks: false)
    piece.scratch(in: scratch[index % workers]).place(&part.block, inPart: index / workers)
    part.attend(KeyChunks(end: part.keys.upperBound)[chunk], by: piece)
    return part.block
  }

  private func block(_ pair: Int) -> FusedTiling.Block {
    let place = tiling.blocks(pair)
    return tiling.block(0, batch: place.batch, keyValueHead: place.keyValueHead)
  }

  private func piece(_ pair: Int, scratch: WorkerScratch<Scalar>) -> FusedPiece<Scalar> {
    let place = tiling.blocks(pair)
    return FusedPiece(
      problem: problem, batch: place.batch, keyValueHead: place.keyValueHead, queryCount: tiling.queries,
      worker: scratch)
  }
}
