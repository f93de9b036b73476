internal import Glibc
internal import Tensors

/// What modifiers do to the weights of whole rows.
extension ScoreBlock {
  /// Sinks, probability program and dropout, on rows that a softmax over the keys alone has made.
  ///
  /// - Parameters:
  ///   - problem: whose block it is.
  ///   - restriction: how the mask acts on the block.
  ///   - logSumExp: of each row, without sink.
  func modifyWeights(
    _ problem: borrowing AttentionProblem<Scalar>, _ restriction: MaskRestriction, logSumExp: UnsafePointer<Scalar>
  ) {
    if problem.modifiers.hasSinks {
      for row in 0..<rows where logSumExp[row] != -.infinity {
        let head = heads.lowerBound + row / queries.count
        let all = problem.modifiers.includingSink(logSumExp[row], head: head)
        let factor = Scalar(exp(Double(logSumExp[row] - all)))
        for column in 0..<keys.count { base[row * ld + column] *= factor }
      }
    }
    runProbabilityProgram(problem, restriction) { logSumExp[$0] == -.infinity }
    problem.modifiers.dropout?.apply(to: self)
  }

  /// Runs the score program; where it gives −∞ the mask is closed, in ``kept`` and in `restriction`.
  func runScoreProgram(_ problem: borrowing AttentionProblem<Scalar>, _ restriction: inout MaskRestriction) {
    guard problem.modifiers.hasScoreProgram, let program = problem.modifiers.scoreProgram else { return }
    program.apply(to: self)
    guard !restriction.isEmpty, masksAny() else { return }
    if !restriction.byPattern {
      if restriction.byKeep {
        problem.mask.fillKeep(batch: batch, heads: heads, queries: queries, keys: keys, into: kept)
      } else {
        kept.update(repeating: true, count: rows * keys.count)
      }
    }
    restriction.byProgram = true
    for row in 0..<rows {
      let (scores, kept) = (base + row * ld, kept + row * keys.count)
      for column in 0..<keys.count where scores[column] == -.infinity { kept[column] = false }
    }
  }

  /// Whether any score is −∞.
  private func masksAny() -> Bool {
    if Scalar.arithmetic.kernels.allFinite(base, rows, keys.count, ld) { return false }
    for row in 0..<rows {
      for column in 0..<keys.count where base[row * ld + column] == -.infinity { return true }
    }
    return false
  }

  /// Runs the probability program on the weights; those of masked places and of rows with nothing to attend stay 0.
  func runProbabilityProgram(
    _ problem: borrowing AttentionProblem<Scalar>, _ restriction: MaskRestriction, isEmptyRow: (_ row: Int) -> Bool
  ) {
    guard problem.modifiers.hasProbabilityProgram, let program = problem.modifiers.probabilityProgram else { return }
    program.apply(to: self)
    clearMasked(problem.mask, restriction)
    for row in 0..<rows where isEmptyRow(row) {
      (base + row * ld).update(repeating: 0, count: keys.count)
    }
  }
}

extension AttentionModifiers {
  /// log(e^logSumExp + e^sink): that of a row with its head's sink among the keys.
  func includingSink(_ logSumExp: Scalar, head: Int) -> Scalar {
    guard let sink = sinks?[head], sink != -.infinity else { return logSumExp }
    if logSumExp == -.infinity { return sink }
    let (low, high) = (Double(min(logSumExp, sink)), Double(max(logSumExp, sink)))
    return Scalar(logSumExp.isNaN ? .nan : high + log1p(exp(low - high)))
  }
}
