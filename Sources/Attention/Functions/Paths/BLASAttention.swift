internal import Tensors

/// Attention as two GEMMs with an ordinary softmax between them, on blocks of whole score rows.
///
/// A block is some queries of one head against all keys that any of them may attend: S = scale·Q·Kᵀ by GEMM, softmax of
/// whole rows, O = P·V by GEMM straight into the output. The blocks over batch × heads × queries are the batch of these GEMMs.
/// Reads K and V once a block; scratch grows with S.
enum BLASAttention {
  /// Scores of a block: enough rows for GEMM to pack the keys seldom, few enough for the block to stay in the outer caches.
  /// The addition is for the gaps between rows, so that 2048 keys make blocks of 256.
  private static let scoresPerBlock = (1 << 19) + (1 << 13)

  /// Scores of which a worker keeps a byte each, where a pattern or a score program decides.
  static func keptCount(capacity: AttentionShape) -> Int { scratchCount(capacity: capacity) }

  static func rowsPerBlock(shape: AttentionShape) -> Int {
    let fitting = scoresPerBlock / rowCount(shape.keys) / 16 * 16
    return max(1, min(shape.queries, min(max(fitting, 64), 256)))
  }

  /// Scratch of a worker in elements, enough for any problem within `capacity`: fewer keys make blocks of more rows, which
  /// together hold `scoresPerBlock` at most.
  static func scratchCount(capacity: AttentionShape) -> Int {
    let perRow = rowCount(capacity.keys)
    return max(rowsPerBlock(shape: capacity) * perRow, min(min(max(capacity.queries, 1), 256) * perRow, scoresPerBlock))
  }

  /// Scratch of one row in elements: scores, log-sum-exp, and two Int32 ranges.
  private static func rowCount(_ keys: Int) -> Int { leadingDimension(keys) + 3 }

  /// Rows start on cache lines, and not a power of two apart.
  private static func leadingDimension(_ keys: Int) -> Int { (keys + 15) / 16 * 16 + 16 }

  // Without this, pointers move by run-time strides.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func run<Scalar: BLASScalar>(
    _ problem: UnsafePointer<AttentionProblem<Scalar>>, scratch: ScratchSlices<Scalar>, workers: Int
  ) {
    let (shape, rows) = (problem.pointee.shape, rowsPerBlock(shape: problem.pointee.shape))
    func pieceCount(queries: Int) -> Int { shape.heads * ((queries + rows - 1) / rows) }
    guard let lengths = problem.pointee.queryLengths else {
      let perBatch = pieceCount(queries: shape.queries)
      let work = BLASWork(problem: problem, rowsPerBlock: rows, piecesPerBatch: perBatch, scratch: scratch)
      return FanOut.run(work, pieces: shape.batch * perBatch, workers: workers)
    }
    let pieces = RaggedPieces(counts: lengths.map(pieceCount))
    FanOut.run(pieces: pieces.count, workers: workers) { piece, worker in
      let (batch, index) = pieces[piece]
      attendBlock(problem, batch: batch, index: index, rows: rows, queries: lengths[batch], scratch: scratch[worker])
    }
  }

  /// A block of a batch element, later queries first: under a causal mask they have more keys, and the heaviest should not come
  /// last.
  fileprivate static func attendBlock<Scalar: BLASScalar>(
    _ problem: UnsafePointer<AttentionProblem<Scalar>>, batch: Int, index: Int, rows: Int, queries: Int,
    scratch: WorkerScratch<Scalar>
  ) {
    let blocks = (queries + rows - 1) / rows
    let start = (blocks - 1 - index % blocks) * rows
    attend(
      problem.pointee, batch: batch, head: index / blocks, queries: start..<min(start + rows, queries), scratch: scratch
    )
  }

  private static func attend<Scalar: BLASScalar>(
    _ problem: borrowing AttentionProblem<Scalar>, batch: Int, head: Int, queries: Range<Int>,
    scratch worker: WorkerScratch<Scalar>
  ) {
    let scratch = worker.base
    let (shape, details) = (problem.shape, problem.details)
    let arithmetic = Scalar.arithmetic
    let rows = queries.count
    let every = 0..<shape.keys
    let keys =
      details.coversMasked
      ? every : problem.mask.span(batch: batch, heads: head..<(head + 1), queries: queries, keys: every)
    let ld = leadingDimension(keys.count)
    let logSumExp = scratch + rows * ld
    let ranges = UnsafeMutableRawPointer(logSumExp + rows).bindMemory(to: Int32.self, capacity: 2 * rows)
    let block = ScoreBlock(
      batch: batch, heads: head..<(head + 1), queries: queries, keys: keys, base: scratch, ld: ld,
      ranges: ranges, scratch: worker)
    problem.prefillDetails(batch: batch, heads: block.heads, queries: queries, weight: 0)
    var restriction = block.restriction(problem.mask)
    let output = problem.output[batch, head] + queries.lowerBound * problem.output.strides.row

    var (pending, softcap) = (restriction, problem.softcap)
    if !restriction.isEmpty || details.coversMasked, !keys.isEmpty {
      block.multiply(
        problem, queries: problem.queries[batch, head] + queries.lowerBound * problem.queries.strides.row,
        ldQueries: problem.ldQueries)
      (pending, softcap) = block.prepare(problem, &restriction)
    }
    guard !restriction.isEmpty else {
      problem.setOutputToZero(batch: batch, head: head, queries: queries)
      let row = problem.scoreRow(batch: batch, head: head, query: queries.lowerBound)
      (details.logSumExp.map { $0 + row })?.update(
        repeating: problem.modifiers.sinks?[head] ?? -.infinity, count: rows)
      return
    }

    block.forEachRun(problem.mask, pending, softcap: softcap) { firstRow, rows, rules in
      arithmetic.kernels.softmaxRows(scratch + firstRow * ld, rows, keys.count, ld, rules, logSumExp + firstRow)
    }
    if details.coversScores {
      // Scores masked beforehand have lost their −∞.
      block.clearMasked(problem.mask, restriction) { logSumExp[$0].isNaN }
    }
    block.modifyWeights(problem, restriction, logSumExp: logSumExp)
    block.copy(to: details.weights, problem)
    if restriction.mayMask, !block.valuesAreFinite(problem) {
      problem.setOutputToZero(batch: batch, head: head, queries: queries)
      block.addAttendedValues(problem, restriction, to: output, ldTarget: problem.output.strides.row)
    } else {
      block.multiplyValues(problem, addingTo: output, ldTarget: problem.ldOutput, factor: 0)
    }
    for row in 0..<rows where logSumExp[row] == -.infinity {
      let query = queries.lowerBound + row
      problem.setOutputToZero(batch: batch, head: head, queries: query..<(query + 1))
    }
    if let target = details.logSumExp {
      let start = problem.scoreRow(batch: batch, head: head, query: queries.lowerBound)
      for row in 0..<rows {
        target[start + row] = problem.modifiers.includingSink(logSumExp[row], head: head)
      }
    }
  }
}

/// The blocks of batch elements that have as many queries each.
private struct BLASWork<Scalar: BLASScalar>: PieceWork {
  let problem: UnsafePointer<AttentionProblem<Scalar>>
  let rowsPerBlock: Int
  let piecesPerBatch: Int
  let scratch: ScratchSlices<Scalar>

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func run(piece: Int, worker: Int) {
    let (batch, index) = piece.quotientAndRemainder(dividingBy: piecesPerBatch)
    BLASAttention.attendBlock(
      problem, batch: batch, index: index, rows: rowsPerBlock, queries: problem.pointee.shape.queries,
      scratch: scratch[worker])
  }
}
