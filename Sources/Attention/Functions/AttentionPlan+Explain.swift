internal import Tensors

extension AttentionPlan {
  /// What the plan does, in words and numbers: sizes, mask, path and why, tiles, operations, memory, threads.
  ///
  /// - Complexity: looks at every tile's part of a `keep` mask; otherwise O(rows), and for a pattern at most 2²⁶ places.
  public func explain() -> String { explain(placesLimit: Self.placesLimit) }

  func explain(placesLimit: Int) -> String {
    let element = Scalar.self == Float.self ? "Float" : "Double"
    var lines = [
      "problem    B \(shape.batch), H \(shape.heads), G \(shape.keyValueHeads), L \(shape.queries), S \(shape.keys), "
        + "D \(shape.headSize), Dv \(shape.valueHeadSize), \(element)",
      "scores     scale \(scale)" + (options.softcap.map { $0 > 0 ? ", softcap \($0)" : "" } ?? ""),
      "mask       \(mask)" + (mask.needsAlignment ? ", aligned at \(options.alignment ?? .start)" : ""),
      "path       \(path.rawValue): \(reason)",
    ]
    if "\(modifiers)" != "none" { lines.insert("modifiers  \(modifiers)", at: 3) }
    let tiles = tileCounts(placesLimit: placesLimit)
    if tiles.total > 0 {
      lines.append(
        "tiles      \(tiles.total) of \(tiles.size): \(tiles.full) full, \(tiles.partial) partial, "
          + "\(tiles.skipped) skipped" + (tiles.unknown > 0 ? ", \(tiles.unknown) decided by each run" : ""))
    }
    let all = shape.floatingPointOperations
    let useful = usefulWork(placesLimit: placesLimit)
    lines.append(
      "work       \(useful.isBound ? "at most " : "")\(Self.scaled(useful.operations))FLOP useful of "
        + "\(Self.scaled(all))FLOP without a mask")
    lines.append(
      "memory     reads \(Self.scaled(inputBytes))B, writes \(Self.scaled(outputBytes))B, "
        + "scratch \(Self.scaled(Double(scratchBytes)))B in all")
    lines.append("threads    \(usefulWorkers) of \(workers) workers, BLAS at one thread each")
    return lines.joined(separator: "\n")
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
