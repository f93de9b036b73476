// What must hold of strides that a caller gives, before memory is touched.

extension HeadStrides {
  /// The strides to use for an operand in `count` elements of memory: these, or none where the operand is empty, since nothing
  /// tells then whether these can be multiplied.
  func checked(
    _ name: String, _ batch: Int, _ heads: Int, _ rows: Int, _ columns: Int, count: Int
  ) throws(AttentionError) -> HeadStrides {
    if batch == 0 || heads == 0 || rows == 0 || columns == 0 { return HeadStrides(batch: 0, head: 0, row: 0) }
    guard isReadable(rows: rows, columns: columns) else {
      throw .argument(name: "\(name) row stride", expected: "\(max(1, columns))...\(Int32.max)", actual: "\(row)")
    }
    guard let extent = extent(batch: batch, heads: heads, rows: rows, columns: columns) else {
      throw .argument(name: "\(name) strides", expected: "0 or more, within the address space", actual: "\(self)")
    }
    guard count >= extent else { throw .spanTooShort(name: name, expected: extent, actual: count) }
    return self
  }

  /// That no two places of a result are one: sorted by stride, each must step over all that the smaller ones span.
  func checkDistinct(
    _ name: String, _ batchCount: Int, _ heads: Int, _ rows: Int, _ columns: Int
  ) throws(AttentionError) {
    if batchCount == 0 || heads == 0 || rows == 0 || columns == 0 { return }
    // An axis of one index steps over nothing: it sorts last and is never asked.
    var axes = (
      batchCount > 1 ? (batch, batchCount) : (Int.max, 1), heads > 1 ? (head, heads) : (Int.max, 1),
      rows > 1 ? (row, rows) : (Int.max, 1)
    )
    if axes.0.0 > axes.1.0 { swap(&axes.0, &axes.1) }
    if axes.1.0 > axes.2.0 { swap(&axes.1, &axes.2) }
    if axes.0.0 > axes.1.0 { swap(&axes.0, &axes.1) }
    let first = columns + span(axes.0)
    let second = first + span(axes.1)
    guard axes.0.0 >= columns, axes.1.0 >= first, axes.2.0 >= second else {
      throw .argument(name: "\(name) strides", expected: "no two rows in one place", actual: "\(self)")
    }
  }

  private func span(_ axis: (stride: Int, count: Int)) -> Int { axis.count > 1 ? axis.stride * (axis.count - 1) : 0 }
}
