internal import Tensors

/// One pass over the keys, with the running maximum and sum of each row.
extension TilePiece {
  /// Leaves Σ e^(s − m)·v in the accumulator, m in `maximum` and Σ e^(s − m) in `sum`.
  func accumulateOnline() {
    let queries = queryRows()
    var hasAccumulated = false
    forEachTile { block, restriction in
      accumulate(block, restriction, queries: queries, hasAccumulated: &hasAccumulated)
    }
    if !hasAccumulated { accumulator.initialize(repeating: 0, count: rows * problem.pointee.shape.valueHeadSize) }
  }

  /// O / l into the output, and the weights, which need the final maximum and sum.
  func divideIntoOutput() {
    writeOutput(dividingBy: sum)
    guard let weights = problem.pointee.details.weights else { return }
    let (count, keys) = (place.queries.count, problem.pointee.shape.keys)
    for (index, head) in place.heads.enumerated() {
      let row = problem.pointee.scoreRow(batch: place.batch, head: head, query: place.queries.lowerBound)
      let target = weights + row * keys
      Scalar.arithmetic.kernels.weights(
        target, count, keys, max(keys, 1), maximum + index * count, sum + index * count)
      guard let dropout = problem.pointee.modifiers.dropout else { continue }
      dropout.apply(
        to: ScoreBlock(
          batch: place.batch, heads: head..<(head + 1), queries: place.queries, keys: 0..<keys, base: target, ld: keys,
          ranges: ranges, scratch: scratch))
    }
  }

  private func accumulate(
    _ block: ScoreBlock<Scalar>, _ tileRestriction: MaskRestriction,
    queries: (base: UnsafePointer<Scalar>, leadingDimension: Int), hasAccumulated: inout Bool
  ) {
    var restriction = tileRestriction
    let details = problem.pointee.details
    let kernels = Scalar.arithmetic.kernels
    let (ld, dv, columns) = (block.ld, problem.pointee.shape.valueHeadSize, block.keys.count)
    let whole = columnsBeforeEdge(block, restriction)
    multiply(block, whole: whole, queries: queries)
    let pending = block.prepare(problem.pointee, &restriction)
    if restriction.isEmpty { return }
    if details.weights != nil { block.copy(to: details.weights, problem.pointee) }

    block.forEachRun(problem.pointee.mask, pending.restriction, softcap: pending.softcap) { firstRow, rows, rules in
      kernels.softmaxStep(
        scores + firstRow * ld, rows, columns, ld, rules, maximum + firstRow, sum + firstRow, rescale + firstRow)
    }
    problem.pointee.modifiers.dropout?.apply(to: block)
    if hasAccumulated { kernels.scaleRows(accumulator, rows, dv, dv, rescale) }
    if restriction.mayMask, !block.valuesAreFinite(problem.pointee) {
      if !hasAccumulated { accumulator.initialize(repeating: 0, count: rows * dv) }
      block.addAttendedValues(problem.pointee, restriction, to: accumulator, ldTarget: dv)
    } else {
      // No columns before the edge leave what there is, or 0 (β = 0), for the bands to add to.
      let first = whole < columns ? block.prefix(columns: whole) : block
      first.multiplyValues(problem.pointee, addingTo: accumulator, ldTarget: max(dv, 1), factor: hasAccumulated ? 1 : 0)
      if whole < columns {
        block.forEachBand(beyond: whole, problem.pointee.mask) { row, part in
          part.multiplyValues(problem.pointee, addingTo: accumulator + row * dv, ldTarget: max(dv, 1), factor: 1)
        }
      }
    }
    hasAccumulated = true
  }

  /// How many columns of the block are computed for all rows; the others in bands along the edge.
  private func columnsBeforeEdge(_ block: ScoreBlock<Scalar>, _ restriction: MaskRestriction) -> Int {
    let isBanded =
      restriction.byRange && !problem.pointee.details.coversScores && !problem.pointee.modifiers.hasScoreProgram
      && place.heads.count == 1
    return isBanded ? block.columnsBeforeEdge(problem.pointee.mask) : block.keys.count
  }

  private func multiply(
    _ block: ScoreBlock<Scalar>, whole: Int, queries: (base: UnsafePointer<Scalar>, leadingDimension: Int)
  ) {
    guard whole < block.keys.count else {
      return block.multiply(problem.pointee, queries: queries.base, ldQueries: queries.leadingDimension)
    }
    block.prefix(columns: whole).multiply(problem.pointee, queries: queries.base, ldQueries: queries.leadingDimension)
    block.forEachBand(beyond: whole, problem.pointee.mask) { row, part in
      part.multiply(
        problem.pointee, queries: queries.base + row * queries.leadingDimension, ldQueries: queries.leadingDimension)
    }
  }
}
