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
    var pairs = 0.0
    for batch in 0..<shape.batch {
      for query in 0..<shape.queries {
        let range = resolved.range(batch: batch, query: query)
        pairs += Double(max(0, range.end - range.first))
      }
    }
    return 2 * pairs * Double(shape.heads) * Double(shape.headSize + shape.valueHeadSize)
  }

  /// Tiles of the chosen path by what the mask does to them.
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
    let tiling = AttentionTiling(shape: shape, followsEdge: mask.needsAlignment)
    counts.size = "\(tiling.rowsPerPiece) rows × \(tiling.keysPerTile) keys"
    let tilesPerRow = (shape.keys + tiling.keysPerTile - 1) / tiling.keysPerTile
    for index in 0..<tiling.pieceCount {
      let piece = tiling.piece(index)
      let union = resolved.union(batch: piece.batch, queries: piece.queries)
      var seen = 0
      var start = union.lowerBound
      while start < union.upperBound {
        let tile = start..<min(start + tiling.keysPerTile, union.upperBound)
        start = tile.upperBound
        seen += 1
        let coverage = resolved.keepCoverage(
          batch: piece.batch, heads: piece.heads, queries: piece.queries, keys: tile)
        let isWhole = resolved.coversWholly(batch: piece.batch, queries: piece.queries, keys: tile)
        switch coverage {
        case .none: counts.skipped += 1
        case .all where isWhole: counts.full += 1
        default: counts.partial += 1
        }
      }
      counts.skipped += max(0, tilesPerRow - seen)
    }
    return counts
  }

  private var inputBytes: Double {
    let queries = Double(shape.heads * shape.queries * shape.headSize)
    let keysAndValues = Double(shape.keyValueHeads * shape.keys * (shape.headSize + shape.valueHeadSize))
    return Double(shape.batch * MemoryLayout<Scalar>.stride) * (queries + keysAndValues)
  }

  private var outputBytes: Double {
    Double(shape.batch * shape.heads * shape.queries * shape.valueHeadSize * MemoryLayout<Scalar>.stride)
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
