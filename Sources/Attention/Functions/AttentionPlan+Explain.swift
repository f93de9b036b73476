internal import Tensors

extension AttentionPlan {
  /// What the plan does, in words and numbers: sizes, mask, path and why, tiles, operations, memory, threads.
  ///
  /// - Complexity: looks at every tile's part of a `keep` mask; otherwise O(rows).
  public func explain() -> String {
    let element = Scalar.self == Float.self ? "Float" : "Double"
    var lines = [
      "problem    B \(shape.batch), H \(shape.heads), G \(shape.keyValueHeads), L \(shape.queries), S \(shape.keys), "
        + "D \(shape.headSize), Dv \(shape.valueHeadSize), \(element)",
      "scores     scale \(scale)" + (options.softcap.map { $0 > 0 ? ", softcap \($0)" : "" } ?? ""),
      "mask       \(mask)" + (mask.needsAlignment ? ", aligned at \(options.alignment ?? .start)" : ""),
      "path       \(path.rawValue): \(reason)",
    ]
    let tiles = tileCounts()
    if tiles.total > 0 {
      lines.append(
        "tiles      \(tiles.total) of \(tiles.size): \(tiles.full) full, \(tiles.partial) partial, "
          + "\(tiles.skipped) skipped")
    }
    let all = shape.floatingPointOperations
    lines.append("work       \(Self.scaled(usefulOperations()))FLOP useful of \(Self.scaled(all))FLOP without a mask")
    lines.append(
      "memory     reads \(Self.scaled(inputBytes))B, writes \(Self.scaled(outputBytes))B, "
        + "scratch \(Self.scaled(Double(scratchBytes)))B in all")
    lines.append("threads    \(usefulWorkers) of \(workers) workers, BLAS at one thread each")
    return lines.joined(separator: "\n")
  }

  /// 2·(D + Dv) for every pair of query and key that ranges (causal, window, lengths) let through.
  public func usefulOperations() -> Double {
    guard let resolved = try? ResolvedMask(mask, alignment: options.alignment, shape: shape) else { return 0 }
    guard resolved.hasRanges else { return shape.floatingPointOperations }
    guard shape.queries > 0, shape.keys > 0 else { return 0 }
    var pairs = 0.0
    for batch in 0..<shape.batch {
      for query in 0..<shape.queries {
        let range = resolved.range(batch: batch, query: query)
        pairs += Double(max(0, range.end - range.first))
      }
    }
    return 2 * pairs * Double(shape.heads) * Double(shape.headSize + shape.valueHeadSize)
  }

  /// Tiles of the chosen path by what the mask does to them: full ones skip it, partial ones apply it (or a bias), skipped ones
  /// are neither computed nor read.
  struct TileCounts {
    var size = ""
    var full = 0
    var partial = 0
    var skipped = 0
    var total: Int { full + partial + skipped }
  }

  func tileCounts() -> TileCounts {
    var counts = TileCounts()
    guard path == .tiled, shape.keys > 0,
      let resolved = try? ResolvedMask(mask, alignment: options.alignment, shape: shape)
    else { return counts }
    let tiling = AttentionTiling(shape: shape, followsEdge: mask.hasEdge)
    counts.size = "\(tiling.rowsPerPiece) rows × \(tiling.keysPerTile) keys"
    let computesMasked = !options.details.isDisjoint(with: [.rawScores, .cappedScores])
    let tilesPerRow = (shape.keys + tiling.keysPerTile - 1) / tiling.keysPerTile
    for index in 0..<tiling.pieceCount {
      let piece = tiling.piece(index)
      // As the path does: from the first key that some row may attend, or all where scores are asked for masked places too.
      let union = resolved.union(batch: piece.batch, queries: piece.queries)
      let keys = computesMasked ? 0..<shape.keys : union
      let tiles = stride(from: keys.lowerBound, to: keys.upperBound, by: tiling.keysPerTile)
      var seen = 0
      for start in tiles {
        seen += 1
        let restriction = resolved.restriction(
          batch: piece.batch, heads: piece.heads, queries: piece.queries,
          keys: start..<min(start + tiling.keysPerTile, keys.upperBound))
        if restriction.isEmpty, !computesMasked {
          counts.skipped += 1
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

  private var inputBytes: Double {
    let queries = Double(shape.heads) * Double(shape.queries) * Double(shape.headSize)
    let keysAndValues =
      Double(shape.keyValueHeads) * Double(shape.keys) * Double(shape.headSize + shape.valueHeadSize)
    return Double(shape.batch * MemoryLayout<Scalar>.stride) * (queries + keysAndValues)
  }

  private var outputBytes: Double {
    Double(shape.batch) * Double(shape.heads) * Double(shape.queries)
      * Double(shape.valueHeadSize * MemoryLayout<Scalar>.stride)
  }

  /// 6442450944 → "6.44 G".
  private static func scaled(_ value: Double) -> String {
    let units = ["", "k", "M", "G", "T", "P"]
    var (value, unit) = (value, 0)
    while value >= 1000, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    let rounded = (value * 100).rounded() / 100
    return (rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)") + " " + units[unit]
  }
}
