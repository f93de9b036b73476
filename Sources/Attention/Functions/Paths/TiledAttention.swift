internal import Tensors

/// Attention over tiles of keys with an online softmax: no score matrix, scratch that does not grow with S.
///
/// For a block of queries and each tile of keys: S = scale·Q·Kᵀ by GEMM; m′ = max(m, max S), P = e^(S − m′),
/// l = l·e^(m − m′) + Σ P; O = O·e^(m − m′) + P·V by GEMM. At the end O / l (Milakov and Gimelshein 2018, algorithm 3; Dao et al.
/// 2022, "FlashAttention", algorithm 1). Tiles that the mask empties are neither computed nor read; tiles that it leaves whole
/// skip the mask. Query heads that share a key/value head are stacked into one GEMM where queries are few.
enum TiledAttention {
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

/// One piece of tiled attention: a block of queries of one head, or of several that share a key/value head.
private struct TilePiece<Scalar: BLASScalar> {
  let problem: AttentionProblem<Scalar>
  let tiling: AttentionTiling
  let place: AttentionTiling.Piece
  // Scratch: row r of each belongs to head r / queries.count and query r % queries.count of the piece.
  let scores: UnsafeMutablePointer<Scalar>  // [rows, key tile]
  let accumulator: UnsafeMutablePointer<Scalar>  // [rows, Dv]
  let stacked: UnsafeMutablePointer<Scalar>  // [rows, D], where heads are stacked
  let maximum: UnsafeMutablePointer<Scalar>  // [rows]
  let sum: UnsafeMutablePointer<Scalar>  // [rows]
  let rescale: UnsafeMutablePointer<Scalar>  // [rows]
  let first: UnsafeMutablePointer<Int32>  // [rows]
  let end: UnsafeMutablePointer<Int32>  // [rows]

  init(
    _ problem: AttentionProblem<Scalar>, tiling: AttentionTiling, piece: Int, scratch: UnsafeMutablePointer<Scalar>
  ) {
    self.problem = problem
    self.tiling = tiling
    place = tiling.piece(piece)
    let rows = tiling.rowsPerPiece
    scores = scratch
    accumulator = scores + rows * tiling.scoresLeadingDimension
    stacked = accumulator + rows * problem.shape.valueHeadSize
    maximum = stacked + (tiling.headsPerPiece > 1 ? rows * problem.shape.headSize : 0)
    sum = maximum + rows
    rescale = sum + rows
    first = UnsafeMutableRawPointer(rescale + rows).bindMemory(to: Int32.self, capacity: 2 * rows)
    end = first + rows
  }

  var rows: Int { place.heads.count * place.queries.count }

  func attend() {
    let (shape, details) = (problem.shape, problem.details)
    problem.prefillDetails(batch: place.batch, heads: place.heads, queries: place.queries, weight: -.infinity)
    let union = problem.mask.union(batch: place.batch, queries: place.queries)
    let keys = details.coversMasked ? 0..<shape.keys : union
    maximum.initialize(repeating: -.infinity, count: rows)
    sum.initialize(repeating: 0, count: rows)
    let (queries, ldQueries) = queryRows()
    var hasAccumulated = false
    var start = keys.lowerBound
    while start < keys.upperBound {
      let tile = start..<min(start + tiling.keysPerTile, keys.upperBound)
      start = tile.upperBound
      attend(tile, queries: queries, ldQueries: ldQueries, hasAccumulated: &hasAccumulated)
    }
    if !hasAccumulated { accumulator.initialize(repeating: 0, count: rows * shape.valueHeadSize) }
    finish()
  }

  private func attend(
    _ tile: Range<Int>, queries: UnsafePointer<Scalar>, ldQueries: Int, hasAccumulated: inout Bool
  ) {
    let (shape, mask, details) = (problem.shape, problem.mask, problem.details)
    let arithmetic = Scalar.arithmetic
    let kernels = arithmetic.kernels
    let (ld, dv) = (tiling.scoresLeadingDimension, shape.valueHeadSize)
    let block = ScoreBlock(
      batch: place.batch, heads: place.heads, queries: place.queries, keys: tile, base: scores, ld: ld, first: first,
      end: end)
    let restriction = mask.isUnrestricted ? MaskRestriction() : block.restriction(mask)
    if restriction.isEmpty, !details.coversMasked { return }
    let isBanded = restriction.byRange && !details.coversScores && place.heads.count == 1
    let whole = isBanded ? block.columnsBeforeEdge(mask) : tile.count
    if whole == tile.count {
      block.multiply(problem, queries: queries, ldQueries: ldQueries)
    } else {
      block.prefix(columns: whole).multiply(problem, queries: queries, ldQueries: ldQueries)
      block.forEachBand(beyond: whole, mask) { row, part in
        part.multiply(problem, queries: queries + row * ldQueries, ldQueries: ldQueries)
      }
    }
    if restriction.byRange { block.fitRanges(mask) }
    if details.coversScores { block.writeStages(problem, restriction) }
    if restriction.isEmpty { return }
    if details.weights != nil { block.copy(to: details.weights, problem) }

    // Stages that were written have softcap, bias and mask in them already.
    let pending = details.coversScores ? MaskRestriction() : restriction
    block.forEachRun(mask, pending, softcap: details.coversScores ? 0 : problem.softcap) { firstRow, rows, rules in
      kernels.softmaxStep(
        scores + firstRow * ld, rows, tile.count, ld, rules, maximum + firstRow, sum + firstRow, rescale + firstRow)
    }
    if hasAccumulated { kernels.scaleRows(accumulator, rows, dv, dv, rescale) }
    let values = problem.values[place.batch, place.keyValueHead] + tile.lowerBound * problem.values.strides.row
    if restriction.mayMask, !kernels.allFinite(values, tile.count, dv, problem.ldValues) {
      if !hasAccumulated { accumulator.initialize(repeating: 0, count: rows * dv) }
      block.addAttendedProduct(
        mask, values: values, ldValues: problem.ldValues, valueHeadSize: dv, into: accumulator, ldOutput: dv)
    } else {
      // No columns before the edge leave what there is, or 0 (β = 0), for the bands to add to.
      arithmetic.product(
        false, false, rows, dv, whole, 1, scores, ld, values, problem.ldValues, hasAccumulated ? 1 : 0, accumulator,
        max(dv, 1))
      if whole < tile.count {
        block.forEachBand(beyond: whole, mask) { row, part in
          arithmetic.product(
            false, false, part.rows, dv, part.keys.count, 1, part.base, ld, values + whole * problem.values.strides.row,
            problem.ldValues, 1, accumulator + row * dv, max(dv, 1))
        }
      }
    }
    hasAccumulated = true
  }

  /// The queries of the piece as one matrix [rows, D]: in place where their rows are evenly spaced, else stacked in scratch.
  private func queryRows() -> (UnsafePointer<Scalar>, Int) {
    let (shape, queries) = (problem.shape, problem.queries)
    let base = queries[place.batch, place.heads.lowerBound] + place.queries.lowerBound * queries.strides.row
    if place.heads.count == 1 { return (base, problem.ldQueries) }
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

  /// O / l into the output, and the details that need the final maximum and sum.
  private func finish() {
    let (shape, details) = (problem.shape, problem.details)
    let kernels = Scalar.arithmetic.kernels
    let count = place.queries.count
    for (index, head) in place.heads.enumerated() {
      let firstRow = index * count
      kernels.divideRows(
        accumulator + firstRow * shape.valueHeadSize, count, shape.valueHeadSize, max(shape.valueHeadSize, 1),
        sum + firstRow, problem.output[place.batch, head] + place.queries.lowerBound * problem.output.strides.row,
        problem.ldOutput)
      let scoreRow = problem.scoreRow(batch: place.batch, head: head, query: place.queries.lowerBound)
      if let target = details.logSumExp {
        kernels.logSumExp(maximum + firstRow, sum + firstRow, target + scoreRow, count)
      }
      if let weights = details.weights {
        kernels.weights(
          weights + scoreRow * shape.keys, count, shape.keys, max(shape.keys, 1), maximum + firstRow, sum + firstRow)
      }
    }
  }
}
