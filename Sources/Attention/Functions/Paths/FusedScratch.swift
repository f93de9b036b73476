internal import Tensors

/// What a worker of the fused path works in: a slot for each block of a piece, the kernels' scratch, and the ranges of a block's rows.
struct FusedScratch<Scalar: BLASScalar> {
  private let kernels = Scalar.arithmetic.fused
  private let base: UnsafeMutablePointer<Scalar>
  private let headSize: Int
  private let valueHeadSize: Int

  init(_ scratch: WorkerScratch<Scalar>, headSize: Int, valueHeadSize: Int) {
    (base, self.headSize, self.valueHeadSize) = (scratch.base, headSize, valueHeadSize)
  }

  /// Elements of a worker's scratch.
  static func count(headSize: Int, valueHeadSize: Int) -> Int {
    let kernels = Scalar.arithmetic.fused
    return FusedTiling.mostBlocksPerPiece * slotCount(headSize: headSize, valueHeadSize: valueHeadSize)
      + aligned(kernels.scratchCount(headSize, valueHeadSize)) + aligned(2 * kernels.width)
  }

  /// Elements of a slot: packed queries, accumulator, maximum and sum.
  private static func slotCount(headSize: Int, valueHeadSize: Int) -> Int {
    let kernels = Scalar.arithmetic.fused
    return aligned(kernels.queriesCount(headSize)) + aligned(kernels.accumulatorCount(valueHeadSize))
      + 2 * aligned(kernels.width)
  }

  /// Parts begin on cache lines.
  private static func aligned(_ count: Int) -> Int {
    let line = 64 / MemoryLayout<Scalar>.stride
    return (count + line - 1) / line * line
  }

  /// An empty block in a slot.
  func block(slot: Int, rows: Int, isNatural: Bool) -> FusedBlock<Scalar> {
    let queries = base + slot * Self.slotCount(headSize: headSize, valueHeadSize: valueHeadSize)
    let accumulator = queries + Self.aligned(kernels.queriesCount(headSize))
    let maximum = accumulator + Self.aligned(kernels.accumulatorCount(valueHeadSize))
    return FusedBlock(
      rows: rows, headSize: headSize, valueHeadSize: valueHeadSize, isNatural: isNatural, queries: queries,
      maximum: maximum, sum: maximum + Self.aligned(kernels.width), accumulator: accumulator, scratch: kernelScratch)
  }

  private var kernelScratch: UnsafeMutablePointer<Scalar> {
    base + FusedTiling.mostBlocksPerPiece * Self.slotCount(headSize: headSize, valueHeadSize: valueHeadSize)
  }

  /// Room for two Int32 a row.
  var ranges: UnsafeMutablePointer<Int32> {
    let start = kernelScratch + Self.aligned(kernels.scratchCount(headSize, valueHeadSize))
    return UnsafeMutableRawPointer(start).bindMemory(to: Int32.self, capacity: 2 * kernels.width)
  }
}
