extension AttentionPlan {
  /// The most query rows of a block of the BLAS path, and the distance between them in scratch, for a measurement of the
  /// path's steps.
  package func blockSize() throws(AttentionError) -> (rows: Int, leadingDimension: Int) {
    let row = try AttentionShape(queries: 1, keys: shape.keys, headSize: shape.headSize)
    // Beside its scores a row has its log-sum-exp and the two ends of its range.
    return (BLASAttention.rowsPerBlock(shape: shape), BLASAttention.scratchCount(capacity: row) - 3)
  }
}
