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
  ///
  /// - Parameter parts: of few rows' keys that lie there besides (``place(_:inPart:)``).
  static func count(headSize: Int, valueHeadSize: Int, parts: Int) -> Int {
    let kernels = Scalar.arithmetic.fused
    return FusedTiling.mostBlocksPerPiece * slotCount(headSize: headSize, valueHeadSize: valueHeadSize)
      + aligned(kernels.scratchCount(headSize, valueHeadSize)) + aligned(2 * kernels.width)
      + parts * partCount(valueHeadSize: valueHeadSize)
  }

  /// Elements of a part: accumulator of few rows, maximum and sum.
  private static func partCount(valueHeadSize: Int) -> Int {
    let kernels = Scalar.arithmetic.fused
    return aligned(kernels.few * kernels.accumulatorCount(valueHeadSize) / kernels.width) + 2 * aligned(kernels.width)
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
  func block(slot: Int, rows: Int, isNatural: Bool, hasSameBits: Bool) -> FusedBlock<Scalar> {
    let queries = base + slot * Self.slotCount(headSize: headSize, valueHeadSize: valueHeadSize)
    let accumulator = queries + Self.aligned(kernels.queriesCount(headSize))
    let maximum = accumulator + Self.aligned(kernels.accumulatorCount(valueHeadSize))
    return FusedBlock(
      rows: rows, headSize: headSize, valueHeadSize: valueHeadSize, isNatural: isNatural,
      hasSameBits: hasSameBits, queries: queries, maximum: maximum, sum: maximum + Self.aligned(kernels.width),
      accumulator: accumulator, scratch: kernelScratch)
  }

  /// An empty block in a slot, of another's queries.
  func block(slot: Int, like other: FusedBlock<Scalar>) -> FusedBlock<Scalar> {
    var block = block(slot: slot, rows: other.rows, isNatural: other.isNatural, hasSameBits: other.hasSameBits)
    block.queries = other.queries
    return block
  }

  /// Has what a block sums up lie in a part, where it stays.
  func place(_ block: inout FusedBlock<Scalar>, inPart index: Int) {
    let start =
      kernelScratch + Self.aligned(kernels.scratchCount(headSize, valueHeadSize))
      + Self.aligned(2 * kernels.width) + index * Self.partCount(valueHeadSize: valueHeadSize)
    block.maximum = start
    block.sum = start + Self.aligned(kernels.width)
    block.accumulator = block.sum + Self.aligned(kernels.width)
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
