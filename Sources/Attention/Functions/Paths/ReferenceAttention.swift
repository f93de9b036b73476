internal import Glibc
internal import Tensors

/// Attention in plain loops: the specification that the other paths are held to.
///
/// softmax(mask(softcap(scale·Q·Kᵀ) + bias))·V, row by row (Vaswani et al. 2017, section 3.2.1, equation 1; ONNX Attention, opset 24,
/// for the order of softcap, bias and mask). A row with nothing to attend gives 0.
enum ReferenceAttention {
  /// One row of scores per worker.
  static func scratchCount(shape: AttentionShape) -> Int { shape.keys }

  /// Scores of which a worker keeps a byte each, where a pattern or a score program decides.
  static func keptCount(shape: AttentionShape) -> Int { shape.keys }

  static func run<Scalar: BLASScalar>(
    _ problem: UnsafePointer<AttentionProblem<Scalar>>, scratch: ScratchSlices<Scalar>, workers: Int
  ) {
    let pieces = problem.pointee.shape.batch * problem.pointee.shape.heads
    FanOut.run(ReferenceWork(problem: problem, scratch: scratch), pieces: pieces, workers: workers, callsBLAS: false)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  fileprivate static func attend<Scalar: BLASScalar>(
    _ problem: UnsafePointer<AttentionProblem<Scalar>>, batch: Int, head: Int, scratch: WorkerScratch<Scalar>
  ) {
    for query in 0..<(problem.pointee.queryLengths?[batch] ?? problem.pointee.shape.queries) {
      let row = ReferenceRow(problem, batch: batch, head: head, query: query, scratch: scratch)
      row.computeScores()
      let attendsAny = row.computeWeights()
      row.computeOutput(attendsAny: attendsAny)
    }
  }
}

/// A piece for each head of each batch element.
private struct ReferenceWork<Scalar: BLASScalar>: PieceWork {
  let problem: UnsafePointer<AttentionProblem<Scalar>>
  let scratch: ScratchSlices<Scalar>

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func run(piece: Int, worker: Int) {
    let heads = problem.pointee.shape.heads
    ReferenceAttention.attend(problem, batch: piece / heads, head: piece % heads, scratch: scratch[worker])
  }
}

/// One query against all keys.
private struct ReferenceRow<Scalar: BLASScalar> {
  let problem: UnsafePointer<AttentionProblem<Scalar>>
  let batch: Int
  let head: Int
  let keyValueHead: Int
  let query: Int
  /// The row's scores, then its weights.
  let scores: UnsafeMutablePointer<Scalar>
  let conversion: UnsafeMutablePointer<Scalar>
  let range: (first: Int, end: Int)
  let keep: UnsafePointer<Bool>?
  let bias: UnsafePointer<Scalar>?
  /// The same as a block, for what works on blocks.
  let block: ScoreBlock<Scalar>

  init(
    _ problem: UnsafePointer<AttentionProblem<Scalar>>, batch: Int, head: Int, query: Int,
    scratch: WorkerScratch<Scalar>
  ) {
    // Never filled: ranges are asked for key by key.
    let ranges = UnsafeMutableRawPointer(scratch.base).assumingMemoryBound(to: Int32.self)
    (self.problem, self.batch, self.head, self.query) = (problem, batch, head, query)
    keyValueHead = problem.pointee.keyValueHead(head)
    (scores, conversion) = (scratch.base, scratch.conversion)
    range = problem.pointee.mask.range(batch: batch, query: query)
    bias = problem.pointee.mask.bias?.row(batch: batch, head: head, query: query)
    block = ScoreBlock(
      batch: batch, heads: head..<(head + 1), queries: query..<(query + 1), keys: 0..<problem.pointee.shape.keys,
      base: scores,
      ld: problem.pointee.shape.keys,
      ranges: ranges, scratch: scratch)
    if problem.pointee.mask.hasRule || problem.pointee.modifiers.hasScoreProgram {
      problem.pointee.mask.fillKeep(
        batch: batch, heads: block.heads, queries: block.queries, keys: block.keys, into: block.kept)
      keep = UnsafePointer(block.kept)
    } else {
      keep = problem.pointee.mask.keep?.row(batch: batch, head: head, query: query)
    }
  }

  /// Where the row begins in a detail [B, H, L, S].
  var detailOffset: Int {
    problem.pointee.scoreRow(batch: batch, head: head, query: query) * problem.pointee.shape.keys
  }

  /// Decided by the mask (a bias of −∞ and a program's −∞ among it), never by what the products hold.
  func isAttended(_ key: Int) -> Bool {
    key >= range.first && key < range.end && (keep?[key] ?? true) && bias?[key] != -.infinity
  }

  /// One row of keys or of values.
  func row(_ key: Int, of rows: KeyValueRows<Scalar>) -> UnsafePointer<Scalar> {
    rows.segment(batch: batch, head: keyValueHead, rows: key..<(key + 1), scratch: conversion)
      .base
  }

  /// Scaled and capped products, the score program, bias and mask.
  func computeScores() {
    let details = problem.pointee.details
    let queryRow = problem.pointee.queries[batch, head] + query * problem.pointee.queries.strides.row
    for j in 0..<problem.pointee.shape.keys {
      guard isAttended(j) || details.coversMasked else {
        scores[j] = 0
        continue
      }
      let key = row(j, of: problem.pointee.keys)
      var score: Scalar = 0
      for e in 0..<problem.pointee.shape.headSize { score += queryRow[e] * key[e] }
      score *= problem.pointee.scale
      details.rawScores?[detailOffset + j] = score
      if problem.pointee.softcap > 0 {
        score = problem.pointee.softcap * Scalar(tanh(Double(score / problem.pointee.softcap)))
      }
      details.cappedScores?[detailOffset + j] = score
      scores[j] = score
    }
    if problem.pointee.modifiers.hasScoreProgram, let program = problem.pointee.modifiers.scoreProgram {
      program.apply(to: block)
      for j in 0..<problem.pointee.shape.keys where scores[j] == -.infinity { block.kept[j] = false }
    }
    for j in 0..<problem.pointee.shape.keys {
      scores[j] = isAttended(j) ? scores[j] + (bias?[j] ?? 0) : -.infinity
      details.maskedScores?[detailOffset + j] = scores[j]
    }
  }

  /// The softmax over the attended keys and the head's sink, the probability program, dropout.
  ///
  /// - Returns: false for a row with nothing to attend.
  func computeWeights() -> Bool {
    let keys = 0..<problem.pointee.shape.keys
    let sink = problem.pointee.modifiers.sinks?[head] ?? -.infinity
    var maximum = sink
    for j in keys where scores[j] > maximum { maximum = scores[j] }
    let shift = maximum == -.infinity ? 0 : maximum
    var sum = sink == -.infinity ? 0 : Scalar(exp(Double(sink - shift)))
    for j in keys {
      scores[j] = isAttended(j) ? Scalar(exp(Double(scores[j] - shift))) : 0
      sum += scores[j]
    }
    problem.pointee.details.logSumExp?[problem.pointee.scoreRow(batch: batch, head: head, query: query)] =
      sum == 0 ? -.infinity : shift + Scalar(log(Double(sum)))
    for j in keys { scores[j] = sum == 0 || !isAttended(j) ? 0 : scores[j] / sum }
    if sum != 0, problem.pointee.modifiers.hasProbabilityProgram,
      let program = problem.pointee.modifiers.probabilityProgram
    {
      program.apply(to: block)
      for j in keys where !isAttended(j) { scores[j] = 0 }
    }
    problem.pointee.modifiers.dropout?.apply(to: block)
    for j in keys { problem.pointee.details.weights?[detailOffset + j] = scores[j] }
    return sum != 0
  }

  func computeOutput(attendsAny: Bool) {
    let output = problem.pointee.output[batch, head] + query * problem.pointee.output.strides.row
    let size = problem.pointee.shape.valueHeadSize
    for e in 0..<size { output[e] = 0 }
    for j in 0..<problem.pointee.shape.keys where attendsAny && isAttended(j) {
      let value = row(j, of: problem.pointee.values)
      for e in 0..<size { output[e] += scores[j] * value[e] }
    }
  }
}
