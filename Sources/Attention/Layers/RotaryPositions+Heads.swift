internal import Tensors

// Heads in memory that somebody else owns, for layers that rotate what lies in their workspace.

extension RotaryPositions {
  /// That a rotation of this size would not throw, for callers that compute what is to be rotated.
  ///
  /// - Parameters:
  ///   - positions: of the rows.
  ///   - batch: B.
  ///   - rows: L.
  ///   - headSize: D.
  func check(
    _ positions: RowPositions, batch: Int, rows: Int, headSize: Int
  ) throws(AttentionError) {
    guard headSize >= rotarySize else {
      throw .argument(name: "headSize", expected: "\(rotarySize), the rotary size, or more", actual: "\(headSize)")
    }
    if isComputed {
      let limit = QueryAlignment.limit
      try positions.validate(batch: batch, rows: rows, within: (1 - limit)..<limit, expected: "below 2⁴⁰ in magnitude")
    } else {
      let count = cosines.layout.shape[0]
      try positions.validate(
        batch: batch, rows: rows, within: 0..<count, expected: "in 0..<\(count), the rows of the tables")
    }
  }

  /// Rotates heads in place.
  ///
  /// Allocates nothing on one worker, unless positions go beyond the original length of dynamic scaling.
  ///
  /// - Parameters:
  ///   - matrices: [B, H, L, D], rows that do not overlap.
  ///   - positions: of the rows; passed ``check(_:batch:rows:headSize:)``, as the sizes did.
  ///   - workers: threads that share the work.
  func rotate(
    _ matrices: MutableHeadMatrices<Scalar>, batch: Int, heads: Int, rows: Int, headSize: Int,
    at positions: RowPositions, workers: Int
  ) throws(AttentionError) {
    try rotate(
      HeadMatrices(base: UnsafePointer(matrices.base), strides: matrices.strides), into: matrices, batch: batch,
      heads: heads, rows: rows, headSize: headSize, at: positions, workers: workers)
  }

  /// Rotates heads into other memory, or their own.
  func rotate(
    _ source: HeadMatrices<Scalar>, into target: MutableHeadMatrices<Scalar>, batch: Int, heads: Int, rows: Int,
    headSize: Int, at positions: RowPositions, workers: Int
  ) throws(AttentionError) {
    if scaling.isDynamic, let last = positions.greatest(batch: batch, rows: rows) {
      // Frequencies of this length are this call's alone: only the rows that it has are computed.
      return try fitted(toLength: last + 1, precomputed: 0).rotate(
        source, into: target, batch: batch, heads: heads, rows: rows, headSize: headSize, at: positions,
        workers: workers)
    }
    let rotation = RotaryRotation(
      source: source, target: target, batch: batch, heads: heads, rows: rows, headSize: headSize, positions: positions,
      pairing: pairing, pairs: rotarySize / 2, cosines: UnsafePointer(cosines.storage.base) + cosines.layout.offset,
      sines: UnsafePointer(sines.storage.base) + sines.layout.offset, tableCount: cosines.layout.shape[0],
      frequencies: UnsafePointer(inverseFrequencies.storage.base) + inverseFrequencies.layout.offset,
      factor: attentionFactor)
    rotation.run(workers: workers)
    withExtendedLifetime(self) {}
  }
}
