internal import Tensors

/// Attention by kernels that compute a tile as a whole, without BLAS: scores stay in registers and the innermost cache until they
/// have met their values.
///
/// A block of query rows passes over tiles of keys (Dao et al. 2022, "FlashAttention", algorithm 1; `fused.h`). Few rows, as in
/// decoding, read each key and value once for all query heads of their group. What a row gets depends on its query, on the keys
/// that it attends and on their places alone, bit for bit: not on the batch, on the other rows, or on the number of workers; and on
/// whether there are more than a few rows, unless the plan is to be reproducible.
enum FusedAttention {
  static var tileKeys: Int { FusedKernels<Float>.tileKeys }

  /// Why this path can't do something; nil: it can.
  static func obstacle<Scalar: BLASScalar>(
    details: AttentionDetailSet, modifiers: AttentionModifiers<Scalar>
  ) -> String? {
    if !details.isDisjoint(with: .matrices) { return "a value for every score is asked for" }
    if modifiers.changesScores { return "a program or dropout works on scores" }
    return nil
  }

  /// Scratch of a worker in elements.
  static func scratchCount<Scalar: BLASScalar>(
    capacity: AttentionShape, workers: Int, as type: Scalar.Type
  ) -> Int {
    FusedScratchLayout<Scalar>(headSize: capacity.headSize, valueHeadSize: capacity.valueHeadSize)
      .count(partsPerWorker: FusedChunks<Scalar>.partCount(capacity: capacity, workers: workers))
  }

  /// Scores of which a worker keeps a byte each, where patterns decide: a block's rows, with those of whole heads around them.
  static func keptCount<Scalar: BLASScalar>(as type: Scalar.Type) -> Int {
    3 * Scalar.arithmetic.fused.width * tileKeys
  }

  // Without this, pointers move by run-time strides.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func run<Scalar: BLASScalar>(
    _ problem: UnsafePointer<AttentionProblem<Scalar>>, scratch: ScratchSlices<Scalar>, workers: Int
  ) {
    let shape = problem.pointee.shape
    let layout = FusedScratchLayout<Scalar>(headSize: shape.headSize, valueHeadSize: shape.valueHeadSize)
    guard let lengths = problem.pointee.queryLengths else {
      let tiling = tiling(problem.pointee, batch: shape.batch, queries: shape.queries, workers: workers)
      if tiling.isFew, !problem.pointee.isReproducible, FusedChunks<Scalar>.areWanted(tiling, workers: workers) {
        return FusedChunks(problem: problem, tiling: tiling, layout: layout, scratch: scratch, workers: workers).run()
      }
      let work = FusedWork(problem: problem, tiling: tiling, layout: layout, scratch: scratch)
      return FanOut.run(work, pieces: tiling.pieceCount, workers: workers, callsBLAS: false)
    }
    let tilings = lengths.map { tiling(problem.pointee, batch: 1, queries: $0, workers: workers) }
    let pieces = RaggedPieces(counts: tilings.map(\.pieceCount))
    FanOut.run(pieces: pieces.count, workers: workers, callsBLAS: false) { piece, worker in
      let (batch, index) = pieces[piece]
      attend(problem, tilings[batch], tilings[batch].blocks(index, batch: batch), scratch: scratch[worker], layout)
    }
  }

  private static func tiling<Scalar: BLASScalar>(
    _ problem: borrowing AttentionProblem<Scalar>, batch: Int, queries: Int, workers: Int
  ) -> FusedTiling {
    let isWhole = problem.keys.isWhole(every: tileKeys) && problem.values.isWhole(every: tileKeys)
    return tiling(
      problem.shape, problem.mask, isWhole: isWhole, batch: batch, queries: queries, workers: workers)
  }

  /// How a problem is cut.
  ///
  /// - Parameter isWhole: whether each tile of keys and values lies in one piece and needs no conversion.
  static func tiling<Scalar: BLASScalar>(
    _ shape: AttentionShape, _ mask: borrowing ResolvedMask<Scalar>, isWhole: Bool = true, batch: Int, queries: Int,
    workers: Int
  ) -> FusedTiling {
    let width = Scalar.arithmetic.fused.width
    var stacks = mask.isUnrestricted
    if queries < width {
      // A rule's bytes lie row after row over all heads of the block; operands may not.
      stacks = true
      if mask.hasKeep, let keep = mask.keep { stacks = stacks && keep.isLinear(queries: queries) }
      if mask.hasBias, let bias = mask.bias { stacks = stacks && bias.isLinear(queries: queries) }
    }
    return FusedTiling(
      shape: shape, batch: batch, queries: queries, stacksHeads: stacks,
      sharesTiles: !isWhole || !mask.isUnrestricted, width: width,
      few: Scalar.arithmetic.fused.few, workers: workers)
  }

  fileprivate static func attend<Scalar: BLASScalar>(
    _ problem: UnsafePointer<AttentionProblem<Scalar>>, _ tiling: FusedTiling,
    _ place: (batch: Int, keyValueHead: Int, blocks: Range<Int>), scratch: WorkerScratch<Scalar>,
    _ layout: FusedScratchLayout<Scalar>
  ) {
    let piece = FusedPiece(
      problem: problem, batch: place.batch, keyValueHead: place.keyValueHead, queryCount: tiling.queries,
      worker: scratch, layout)
    withUnsafeTemporaryAllocation(of: FusedPiece<Scalar>.Part.self, capacity: place.blocks.count) { blocks in
      for (slot, index) in place.blocks.enumerated() {
        let block = tiling.block(index, batch: place.batch, keyValueHead: place.keyValueHead)
        blocks.initializeElement(at: slot, to: piece.begin(block, slot: slot))
      }
      piece.attend(blocks)
      blocks.deinitialize()
    }
  }
}

/// The pieces of batch elements that have as many queries each.
private struct FusedWork<Scalar: BLASScalar>: PieceWork {
  let problem: UnsafePointer<AttentionProblem<Scalar>>
  let tiling: FusedTiling
  let layout: FusedScratchLayout<Scalar>
  let scratch: ScratchSlices<Scalar>

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func run(piece: Int, worker: Int) {
    FusedAttention.attend(problem, tiling, tiling.blocks(piece), scratch: scratch[worker], layout)
  }
}

extension MaskOperand {
  /// Whether rows of several heads, one head after the other, are evenly spaced.
  func isLinear(queries: Int) -> Bool { queries == 1 || headStride == queries * queryStride }

  /// From one row to the next, over one head or several.
  func rowStride(heads: Int, queries: Int) -> Int { heads > 1 && queries == 1 ? headStride : queryStride }
}
