public import Tensors

extension KeyValueCache {
  /// The keys that are held of a batch element [G, count, D], at ``heldPositions(batch:)``, as the arithmetic sees them.
  ///
  /// - Precondition: `batch` in 0 ..< B.
  /// - Throws: ``AttentionError/tensor(_:)`` when memory is not given.
  public func keys(batch: Int) throws(AttentionError) -> Tensor<Scalar> {
    try tensor(rows(of: .keys), batch: batch)
  }

  /// The values that are held of a batch element [G, count, Dv].
  ///
  /// - Precondition: `batch` in 0 ..< B.
  /// - Throws: ``AttentionError/tensor(_:)`` when memory is not given.
  public func values(batch: Int) throws(AttentionError) -> Tensor<Scalar> {
    try tensor(rows(of: .values), batch: batch)
  }

  /// All keys [B, G, S, D] and values [B, G, S, Dv], S being the longest length; 0 where a batch element has no row, or no longer.
  ///
  /// - Throws: ``AttentionError/tensor(_:)`` when memory is not given.
  public func tensors() throws(AttentionError) -> (keys: Tensor<Scalar>, values: Tensor<Scalar>) {
    (try tensor(rows(of: .keys)), try tensor(rows(of: .values)))
  }

  enum Kind { case keys, values }

  /// Where the rows are, as long as the table lives.
  func rows(of kind: Kind) -> KeyValueRows<Scalar> {
    KeyValueRows(
      pages: kind == .keys ? table.keyAddresses : table.valueAddresses, pagesPerElement: table.pagesPerElement,
      rowsPerPage: rowsPerPage, columns: kind == .keys ? headSize : valueHeadSize, element: element)
  }

  private func tensor(_ rows: KeyValueRows<Scalar>, batch: Int) throws(AttentionError) -> Tensor<Scalar> {
    let held = heldPositions(batch: batch)
    let result = try rethrowing { () throws(TensorError) in
      try Tensor<Scalar>(uninitialized: [keyValueHeads, held.count, rows.columns])
    }
    try copy(rows, batch: batch, to: result.storage.base, headStride: held.count * rows.columns)
    return result
  }

  private func tensor(_ rows: KeyValueRows<Scalar>) throws(AttentionError) -> Tensor<Scalar> {
    let (stride, longest) = (keyValueHeads * length * rows.columns, length)
    let result = try rethrowing { () throws(TensorError) in
      try Tensor<Scalar>(zeros: [batch, keyValueHeads, longest, rows.columns])
    }
    for element in 0..<batch {
      try copy(
        rows, batch: element,
        to: result.storage.base + element * stride + heldPositions(batch: element).lowerBound * rows.columns,
        headStride: longest * rows.columns)
    }
    return result
  }

  /// Writes the rows that are held of a batch element, each head's `headStride` after the one before.
  private func copy(
    _ rows: KeyValueRows<Scalar>, batch: Int, to target: UnsafeMutablePointer<Scalar>, headStride: Int
  ) throws(AttentionError) {
    let held = heldPositions(batch: batch)
    let scratch = try rethrowing { () throws(TensorError) in
      try TensorStorage<Scalar>(uninitializedCount: rows.scratchCount(rows: held.count))
    }
    for head in 0..<keyValueHeads {
      var start = held.lowerBound
      while start < held.upperBound {
        let segment = rows.segment(
          batch: batch, head: head, rows: start..<held.upperBound, scratch: scratch.base)
        // Rows of a page have no gaps.
        (target + head * headStride + (start - held.lowerBound) * rows.columns).update(
          from: segment.base, count: segment.rows.count * rows.columns)
        start = segment.rows.upperBound
      }
    }
    withExtendedLifetime((scratch, table)) {}
  }
}
