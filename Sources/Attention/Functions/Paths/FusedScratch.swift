internal import Tensors

/// Where the parts of a worker's scratch begin in the fused path, in elements: a slot for each block of a piece, the kernels'
/// scratch, the ranges of a block's rows, and parts of few rows' keys. Made once a run.
struct FusedScratchLayout<Scalar: BLASScalar> {
  /// The most rows of a block.
  let width: Int
  /// From one slot to the next: packed queries, accumulator, maximum and sum.
  let slotCount: Int
  /// In a slot.
  let accumulator: Int
  let maximum: Int
  let kernelScratch: Int
  let ranges: Int
  let parts: Int
  /// Of a part: its block, then maximum and sum, accumulator of few rows.
  let partCount: Int
  let partSums: Int
  /// Elements of a row's statistic over a block.
  let statistic: Int

  init(headSize: Int, valueHeadSize: Int) {
    let kernels = Scalar.arithmetic.fused
    // Parts begin on cache lines.
    func aligned(_ count: Int) -> Int {
      let line = 64 / MemoryLayout<Scalar>.stride
      return (count + line - 1) / line * line
    }
    let accumulatorCount = kernels.accumulatorCount(valueHeadSize)
    width = kernels.width
    statistic = aligned(width)
    accumulator = aligned(kernels.queriesCount(headSize))
    maximum = accumulator + aligned(accumulatorCount)
    slotCount = maximum + 2 * statistic
    kernelScratch = FusedTiling.mostBlocksPerPiece * slotCount
    ranges = kernelScratch + aligned(kernels.scratchCount(headSize, valueHeadSize))
    parts = ranges + aligned(2 * width)
    let blockCount = (MemoryLayout<FusedBlock<Scalar>>.stride - 1) / MemoryLayout<Scalar>.stride + 1
    partSums = aligned(blockCount)
    partCount = partSums + 2 * statistic + aligned(kernels.few * accumulatorCount / width)
  }

  /// Elements of a worker's scratch.
  ///
  /// - Parameter partsPerWorker: parts of few rows' keys that lie there.
  func count(partsPerWorker: Int) -> Int { parts + partsPerWorker * partCount }
}

/// What a worker of the fused path works in.
struct FusedScratch<Scalar: BLASScalar> {
  private let base: UnsafeMutablePointer<Scalar>
  private let layout: FusedScratchLayout<Scalar>

  init(_ scratch: WorkerScratch<Scalar>, _ layout: FusedScratchLayout<Scalar>) {
    (base, self.layout) = (scratch.base, layout)
  }

  /// An empty block in a slot.
  func block(
    slot: Int, rows: Int, headSize: Int, valueHeadSize: Int, isNatural: Bool, hasSameBits: Bool
  ) -> FusedBlock<Scalar> {
    let queries = base + slot * layout.slotCount
    let maximum = queries + layout.maximum
    return FusedBlock(
      rows: rows, headSize: headSize, valueHeadSize: valueHeadSize, isNatural: isNatural, hasSameBits: hasSameBits,
      queries: queries, maximum: maximum, sum: maximum + layout.statistic, accumulator: queries + layout.accumulator,
      scratch: base + layout.kernelScratch)
  }

  /// An empty block in a slot, of another's queries.
  func block(slot: Int, like other: FusedBlock<Scalar>) -> FusedBlock<Scalar> {
    var block = block(
      slot: slot, rows: other.rows, headSize: other.headSize, valueHeadSize: other.valueHeadSize,
      isNatural: other.isNatural, hasSameBits: other.hasSameBits)
    block.queries = other.queries
    return block
  }

  /// Has what a block sums up lie in a part, where it stays.
  func place(_ block: inout FusedBlock<Scalar>, inPart index: Int) {
    let start = base + layout.parts + index * layout.partCount + layout.partSums
    block.maximum = start
    block.sum = start + layout.statistic
    block.accumulator = start + 2 * layout.statistic
  }

  /// Where the block itself is kept beside them.
  func block(inPart index: Int) -> UnsafeMutablePointer<FusedBlock<Scalar>> {
    UnsafeMutableRawPointer(base + layout.parts + index * layout.partCount)
      .bindMemory(to: FusedBlock<Scalar>.self, capacity: 1)
  }

  /// Room for two Int32 a row.
  var ranges: UnsafeMutablePointer<Int32> {
    UnsafeMutableRawPointer(base + layout.ranges).bindMemory(to: Int32.self, capacity: 2 * layout.width)
  }
}
