internal import Tensors

extension AttentionPlan {
  /// 2·(D + Dv) for every pair of query and key that ranges (causal, window, lengths) and the pattern let through.
  ///
  /// - Complexity: O(rows), and for a pattern at most 2²⁵ places that are looked at one by one: what is left beyond counts as let
  ///   through.
  public func usefulOperations() -> Double { usefulWork().operations }

  /// Places that are looked at one by one, at most.
  static var placesLimit: Int { 1 << 25 }

  /// The same, and whether it is only an upper bound, because not every place could be looked at.
  func usefulWork(placesLimit: Int = placesLimit) -> (operations: Double, isBound: Bool) {
    guard let resolved = try? ResolvedMask(mask, alignment: options.alignment, shape: shape) else { return (0, false) }
    guard resolved.hasRanges || resolved.hasRule else { return (shape.floatingPointOperations, false) }
    guard shape.queries > 0, shape.keys > 0, shape.heads > 0 else { return (0, false) }
    var count = PairCount(placesLeft: placesLimit)
    for batch in 0..<shape.batch {
      if resolved.rule?.variesByHead == true {
        for head in 0..<shape.heads { resolved.countPairs(batch: batch, head: head, into: &count) }
      } else {
        let before = count.pairs
        resolved.countPairs(batch: batch, head: 0, into: &count)
        count.pairs = before + (count.pairs - before) * Double(shape.heads)
      }
    }
    return (2 * count.pairs * Double(shape.headSize + shape.valueHeadSize), count.isBound)
  }

  /// Tiles of the chosen path by what the mask does to them: full ones skip it, partial ones apply it (or a bias), skipped ones
  /// are neither computed nor read. Of unknown ones each run finds out.
  struct TileCounts {
    var size = ""
    var full = 0
    var partial = 0
    var skipped = 0
    var unknown = 0
    var total: Int { full + partial + skipped + unknown }
  }

  func tileCounts(placesLimit: Int = placesLimit) -> TileCounts {
    if path == .fused { return fusedTileCounts(placesLimit: placesLimit) }
    var counts = TileCounts()
    guard path == .tiled, shape.keys > 0,
      let resolved = try? ResolvedMask(mask, alignment: options.alignment, shape: shape)
    else { return counts }
    let tiling = AttentionTiling(shape: shape, followsEdge: mask.hasEdge)
    counts.size = "\(tiling.rowsPerPiece) rows × \(tiling.keysPerTile) keys"
    let computesMasked = !options.details.isDisjoint(with: [.rawScores, .cappedScores])
    let tilesPerRow = (shape.keys + tiling.keysPerTile - 1) / tiling.keysPerTile
    var placesLeft = placesLimit
    for index in 0..<tiling.pieceCount {
      let piece = tiling.piece(index)
      var seen = 0
      resolved.forEachTile(
        batch: piece.batch, heads: piece.heads, queries: piece.queries, width: tiling.keysPerTile, all: computesMasked
      ) { tile in
        seen += 1
        let restriction = resolved.restriction(
          batch: piece.batch, heads: piece.heads, queries: piece.queries, keys: tile, placesLeft: &placesLeft)
        if restriction.isEmpty, !computesMasked {
          counts.skipped += 1
        } else if restriction.isUnknown, !computesMasked {
          counts.unknown += 1
        } else if restriction.isEmpty || restriction.mayMask {
          counts.partial += 1
        } else {
          counts.full += 1
        }
      }
      counts.skipped += max(0, tilesPerRow - seen)
    }
    return counts
  }
}

extension AttentionPlan {
  private func fusedTileCounts(placesLimit: Int) -> TileCounts {
    var counts = TileCounts()
    guard shape.keys > 0, shape.hasRows,
      let resolved = try? ResolvedMask(mask, alignment: options.alignment, shape: shape)
    else { return counts }
    let tiling = FusedAttention.tiling(
      shape, resolved, batch: shape.batch, queries: shape.queries, workers: usefulWorkers)
    let width = min(FusedAttention.tileKeys, shape.keys)
    counts.size = "\(tiling.rowsPerBlock) rows × \(width) keys"
    var placesLeft = placesLimit
    for index in 0..<tiling.pieceCount {
      let piece = tiling.blocks(index)
      for block in piece.blocks {
        let place = tiling.block(block, batch: piece.batch, keyValueHead: piece.keyValueHead)
        let keys = resolved.span(
          batch: piece.batch, heads: place.heads, queries: place.queries, keys: 0..<shape.keys)
        var seen = 0
        for start in stride(from: keys.lowerBound / width * width, to: keys.upperBound, by: width) {
          seen += 1
          let restriction = resolved.restriction(
            batch: piece.batch, heads: place.heads, queries: place.queries,
            keys: start..<min(start + width, shape.keys), placesLeft: &placesLeft)
          if restriction.isEmpty {
            counts.skipped += 1
          } else if restriction.isUnknown {
            counts.unknown += 1
          } else if restriction.mayMask {
            counts.partial += 1
          } else {
            counts.full += 1
          }
        }
        counts.skipped += (shape.keys + width - 1) / width - seen
      }
    }
    return counts
  }
}

/// Pairs of query and key that are let through.
private struct PairCount {
  var pairs = 0.0
  var isBound = false
  private var placesLeft: Int

  init(placesLeft: Int) { self.placesLeft = placesLeft }

  /// Whether some more places may be looked at; once it is false the count is a bound.
  mutating func takes(_ places: Int) -> Bool {
    guard places <= placesLeft else {
      isBound = true
      return false
    }
    placesLeft -= places
    return true
  }
}

extension ResolvedMask {
  /// Adds one head's pairs.
  fileprivate func countPairs(batch: Int, head: Int, into count: inout PairCount) {
    guard let rule else {
      for query in 0..<queries {
        let range = range(batch: batch, query: query)
        count.pairs += Double(max(0, range.end - range.first))
      }
      return
    }
    let heads = head..<(head + 1)
    for start in stride(from: 0, to: queries, by: 64) {
      let block = start..<min(start + 64, queries)
      forEachTile(batch: batch, heads: heads, queries: block, width: 512, all: false) { tile in
        let coverage = rule.coverage(of: patternBlock(batch: batch, heads: heads, queries: block, keys: tile))
        if coverage == .none { return }
        if count.isBound {
          count.pairs += Double(block.count) * Double(tile.count)
          return
        }
        for query in block {
          let range = range(batch: batch, query: query)
          let keys = tile.clamped(to: range.first..<max(range.first, range.end))
          let row = patternBlock(batch: batch, heads: heads, queries: block, keys: keys).row(head: head, query: query)
          // Arithmetic on a row takes the time of some places.
          if keys.isEmpty || coverage == .all || !count.takes(16) {
            count.pairs += Double(keys.count)
          } else if let attended = rule.count(of: row) {
            count.pairs += Double(attended)
          } else {
            count.pairs += Double(count.takes(keys.count) ? rule.countPlaces(of: row) : keys.count)
          }
        }
      }
    }
  }
}
