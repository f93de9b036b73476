internal import Glibc
internal import Tensors

/// One piece of the tiled path, and where what is found out about its rows goes.
struct InspectedPiece<Scalar: BLASScalar> {
  private let piece: TilePiece<Scalar>
  private let targets: InsightPointers<Scalar>
  private let totals: UnsafeMutablePointer<Scalar>?  // [B, H, S]
  // Scratch, after the piece's own.
  private let differences: UnsafeMutablePointer<Scalar>  // [key tile]
  private let powers: UnsafeMutablePointer<Scalar>  // [key tile]

  init(_ piece: TilePiece<Scalar>, _ targets: InsightPointers<Scalar>, totals: UnsafeMutablePointer<Scalar>?) {
    let shape = piece.problem.pointee.shape
    (self.piece, self.targets, self.totals) = (piece, targets, totals)
    differences = piece.scratch.base + AttentionTiling.scratchCount(capacity: shape)
    powers = differences + InspectionTiling.rowCount(shape)
  }

  private var problem: UnsafePointer<AttentionProblem<Scalar>> { piece.problem }
  /// Whether the weights are e^(s − m) / l and nothing else.
  private var isPlain: Bool { !problem.pointee.modifiers.changesWeights }

  func inspect() {
    let computesOutput = problem.pointee.shape.valueHeadSize > 0
    guard computesOutput || targets.concerns(piece.place) else { return }
    piece.beginRows()
    piece.findMaximaAndSums()
    piece.writeLogSumExp()
    guard computesOutput || targets.inspection.needsWeights else { return }
    if computesOutput { piece.beginWeightedValues() }
    piece.forEachWeightTile { block in
      if isPlain { addPowerEntropy(block) }
    } weights: { block, restriction in
      block.runProbabilityProgram(problem.pointee, restriction) { piece.sum[$0] == 0 }
      problem.pointee.modifiers.dropout?.apply(to: block)
      if !isPlain { addWeightEntropy(block) }
      rank(block)
      addTotals(block)
      copySelected(block)
      if computesOutput { piece.addWeightedValues(block, restriction) }
    }
    if isPlain { finishEntropy() }
    if computesOutput { piece.writeWeightedOutput() }
  }

  /// Where a row of the piece stands among the B·H·L.
  private func scoreRow(_ row: Int) -> Int {
    let (head, query) = row.quotientAndRemainder(dividingBy: piece.place.queries.count)
    return problem.pointee.scoreRow(
      batch: piece.place.batch, head: piece.place.heads.lowerBound + head,
      query: piece.place.queries.lowerBound + query)
  }

  // MARK: Entropy

  /// Adds Σ e^(s − m)·(m − s) of a tile of final scores to each row's entropy.
  ///
  /// With w = e^(s − m) / l, −Σ w·ln w = Σ e^(s − m)·(m − s) / l + Σ w · ln l: no term is negative, so that nothing cancels,
  /// however large the scores, and one logarithm a row is enough.
  private func addPowerEntropy(_ block: ScoreBlock<Scalar>) {
    guard let entropy = targets.entropy else { return }
    let (kernels, columns) = (Scalar.arithmetic.kernels, block.keys.count)
    for row in 0..<block.rows where piece.sum[row] != 0 {
      let (scores, maximum) = (block.base + row * block.ld, piece.maximum[row])
      for column in 0..<columns {
        // e^−1000 is 0 in both types, and 0·1000 is 0: so −∞ of masked places is chosen away, and NaN stays.
        let difference = scores[column] - maximum
        differences[column] = difference < -1000 ? -1000 : difference
      }
      kernels.exp(differences, powers, columns)
      entropy[scoreRow(row)] -= kernels.dot(powers, differences, columns)
    }
  }

  private func finishEntropy() {
    guard let entropy = targets.entropy else { return }
    for row in 0..<piece.rows where piece.sum[row] != 0 {
      let sum = Double(piece.sum[row])
      var keysShare = 1.0
      if problem.pointee.modifiers.hasSinks, let sinks = problem.pointee.modifiers.sinks {
        let sink = sinks[piece.place.heads.lowerBound + row / piece.place.queries.count]
        keysShare -= exp(Double(sink) - Double(piece.maximum[row])) / sum
      }
      let place = scoreRow(row)
      entropy[place] = Scalar(Double(entropy[place]) / sum + log(sum) * keysShare)
    }
  }

  /// Adds −Σ w·ln w of a tile of weights to each row's entropy.
  private func addWeightEntropy(_ block: ScoreBlock<Scalar>) {
    guard let entropy = targets.entropy else { return }
    for row in 0..<block.rows {
      let weights = block.base + row * block.ld
      var sum = 0.0
      for column in 0..<block.keys.count where weights[column] != 0 {
        sum -= Double(weights[column]) * log(Double(weights[column]))
      }
      entropy[scoreRow(row)] += Scalar(sum)
    }
  }

  // MARK: Other figures

  private func rank(_ block: ScoreBlock<Scalar>) {
    guard targets.maximum.weights != nil || targets.top.weights != nil else { return }
    for row in 0..<block.rows {
      let (weights, place) = (block.base + row * block.ld, scoreRow(row))
      targets.maximum.insert(weights, columns: block.keys.count, firstKey: block.keys.lowerBound, row: place)
      targets.top.insert(weights, columns: block.keys.count, firstKey: block.keys.lowerBound, row: place)
    }
  }

  /// Adds the rows of each head, first among themselves: sums of sums stay more exact than one long sum.
  private func addTotals(_ block: ScoreBlock<Scalar>) {
    guard let totals else { return }
    let (axpy, columns) = (Scalar.arithmetic.kernels.axpy, block.keys.count)
    for (index, head) in block.heads.enumerated() {
      let sums = powers
      sums.update(repeating: 0, count: columns)
      let firstRow = index * block.queries.count
      for row in firstRow..<(firstRow + block.queries.count) { axpy(1, block.base + row * block.ld, sums, columns) }
      let start =
        (block.batch * problem.pointee.shape.heads + head) * problem.pointee.shape.keys + block.keys.lowerBound
      axpy(1, sums, totals + start, columns)
    }
  }

  private func copySelected(_ block: ScoreBlock<Scalar>) {
    guard let target = targets.weights else { return }
    let (heads, queries) = (targets.selectedHeads, targets.selectedQueries)
    for (headIndex, head) in heads.enumerated() where block.heads.contains(head) {
      let firstRow = (head - block.heads.lowerBound) * block.queries.count
      for (queryIndex, query) in queries.enumerated() where block.queries.contains(query) {
        let row = (block.batch * heads.count + headIndex) * queries.count + queryIndex
        (target + row * problem.pointee.shape.keys + block.keys.lowerBound).update(
          from: block.base + (firstRow + query - block.queries.lowerBound) * block.ld, count: block.keys.count)
      }
    }
  }
}

extension AttentionModifiers {
  /// Whether weights are anything but the softmax of the scores and a sink.
  var changesWeights: Bool { hasProbabilityProgram || (dropout?.probability ?? 0) > 0 }
}
