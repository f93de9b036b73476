internal import Tensors

extension MultiHeadAttention {
  /// That a head is as large as what is rotated of it.
  func checkRotaryPositions() throws(AttentionError) {
    guard isRotary, let rotaryPositions else { return }
    try rotaryPositions.check(.offset(0), batch: 0, rows: 0, headSize: headSize)
  }

  /// The same, and that queries have a place among the keys.
  func checkRotaryPositions(queries: Int, keys: Int, alignment: QueryAlignment?) throws(AttentionError) {
    try checkRotaryPositions()
    guard !isRotary || alignment != nil || queries == keys else {
      throw .alignmentNeeded(queries: queries, keys: keys)
    }
  }

  /// Rotates projected queries and keys where they lie.
  ///
  /// - Parameters:
  ///   - inputs: what was projected, without appended keys.
  ///   - alignment: where query 0 stands among the keys; nil: at key 0.
  ///   - keyLengths: of the mask; nil: all.
  ///   - workers: threads to share the work.
  func rotate(
    _ inputs: ProjectedInputs<Scalar>, alignment: QueryAlignment?, keyLengths: [Int]?, workers: Int
  ) throws(AttentionError) {
    guard isRotary, let rotaryPositions else { return }
    let (batch, queries, keys) = (
      inputs.queries.layout.shape[0], inputs.queries.layout.shape[1], inputs.keys.layout.shape[1]
    )
    let positions = (alignment ?? .start).positions(queries: queries, keys: keys, keyLengths: keyLengths)
    // Frequencies that follow the length must be the same for both.
    let length = max(positions.greatest(batch: batch, rows: queries).map { $0 + 1 } ?? 0, keys)
    let rotary = try rotaryPositions.fitted(toLength: length, precomputed: 0)
    try rotate(inputs.queries, by: rotary, at: positions, workers: workers)
    try rotate(inputs.keys, by: rotary, at: .offset(0), workers: workers)
  }

  /// Rotates the heads of [B, rows, E] where they lie.
  func rotate(
    _ projected: Tensor<Scalar>, by rotary: RotaryPositions<Scalar>, at positions: RowPositions, workers: Int
  ) throws(AttentionError) {
    let (batch, rows) = (projected.layout.shape[0], projected.layout.shape[1])
    try rotary.check(positions, batch: batch, rows: rows, headSize: headSize)
    guard batch > 0, rows > 0 else { return }
    guard let strides = HeadStrides(projected, heads: headCount) else {
      throw .tooLarge(name: "projection", shape: projected.shape)
    }
    try rotary.rotate(
      MutableHeadMatrices(base: projected.storage.base + projected.layout.offset, strides: strides), batch: batch,
      heads: headCount, rows: rows, headSize: headSize, at: positions,
      workers: min(workers, RotaryRotation<Scalar>.workersWorthWaking(numbers: batch * rows * embeddingSize)))
  }
}

extension QueryAlignment {
  /// The positions of L queries among S keys.
  func positions(queries: Int, keys: Int, keyLengths: [Int]?) -> RowPositions {
    switch self {
    case .start: .offset(0)
    case .end: keyLengths.map { .offsets($0.map { $0 - queries }) } ?? .offset(keys - queries)
    case .offset(let offset): .offset(offset)
    case .offsets(let offsets): .offsets(offsets)
    }
  }
}
