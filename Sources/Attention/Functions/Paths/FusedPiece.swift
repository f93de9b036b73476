internal import Tensors

/// One piece of fused attention: some blocks of rows that share a key/value head, against tile after tile of its keys and values.
struct FusedPiece<Scalar: BLASScalar> {
  let problem: UnsafePointer<AttentionProblem<Scalar>>
  let batch: Int
  let keyValueHead: Int
  /// L of this batch element.
  let queryCount: Int
  let worker: WorkerScratch<Scalar>
  private let scratch: FusedScratch<Scalar>
  private var kernels: FusedKernels<Scalar> { Scalar.arithmetic.fused }

  init(
    problem: UnsafePointer<AttentionProblem<Scalar>>, batch: Int, keyValueHead: Int, queryCount: Int,
    worker: WorkerScratch<Scalar>, _ layout: FusedScratchLayout<Scalar>
  ) {
    (self.problem, self.batch, self.keyValueHead) = (problem, batch, keyValueHead)
    (self.queryCount, self.worker) = (queryCount, worker)
    scratch = FusedScratch(worker, layout)
  }

  /// A block, its place in the problem, and the keys that some of its rows may attend.
  struct Part {
    let place: FusedTiling.Block
    let keys: Range<Int>
    var block: FusedBlock<Scalar>

    /// Adds what these keys give.
    mutating func attend(_ keys: Range<Int>, by piece: FusedPiece) {
      withUnsafeMutablePointer(to: &self) { piece.attend(UnsafeMutableBufferPointer(start: $0, count: 1), keys) }
    }
  }

  /// The queries of the group's heads.
  private var queryRows: FusedRows<Scalar> {
    let (queries, head) = (problem.pointee.queries, keyValueHead * problem.pointee.shape.groupSize)
    return FusedRows(
      base: UnsafeMutablePointer(mutating: queries[batch, head]), inner: queryCount, innerStride: queries.strides.row,
      outerStride: queries.strides.head)
  }

  /// Where the results of the group's heads go.
  private var outputRows: FusedRows<Scalar> {
    let (output, head) = (problem.pointee.output, keyValueHead * problem.pointee.shape.groupSize)
    return FusedRows(
      base: output[batch, head], inner: queryCount, innerStride: output.strides.row, outerStride: output.strides.head)
  }

  /// Packs a block's queries; before the first tile its rows have seen nothing, or their heads' sinks.
  func begin(_ place: FusedTiling.Block, slot: Int, seesSinks: Bool = true) -> Part {
    // Scores in their own units: those of base 2 would round once more, which large ones show.
    var block = scratch.block(
      slot: slot, rows: place.rows.count, headSize: problem.pointee.shape.headSize,
      valueHeadSize: problem.pointee.shape.valueHeadSize, isNatural: true,
      hasSameBits: !place.isAmongFew || problem.pointee.isReproducible)
    kernels.packQueries(block, queryRows, place.rows.lowerBound, problem.pointee.scale)
    if seesSinks, problem.pointee.modifiers.hasSinks, let sinks = problem.pointee.modifiers.sinks {
      for row in 0..<block.rows {
        let sink = sinks[keyValueHead * problem.pointee.shape.groupSize + (place.rows.lowerBound + row) / queryCount]
        block.maximum[row] = sink
        block.sum[row] = sink == -.infinity ? 0 : 1
      }
      block.accumulator.update(repeating: 0, count: kernels.accumulatorCount(problem.pointee.shape.valueHeadSize))
      block.hasBegun = true
    }
    let every = 0..<problem.pointee.shape.keys
    let keys =
      problem.pointee.mask.isUnrestricted
      ? every : problem.pointee.mask.span(batch: batch, heads: place.heads, queries: place.queries, keys: every)
    return Part(place: place, keys: keys, block: block)
  }

  /// Passes over the keys, and writes the results.
  func attend(_ parts: UnsafeMutableBufferPointer<Part>) {
    if parts.count == 1, parts[0].place.isAmongFew, !problem.pointee.isReproducible {
      attendInChunks(&parts[0])
    } else {
      attend(parts, 0..<problem.pointee.shape.keys)
    }
    for part in parts { finish(part) }
  }

  /// Chunk by chunk, each from nothing, as workers that share them would.
  private func attendInChunks(_ total: inout Part) {
    let chunks = KeyChunks(end: total.keys.upperBound)
    if chunks.count == 1, !total.block.hasBegun { return total.attend(chunks[0], by: self) }
    for chunk in 0..<chunks.count {
      var part = total
      part.block = scratch.block(slot: 1, like: total.block)
      part.attend(chunks[chunk], by: self)
      kernels.merge(&total.block, part.block)
    }
  }

  private func attend(_ parts: UnsafeMutableBufferPointer<Part>, _ keys: Range<Int>) {
    let first = max(keys.lowerBound, parts.lazy.map(\.keys.lowerBound).min() ?? 0)
    let end = min(keys.upperBound, parts.lazy.map(\.keys.upperBound).max() ?? 0)
    guard first < end else { return }
    // Cut at multiples of a tile wherever the first key is, so that a row's sums do not depend on others'.
    var start = first / FusedAttention.tileKeys * FusedAttention.tileKeys
    while start < end {
      // The kernels read whole vectors of keys as far as a tile goes: no further than keys that are there.
      let tile = start..<min(start + FusedAttention.tileKeys, end)
      attend(parts, tile, reading: tile.clamped(to: first..<end))
      start += FusedAttention.tileKeys
    }
  }

  /// - Parameter attended: the keys of the tile that some row of the piece may attend; others need not be there.
  private func attend(
    _ parts: UnsafeMutableBufferPointer<Part>, _ tile: Range<Int>, reading attended: Range<Int>
  ) {
    var operands: TileOperands<Scalar>?
    for index in parts.indices where parts[index].keys.overlaps(tile) {
      let place = parts[index].place
      let restriction =
        problem.pointee.mask.isUnrestricted
        ? MaskRestriction()
        : problem.pointee.mask.restriction(batch: batch, heads: place.heads, queries: place.queries, keys: tile)
      if restriction.isEmpty { continue }
      // Fetched for the first block that attends something of the tile.
      var read =
        operands
        ?? TileOperands(
          problem.pointee.keys, problem.pointee.values, batch, keyValueHead, tile, reading: attended, worker.conversion)
      // What lies beyond the keys that the block's rows attend is not there to be read.
      let keys = parts[index].keys
      let isCut = restriction.byRange || keys.lowerBound > tile.lowerBound || keys.upperBound < tile.upperBound
      if isCut || restriction.mayMask || problem.pointee.softcap > 0 {
        kernels.step(
          &parts[index].block, read.keys, read.ldKeys, read.values, read.ldValues, tile.count,
          rules(place, tile, restriction, within: isCut ? keys : nil), read.valuesAreFinite())
      } else {
        kernels.step(
          &parts[index].block, read.keys, read.ldKeys, read.values, read.ldValues, tile.count, nil, true)
      }
      operands = read
    }
  }

  /// What the mask does to a block's scores of a tile.
  ///
  /// - Parameter cut: the keys that some row attends; nil: all of the tile by all rows, as far as ranges say.
  private func rules(
    _ place: FusedTiling.Block, _ tile: Range<Int>, _ restriction: MaskRestriction, within cut: Range<Int>?
  ) -> ScoreRules<Scalar> {
    var rules = ScoreRules<Scalar>(softcap: problem.pointee.softcap)
    if let cut {
      let (first, end) = (scratch.ranges, scratch.ranges + kernels.width)
      for row in 0..<place.rows.count {
        let query = place.queries.lowerBound + (place.firstRow + row) % place.queries.count
        let range = problem.pointee.mask.range(batch: batch, query: query)
        let (low, high) = (max(range.first, cut.lowerBound), min(range.end, cut.upperBound))
        first[row] = Int32(min(max(low - tile.lowerBound, 0), tile.count))
        end[row] = Int32(min(max(high - tile.lowerBound, 0), tile.count))
      }
      (rules.first, rules.end) = (UnsafePointer(first), UnsafePointer(end))
    }
    let (head, query) = (
      place.heads.lowerBound + place.firstRow / place.queries.count,
      place.queries.lowerBound + place.firstRow % place.queries.count
    )
    if restriction.byBias, let bias = problem.pointee.mask.bias {
      rules.bias = bias.row(batch: batch, head: head, query: query) + tile.lowerBound
      rules.biasStride = bias.rowStride(heads: place.heads.count, queries: queryCount)
    }
    if restriction.byPattern {
      problem.pointee.mask.fillKeep(
        batch: batch, heads: place.heads, queries: place.queries, keys: tile, into: worker.kept)
      rules.keep = UnsafePointer(worker.kept + place.firstRow * tile.count)
      rules.keepStride = tile.count
    } else if restriction.byKeep, let keep = problem.pointee.mask.keep {
      rules.keep = keep.row(batch: batch, head: head, query: query) + tile.lowerBound
      rules.keepStride = keep.rowStride(heads: place.heads.count, queries: queryCount)
    }
    return rules
  }

  /// The block's rows into the output, and their log-sum-exp.
  func finish(_ part: Part) {
    let group = problem.pointee.shape.groupSize
    let rows = (batch * problem.pointee.shape.heads + keyValueHead * group) * problem.pointee.shape.queries
    guard let target = problem.pointee.details.logSumExp else {
      return kernels.finish(part.block, outputRows, part.place.rows.lowerBound, nil)
    }
    // The log-sum-exp of a row takes the place of its maximum.
    let logSumExp = part.block.maximum
    kernels.finish(part.block, outputRows, part.place.rows.lowerBound, logSumExp)
    for row in 0..<part.block.rows {
      let (head, query) = (part.place.rows.lowerBound + row).quotientAndRemainder(dividingBy: queryCount)
      target[rows + head * problem.pointee.shape.queries + query] = logSumExp[row]
    }
  }
}
