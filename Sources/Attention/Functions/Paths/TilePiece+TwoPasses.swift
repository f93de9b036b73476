internal import Tensors

/// Two passes over the keys, where weights themselves are wanted tile by tile: the first finds each row's maximum and sum, the
/// second computes the scores again and turns them into weights.
extension TilePiece {
  /// Leaves m in `maximum` and Σ e^(s − m) in `sum`, for all keys.
  func findMaximaAndSums() {
    let kernels = Scalar.arithmetic.kernels
    let queries = queryRows()
    forEachTile { block, restriction in
      var restriction = restriction
      block.multiply(problem.pointee, queries: queries.base, ldQueries: queries.leadingDimension)
      let pending = block.prepare(problem.pointee, &restriction)
      if restriction.isEmpty { return }
      block.forEachRun(problem.pointee.mask, pending.restriction, softcap: pending.softcap) { firstRow, rows, rules in
        kernels.softmaxStep(
          scores + firstRow * block.ld, rows, block.keys.count, block.ld, rules, maximum + firstRow, sum + firstRow,
          rescale + firstRow)
      }
    }
  }

  /// Calls `body` for each tile that the mask leaves something of, once with its final scores (−∞ where masked), before they
  /// become weights; what it returns is called with the weights (0 where masked).
  ///
  /// - Precondition: ``findMaximaAndSums()`` has run.
  func forEachWeightTile(
    scores finalScores: (_ block: ScoreBlock<Scalar>) -> Void = { _ in },
    weights body: (_ block: ScoreBlock<Scalar>, _ restriction: MaskRestriction) -> Void
  ) {
    let kernels = Scalar.arithmetic.kernels
    let queries = queryRows()
    forEachTile { block, restriction in
      if restriction.isEmpty { return }
      var restriction = restriction
      block.multiply(problem.pointee, queries: queries.base, ldQueries: queries.leadingDimension)
      let pending = block.prepare(problem.pointee, &restriction)
      if pending.softcap > 0 { kernels.softcap(scores, rows, block.keys.count, block.ld, pending.softcap) }
      if pending.restriction.mayMask {
        block.forEachRun(problem.pointee.mask, pending.restriction, softcap: 0) { firstRow, rows, rules in
          kernels.mask(scores + firstRow * block.ld, rows, block.keys.count, block.ld, rules)
        }
      }
      finalScores(block)
      kernels.weights(scores, rows, block.keys.count, block.ld, maximum, sum)
      body(block, restriction)
    }
  }

  /// The output through a probability program.
  func accumulateInTwoPasses() {
    findMaximaAndSums()
    if let weights = problem.pointee.details.weights {
      for head in place.heads {
        let row = problem.pointee.scoreRow(batch: place.batch, head: head, query: place.queries.lowerBound)
        (weights + row * problem.pointee.shape.keys).update(
          repeating: 0, count: place.queries.count * problem.pointee.shape.keys)
      }
    }
    beginWeightedValues()
    forEachWeightTile { block, restriction in
      block.runProbabilityProgram(problem.pointee, restriction) { sum[$0] == 0 }
      problem.pointee.modifiers.dropout?.apply(to: block)
      block.copy(to: problem.pointee.details.weights, problem.pointee)
      addWeightedValues(block, restriction)
    }
    writeWeightedOutput()
  }

  /// Before the first tile of weights.
  func beginWeightedValues() { accumulator.initialize(repeating: 0, count: rows * problem.pointee.shape.valueHeadSize) }

  /// Adds final weights times values to the accumulator.
  func addWeightedValues(_ block: ScoreBlock<Scalar>, _ restriction: MaskRestriction) {
    let dv = problem.pointee.shape.valueHeadSize
    if restriction.mayMask, !block.valuesAreFinite(problem.pointee) {
      block.addAttendedValues(problem.pointee, restriction, to: accumulator, ldTarget: dv)
    } else {
      block.multiplyValues(problem.pointee, addingTo: accumulator, ldTarget: max(dv, 1), factor: 1)
    }
  }

  /// The accumulated sums into the output. The weights have been divided already: by 1, or 0 for a row with nothing to attend.
  func writeWeightedOutput() {
    for row in 0..<rows { rescale[row] = sum[row] == 0 ? 0 : 1 }
    writeOutput(dividingBy: rescale)
  }
}
