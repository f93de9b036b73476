public import Tensors

extension KeyValueCache {
  /// Appends N rows to each batch element.
  ///
  /// - Parameters:
  ///   - keys: [B, G, N, D] or [B, N, G·D]. Views are read where they lie.
  ///   - values: [B, G, N, Dv] or [B, N, G·Dv].
  ///   - lengths: how many of the N rows each batch element appends, from the first [B]; nil: all.
  /// - Throws: ``AttentionError`` before anything is written: shapes that do not fit the cache or each other, lengths outside
  ///   0…N, ``AttentionError/capacity(name:capacity:actual:)`` when an element would grow beyond the capacity.
  /// - Complexity: O(B·G·N·(D + Dv)), whatever the length so far: memory is asked for when a page begins that neither
  ///   ``reserveCapacity(_:)`` nor a dropped page provides, and the rows of one page at most are copied, where a snapshot or another
  ///   batch element has it too.
  public mutating func append(
    keys: Tensor<Scalar>, values: Tensor<Scalar>, lengths: [Int]? = nil
  ) throws(AttentionError) {
    let rows = try checkAppend(keys: keys, values: values, lengths: lengths)
    let (k, keptKeys) = try HeadMatrices.of(keys, heads: keyValueHeads)
    let (v, keptValues) = try HeadMatrices.of(values, heads: keyValueHeads)
    try append(k, v, rows: rows, lengths: lengths)
    withExtendedLifetime((keptKeys, keptValues)) {}
  }

  /// Appends rows of caller-owned memory to each batch element.
  ///
  /// - Parameters:
  ///   - rows: N.
  ///   - keys: memory that holds [B, G, N, D].
  ///   - keyStrides: where its rows are.
  ///   - values: memory that holds [B, G, N, Dv].
  ///   - valueStrides: where its rows are.
  ///   - lengths: how many of the N rows each batch element appends, from the first [B]; nil: all.
  /// - Throws: ``AttentionError/spanTooShort(name:expected:actual:)``, and what ``append(keys:values:lengths:)`` throws.
  public mutating func append(
    rows: Int, keys: Span<Scalar>, keyStrides: HeadStrides, values: Span<Scalar>, valueStrides: HeadStrides,
    lengths: [Int]? = nil
  ) throws(AttentionError) {
    guard rows >= 0, rows <= Int(Int32.max) else {
      throw .argument(name: "rows", expected: "0...\(Int32.max)", actual: "\(rows)")
    }
    try checkAppend(rows: rows, lengths: lengths)
    let keyStrides = try keyStrides.checked("keys", batch, keyValueHeads, rows, headSize, count: keys.count)
    let valueStrides = try valueStrides.checked(
      "values", batch, keyValueHeads, rows, valueHeadSize, count: values.count)
    // Typed errors can't leave the closures of spans: carried out by hand.
    var failure: AttentionError?
    keys.withUnsafeBufferPointer { keys in
      values.withUnsafeBufferPointer { values in
        withUnsafeTemporaryAllocation(of: Scalar.self, capacity: 1) { nothing in
          // An empty operand is never read: any address stands for it.
          guard let unused = nothing.baseAddress else { return }
          do throws(AttentionError) {
            try append(
              HeadMatrices(base: keys.baseAddress ?? UnsafePointer(unused), strides: keyStrides),
              HeadMatrices(base: values.baseAddress ?? UnsafePointer(unused), strides: valueStrides), rows: rows,
              lengths: lengths)
          } catch {
            failure = error
          }
        }
      }
    }
    if let failure { throw failure }
  }

  // MARK: Checks

  /// That an append of these would not throw, but for memory that is not given.
  ///
  /// - Returns: N.
  @discardableResult
  func checkAppend(keys: Tensor<Scalar>, values: Tensor<Scalar>, lengths: [Int]?) throws(AttentionError) -> Int {
    let rows = try checkedRows(keys, "key", size: headSize, rows: nil)
    _ = try checkedRows(values, "value", size: valueHeadSize, rows: rows)
    try checkAppend(rows: rows, lengths: lengths)
    return rows
  }

  private func checkedRows(
    _ tensor: Tensor<Scalar>, _ name: String, size: Int, rows: Int?
  ) throws(AttentionError) -> Int {
    let shape = tensor.layout.shape
    guard shape.count == 3 || shape.count == 4 else { throw .rank(name: name, expected: "3 or 4", shape: shape) }
    let isJoined = shape.count == 3
    let count = shape[isJoined ? 1 : 2]
    let fits =
      shape[0] == batch && count == rows ?? count
      && (isJoined ? shape[2] == keyValueHeads * size : shape[1] == keyValueHeads && shape[3] == size)
    guard fits else {
      let letter = rows.map { "\($0)" } ?? "N"
      throw .shape(
        name: name,
        expected: isJoined
          ? "[\(batch), \(letter), \(keyValueHeads * size)]" : "[\(batch), \(keyValueHeads), \(letter), \(size)]",
        actual: shape)
    }
    return count
  }

  /// That every batch element has room for its part of N rows.
  func checkAppend(rows: Int, lengths: [Int]?) throws(AttentionError) {
    if let lengths {
      guard lengths.count == batch else {
        throw .argument(name: "lengths", expected: "\(batch), one per batch element", actual: "\(lengths.count)")
      }
      for length in lengths where length < 0 || length > rows {
        throw .argument(name: "length", expected: "0...\(rows)", actual: "\(length)")
      }
    }
    for element in 0..<batch {
      let length = table.lengths[element] + (lengths?[element] ?? rows)
      guard length <= capacity else { throw .capacity(name: "cache length", capacity: capacity, actual: length) }
    }
  }

  /// The length of the longest batch element after an append.
  func length(appending rows: Int, lengths: [Int]?) -> Int {
    var longest = 0
    for element in 0..<batch { longest = max(longest, table.lengths[element] + (lengths?[element] ?? rows)) }
    return longest
  }

  // MARK: Writing

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private mutating func append(
    _ keys: HeadMatrices<Scalar>, _ values: HeadMatrices<Scalar>, rows: Int, lengths: [Int]?
  ) throws(AttentionError) {
    makeUnique()
    table.growEntries(positions: length(appending: rows, lengths: lengths), capacity: capacity)
    for element in 0..<batch {
      let count = lengths?[element] ?? rows
      // The rows to come stand at the length or after it and look back from there.
      if let window, count > 0 {
        table.drop(element, before: table.lengths[element] - (window - 1), pageLimit: pageLimit)
      }
      try table.makeWritable(element, count: count)
    }
    for element in 0..<batch {
      write(keys, values, element: element, count: lengths?[element] ?? rows)
      table.advance(element, by: lengths?[element] ?? rows)
    }
  }

  private func write(_ keys: HeadMatrices<Scalar>, _ values: HeadMatrices<Scalar>, element batch: Int, count: Int) {
    let layout = table.layout
    var row = 0
    while row < count {
      let position = table.lengths[batch] + row
      let place = position % rowsPerPage
      let fitting = min(rowsPerPage - place, count - row)
      guard let page = table.memory(batch, position: position) else { return }
      for head in 0..<keyValueHeads {
        element.narrow(
          keys[batch, head] + row * keys.strides.row, rows: fitting, columns: headSize, stride: keys.strides.row,
          into: page + layout.keyOffset(head: head, row: place))
        element.narrow(
          values[batch, head] + row * values.strides.row, rows: fitting, columns: valueHeadSize,
          stride: values.strides.row, into: page + layout.valueOffset(head: head, row: place))
      }
      row += fitting
    }
  }
}
