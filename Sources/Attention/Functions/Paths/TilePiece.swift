internal import Tensors

/// One piece of tiled attention: a block of queries of one head, or of several that share a key/value head, against tile after
/// tile of keys.
struct TilePiece<Scalar: BLASScalar> {
  let problem: UnsafePointer<AttentionProblem<Scalar>>
  let tiling: AttentionTiling
  let place: AttentionTiling.Piece
  let scratch: WorkerScratch<Scalar>
  // Scratch: row r of each belongs to head r / queries.count and query r % queries.count of the piece.
  let scores: UnsafeMutablePointer<Scalar>  // [rows, key tile]
  let accumulator: UnsafeMutablePointer<Scalar>  // [rows, Dv]
  let stacked: UnsafeMutablePointer<Scalar>  // [rows, D], where heads are stacked
  let maximum: UnsafeMutablePointer<Scalar>  // [rows]
  let sum: UnsafeMutablePointer<Scalar>  // [rows]
  let rescale: UnsafeMutablePointer<Scalar>  // [rows]
  let ranges: UnsafeMutablePointer<Int32>  // [2, rows]

  init(
    _ problem: UnsafePointer<AttentionProblem<Scalar>>, tiling: AttentionTiling, place: AttentionTiling.Piece,
    scratch: WorkerScratch<Scalar>
  ) {
    (self.problem, self.tiling, self.place, self.scratch) = (problem, tiling, place, scratch)
    let rows = tiling.rowsPerPiece
    scores = scratch.base
    accumulator = scores + rows * tiling.scoresLeadingDimension
    stacked = accumulator + rows * problem.pointee.shape.valueHeadSize
    maximum = stacked + (tiling.headsPerPiece > 1 ? rows * problem.pointee.shape.headSize : 0)
    sum = maximum + rows
    rescale = sum + rows
    ranges = UnsafeMutableRawPointer(rescale + rows).bindMemory(to: Int32.self, capacity: 2 * rows)
  }

  var rows: Int { place.heads.count * place.queries.count }

  func attend() {
    problem.pointee.prefillDetails(batch: place.batch, heads: place.heads, queries: place.queries, weight: -.infinity)
    beginRows()
    if !problem.pointee.modifiers.hasProbabilityProgram {
      accumulateOnline()
      divideIntoOutput()
    } else {
      accumulateInTwoPasses()
    }
    writeLogSumExp()
  }

  /// Before the first key, a row's softmax is over its head's sink, or over nothing.
  func beginRows() {
    maximum.initialize(repeating: -.infinity, count: rows)
    sum.initialize(repeating: 0, count: rows)
    guard problem.pointee.modifiers.hasSinks, let sinks = problem.pointee.modifiers.sinks else { return }
    for row in 0..<rows {
      let sink = sinks[place.heads.lowerBound + row / place.queries.count]
      if sink != -.infinity { (maximum[row], sum[row]) = (sink, 1) }
    }
  }

  /// Calls `body` for each tile of keys that the mask leaves something of, or whose scores are asked for all the same.
  func forEachTile(_ body: (_ block: ScoreBlock<Scalar>, _ restriction: MaskRestriction) -> Void) {
    problem.pointee.mask.forEachTile(
      batch: place.batch, heads: place.heads, queries: place.queries, width: tiling.keysPerTile,
      all: problem.pointee.details.coversMasked
    ) { tile in
      let block = ScoreBlock(
        batch: place.batch, heads: place.heads, queries: place.queries, keys: tile, base: scores,
        ld: tiling.scoresLeadingDimension, ranges: ranges, scratch: scratch)
      let restriction =
        problem.pointee.mask.isUnrestricted ? MaskRestriction() : block.restriction(problem.pointee.mask)
      if !restriction.isEmpty || problem.pointee.details.coversMasked { body(block, restriction) }
    }
  }

  /// The queries of the piece as one matrix [rows, D]: in place where their rows are evenly spaced, else stacked in scratch.
  func queryRows() -> (base: UnsafePointer<Scalar>, leadingDimension: Int) {
    let (shape, queries) = (problem.pointee.shape, problem.pointee.queries)
    let base = queries[place.batch, place.heads.lowerBound] + place.queries.lowerBound * queries.strides.row
    if place.heads.count == 1 { return (base, problem.pointee.ldQueries) }
    let d = shape.headSize
    if place.queries.count == 1, queries.strides.head >= max(d, 1), queries.strides.head <= Int(Int32.max) {
      return (base, queries.strides.head)
    }
    var row = stacked
    for head in place.heads {
      for query in place.queries {
        row.update(from: queries[place.batch, head] + query * queries.strides.row, count: d)
        row += d
      }
    }
    return (UnsafePointer(stacked), max(d, 1))
  }

  /// O / divisor into the output; 0 where a row's divisor is 0.
  func writeOutput(dividingBy divisor: UnsafePointer<Scalar>) {
    let (count, size) = (place.queries.count, problem.pointee.shape.valueHeadSize)
    for (index, head) in place.heads.enumerated() {
      let firstRow = index * count
      Scalar.arithmetic.kernels.divideRows(
        accumulator + firstRow * size, count, size, max(size, 1), divisor + firstRow,
        problem.pointee.output[place.batch, head] + place.queries.lowerBound * problem.pointee.output.strides.row,
        problem.pointee.ldOutput)
    }
  }

  func writeLogSumExp() {
    guard let target = problem.pointee.details.logSumExp else { return }
    let count = place.queries.count
    for (index, head) in place.heads.enumerated() {
      let row = problem.pointee.scoreRow(batch: place.batch, head: head, query: place.queries.lowerBound)
      Scalar.arithmetic.kernels.logSumExp(maximum + index * count, sum + index * count, target + row, count)
    }
  }
}
