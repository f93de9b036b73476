internal import Tensors

/// A block of scores in scratch: the rows of some query heads and queries, the columns of some keys.
///
/// Row r belongs to head `heads.lowerBound + r / queries.count` and query `queries.lowerBound + r % queries.count`; several
/// heads only where they share a key/value head.
struct ScoreBlock<Scalar: BLASScalar> {
  let batch: Int
  let heads: Range<Int>
  let queries: Range<Int>
  let keys: Range<Int>
  let base: UnsafeMutablePointer<Scalar>
  /// From one row to the next.
  let ld: Int
  /// The attended keys of each row, from `keys.lowerBound`; room for `rows` each. Filled by ``fitRanges(_:)``.
  let first: UnsafeMutablePointer<Int32>
  let end: UnsafeMutablePointer<Int32>
  /// Room for rows of keys or values that are converted as they are read.
  let conversion: UnsafeMutablePointer<Scalar>
  /// Room for a byte a score, row after row without gaps, where a pattern or a score program decides: what is kept by them and
  /// by `keep`. Filled by ``prepare(_:_:)``.
  let kept: UnsafeMutablePointer<Bool>

  /// - Parameters:
  ///   - batch: the batch element.
  ///   - heads: query heads that share a key/value head.
  ///   - queries: rows of each head.
  ///   - keys: columns.
  ///   - base: the scores.
  ///   - ld: from one row to the next.
  ///   - ranges: two Int32 a row; nil where ranges are not fitted.
  ///   - scratch: the worker's.
  init(
    batch: Int, heads: Range<Int>, queries: Range<Int>, keys: Range<Int>, base: UnsafeMutablePointer<Scalar>, ld: Int,
    ranges: UnsafeMutablePointer<Int32>, scratch: WorkerScratch<Scalar>
  ) {
    (self.batch, self.heads, self.queries, self.keys) = (batch, heads, queries, keys)
    (self.base, self.ld) = (base, ld)
    (first, end) = (ranges, ranges + heads.count * queries.count)
    (conversion, kept) = (scratch.conversion, scratch.kept)
  }

  /// Some rows and columns of a block of one head.
  ///
  /// - Parameters:
  ///   - block: of one head.
  ///   - rows: from its first row.
  ///   - columns: from its first column.
  init(part block: ScoreBlock, rows: Range<Int>, columns: Range<Int>) {
    (batch, heads) = (block.batch, block.heads)
    queries = (block.queries.lowerBound + rows.lowerBound)..<(block.queries.lowerBound + rows.upperBound)
    keys = (block.keys.lowerBound + columns.lowerBound)..<(block.keys.lowerBound + columns.upperBound)
    (base, ld) = (block.base + rows.lowerBound * block.ld + columns.lowerBound, block.ld)
    (first, end) = (block.first + rows.lowerBound, block.end + rows.lowerBound)
    (conversion, kept) = (block.conversion, block.kept)
  }

  var rows: Int { heads.count * queries.count }

  func restriction(_ mask: borrowing ResolvedMask<Scalar>) -> MaskRestriction {
    mask.restriction(batch: batch, heads: heads, queries: queries, keys: keys)
  }

  /// S = scale·Q·Kᵀ, for queries whose first row is the block's.
  func multiply(_ problem: borrowing AttentionProblem<Scalar>, queries: UnsafePointer<Scalar>, ldQueries: Int) {
    var start = keys.lowerBound
    while start < keys.upperBound {
      let segment = problem.keys.segment(
        batch: batch, head: problem.keyValueHead(heads.lowerBound), rows: start..<keys.upperBound, scratch: conversion)
      // With a factor of 0 BLAS reads neither Q nor K, so that their NaN would not be seen.
      Scalar.arithmetic.product(
        false, true, rows, segment.rows.count, problem.shape.headSize, problem.scale == 0 ? 1 : problem.scale, queries,
        ldQueries, segment.base, segment.leadingDimension, 0, base + (start - keys.lowerBound), ld)
      start = segment.rows.upperBound
    }
    guard problem.scale == 0 else { return }
    for row in 0..<rows {
      for column in 0..<keys.count { base[row * ld + column] *= 0 }
    }
  }

  /// Writes each row's attended range into ``first`` and ``end``.
  func fitRanges(_ mask: borrowing ResolvedMask<Scalar>) {
    for (index, query) in queries.enumerated() {
      let range = mask.range(batch: batch, query: query)
      let low = min(max(range.first - keys.lowerBound, 0), keys.count)
      let high = min(max(range.end - keys.lowerBound, 0), keys.count)
      for head in 0..<heads.count {
        first[head * queries.count + index] = Int32(low)
        end[head * queries.count + index] = Int32(high)
      }
    }
  }

  /// Calls `body` for runs of rows that one set of rules serves: all rows, or each head's where keep or bias differ by head.
  func forEachRun(
    _ mask: borrowing ResolvedMask<Scalar>, _ restriction: MaskRestriction, softcap: Scalar,
    _ body: (_ firstRow: Int, _ rows: Int, _ rules: ScoreRules<Scalar>) -> Void
  ) {
    let bias = restriction.byBias ? mask.bias : nil
    let isUniform = !restriction.byKeep && !restriction.byBias
    // These bytes have what `keep` says in them.
    let hasKept = restriction.byPattern || restriction.byProgram
    let tensor = restriction.byKeep && !hasKept ? mask.keep : nil
    for head in isUniform ? heads.prefix(1) : heads[...] {
      let firstRow = (head - heads.lowerBound) * queries.count
      let rules = ScoreRules(
        softcap: softcap,
        bias: bias.map { $0.row(batch: batch, head: head, query: queries.lowerBound) + keys.lowerBound },
        biasStride: bias?.queryStride ?? 0,
        keep: hasKept
          ? UnsafePointer(kept + firstRow * keys.count)
          : tensor.map { $0.row(batch: batch, head: head, query: queries.lowerBound) + keys.lowerBound },
        keepStride: hasKept ? keys.count : tensor?.queryStride ?? 0,
        first: restriction.byRange ? UnsafePointer(first + firstRow) : nil,
        end: restriction.byRange ? UnsafePointer(end + firstRow) : nil)
      body(firstRow, isUniform ? rows : queries.count, rules)
    }
  }

  /// Sets masked places of some rows to 0.
  ///
  /// - Parameters:
  ///   - mask: the problem's.
  ///   - restriction: how it acts on the block, as ``prepare(_:_:)`` left it.
  ///   - isIncluded: which rows.
  func clearMasked(
    _ mask: borrowing ResolvedMask<Scalar>, _ restriction: MaskRestriction,
    where isIncluded: (_ row: Int) -> Bool = { _ in true }
  ) {
    guard restriction.mayMask else { return }
    forEachRun(mask, restriction, softcap: 0) { firstRow, rows, rules in
      for row in 0..<rows where isIncluded(firstRow + row) {
        rules.clearMasked(base + (firstRow + row) * ld, row: row, columns: keys.count)
      }
    }
  }

  /// Copies the block to its place in a [B, H, L, S] detail.
  func copy(to detail: UnsafeMutablePointer<Scalar>?, _ problem: borrowing AttentionProblem<Scalar>) {
    guard let detail else { return }
    for row in 0..<rows {
      (detail + detailOffset(row: row, problem)).update(from: base + row * ld, count: keys.count)
    }
  }

  /// Where row `row`'s first column of this block stands in a [B, H, L, S] detail.
  func detailOffset(row: Int, _ problem: borrowing AttentionProblem<Scalar>) -> Int {
    let head = heads.lowerBound + row / queries.count
    let query = queries.lowerBound + row % queries.count
    return problem.scoreRow(batch: batch, head: head, query: query) * problem.shape.keys + keys.lowerBound
  }

  /// Applies softcap, score program, bias and mask to raw scores one after the other, copying each stage that was asked for.
  func writeStages(_ problem: borrowing AttentionProblem<Scalar>, _ restriction: inout MaskRestriction) {
    let kernels = Scalar.arithmetic.kernels
    copy(to: problem.details.rawScores, problem)
    if problem.softcap > 0 { kernels.softcap(base, rows, keys.count, ld, problem.softcap) }
    copy(to: problem.details.cappedScores, problem)
    runScoreProgram(problem, &restriction)
    guard !restriction.isEmpty else { return }
    if restriction.mayMask {
      forEachRun(problem.mask, restriction, softcap: 0) { firstRow, rows, rules in
        kernels.mask(base + firstRow * ld, rows, keys.count, ld, rules)
      }
    }
    copy(to: problem.details.maskedScores, problem)
  }
}

extension ScoreBlock {
  /// Brings raw scores so far that only a restriction is left to apply, with the softcap in `softcap`: writes the stages that were
  /// asked for, runs the score program.
  ///
  /// - Parameters:
  ///   - problem: whose block it is.
  ///   - restriction: how the mask acts on the block; the score program may mask more.
  /// - Returns: what is left to do to them. Stages that were written have all in them.
  func prepare(
    _ problem: borrowing AttentionProblem<Scalar>, _ restriction: inout MaskRestriction
  ) -> (restriction: MaskRestriction, softcap: Scalar) {
    if restriction.byRange { fitRanges(problem.mask) }
    if restriction.byPattern, !restriction.isEmpty {
      problem.mask.fillKeep(batch: batch, heads: heads, queries: queries, keys: keys, into: kept)
    }
    if problem.details.coversScores {
      writeStages(problem, &restriction)
      return (MaskRestriction(), 0)
    }
    guard problem.modifiers.hasScoreProgram else { return (restriction, problem.softcap) }
    if problem.softcap > 0 { Scalar.arithmetic.kernels.softcap(base, rows, keys.count, ld, problem.softcap) }
    runScoreProgram(problem, &restriction)
    return (restriction, 0)
  }
}

extension AttentionProblem {
  /// Fills rows of the details that have a value for every score with what a masked place has: a path computes only tiles
  /// that something attends. `weight` is 0, or −∞ where the rows still hold scores that become weights at the end.
  func prefillDetails(batch: Int, heads: Range<Int>, queries block: Range<Int>, weight: Scalar) {
    guard details.maskedScores != nil || details.weights != nil else { return }
    for head in heads {
      let start = scoreRow(batch: batch, head: head, query: block.lowerBound) * shape.keys
      let count = block.count * shape.keys
      if let scores = details.maskedScores { (scores + start).update(repeating: -.infinity, count: count) }
      if let weights = details.weights { (weights + start).update(repeating: weight, count: count) }
    }
  }
}
