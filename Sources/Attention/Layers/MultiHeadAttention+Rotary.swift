internal import Tensors

extension MultiHeadAttention {
  /// That a head is as large as what is rotated of it.
  func checkRotaryPositions() throws(AttentionError) {
    guard isRotary, let rotaryPositions else { return }
    try rotaryPositions.check(.offset(0), batch: 0, rows: 0, headSize: headSize)
  }

  /// Rotates projected queries and keys where they lie.
  ///
  /// - Parameter alignment: where query 0 stands among the keys; nil: at key 0.
  func rotate(
    _ inputs: ProjectedInputs<Scalar>, alignment: QueryAlignment?, workers: Int
  ) throws(AttentionError) {
    guard isRotary else { return }
    let rows = (queries: inputs.queries.layout.shape[1], keys: inputs.keys.layout.shape[1])
    let positions: RowPositions =
      switch alignment ?? .start {
      case .start: .offset(0)
      case .end: .offset(rows.keys - rows.queries)
      case .offset(let offset): .offset(offset)
      case .offsets(let offsets): .offsets(offsets)
      }
    try rotate(inputs.queries, at: positions, workers: workers)
    try rotate(inputs.keys, at: .offset(0), workers: workers)
  }

  /// Rotates the heads of [B, rows, E] where they lie.
  func rotate(_ projected: Tensor<Scalar>, at positions: RowPositions, workers: Int) throws(AttentionError) {
    guard isRotary, let rotaryPositions, let strides = HeadStrides(projected, heads: headCount) else { return }
    let (batch, rows) = (projected.layout.shape[0], projected.layout.shape[1])
    try rotaryPositions.check(positions, batch: batch, rows: rows, headSize: headSize)
    try rotaryPositions.rotate(
      MutableHeadMatrices(base: projected.storage.base + projected.layout.offset, strides: strides), batch: batch,
      heads: headCount, rows: rows, headSize: headSize, at: positions, workers: workers)
  }
}
