/// How a [batch, heads, rows, columns] operand lies in caller-owned memory: distances in elements; the columns of a row
/// are neighbours.
public struct HeadStrides: Sendable, Hashable {
  /// From one batch element to the next.
  public var batch: Int
  /// From one head to the next.
  public var head: Int
  /// From one row (query or key) to the next.
  public var row: Int

  public init(batch: Int, head: Int, row: Int) {
    self.batch = batch
    self.head = head
    self.row = row
  }

  /// [B, H, L, D] without gaps.
  ///
  /// - Precondition: the product of the sizes fits `Int`, as that of any operand in memory does.
  public static func headsFirst(heads: Int, rows: Int, headSize: Int) -> HeadStrides {
    HeadStrides(batch: heads * rows * headSize, head: rows * headSize, row: headSize)
  }

  /// [B, L, H·D] without gaps: the heads of a row side by side, as projections leave them. `rowSize` is the distance between rows
  /// where they are part of something larger, such as packed projections; nil: H·D.
  public static func headsJoined(heads: Int, rows: Int, headSize: Int, rowSize: Int? = nil) -> HeadStrides {
    let row = rowSize ?? heads * headSize
    return HeadStrides(batch: rows * row, head: headSize, row: row)
  }

  /// The elements that an operand spans from its first to its last one; nil when a stride is negative or sums overflow.
  func extent(batch batchCount: Int, heads: Int, rows: Int, columns: Int) -> Int? {
    if batchCount == 0 || heads == 0 || rows == 0 || columns == 0 { return 0 }
    guard let heads = Self.adding(columns, head, heads), let rows = Self.adding(heads, row, rows) else { return nil }
    return Self.adding(rows, batch, batchCount)
  }

  /// An extent with one more axis; nil when its stride is negative or the sum overflows.
  private static func adding(_ extent: Int, _ stride: Int, _ count: Int) -> Int? {
    guard stride >= 0 else { return nil }
    let (distance, overflows) = stride.multipliedReportingOverflow(by: count - 1)
    let (sum, overflowsToo) = extent.addingReportingOverflow(distance)
    return overflows || overflowsToo ? nil : sum
  }

  /// Where a batch element begins.
  func start(batch index: Int, firstRows: UnsafePointer<Int>?) -> Int {
    if let firstRows { return firstRows[index] * row }
    return index * batch
  }

  /// Whether BLAS can read a head as a matrix: rows do not overlap, and a leading dimension is a 32-bit number. Rows of nothing
  /// are never read.
  func isReadable(rows: Int, columns: Int) -> Bool {
    rows <= 1 || columns == 0 || (row >= max(1, columns) && row <= Int(Int32.max))
  }
}

/// A [batch, heads, rows, columns] operand in memory: one matrix per batch element and head.
struct HeadMatrices<Scalar> {
  let base: UnsafePointer<Scalar>
  let strides: HeadStrides
  /// The first row of each batch element, where they follow each other without padding; nil: by stride.
  var firstRows: UnsafePointer<Int>? = nil

  subscript(batch: Int, head: Int) -> UnsafePointer<Scalar> {
    base + strides.start(batch: batch, firstRows: firstRows) + head * strides.head
  }

  /// BLAS's leading dimension for matrices of `columns` columns; a single row may have any stride.
  func leadingDimension(rows: Int, columns: Int) -> Int { rows <= 1 ? max(1, columns) : strides.row }
}

/// A [batch, heads, rows, columns] result in memory.
struct MutableHeadMatrices<Scalar> {
  let base: UnsafeMutablePointer<Scalar>
  let strides: HeadStrides
  /// The first row of each batch element, where they follow each other without padding; nil: by stride.
  var firstRows: UnsafePointer<Int>? = nil

  subscript(batch: Int, head: Int) -> UnsafeMutablePointer<Scalar> {
    base + strides.start(batch: batch, firstRows: firstRows) + head * strides.head
  }

  func leadingDimension(rows: Int, columns: Int) -> Int { rows <= 1 ? max(1, columns) : strides.row }
}
