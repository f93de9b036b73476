/// A linear layer's result cut for the workers: into blocks of columns or of rows, whichever share the work more evenly.
///
/// Multiples of 16 columns and 48 rows keep the register tiles of BLAS's kernels whole.
struct LinearBlocks {
  private let rows: Int
  private let columns: Int
  private let rowBlock: Int
  private let columnBlock: Int

  /// Multiplications below which another worker costs more than it gains.
  private static var leastWorkPerWorker: Double { 0x1p20 }

  init(rows: Int, columns: Int, work: Double, workers: Int) {
    (self.rows, self.columns) = (rows, columns)
    let parts = max(1, min(workers, Int(min(work / Self.leastWorkPerWorker, 4096))))
    let rowBlock = min(((rows + parts - 1) / parts + 47) / 48 * 48, rows)
    let columnBlock = min(((columns + parts - 1) / parts + 15) / 16 * 16, columns)
    let (largestByRows, largestByColumns) = (rowBlock * columns, columnBlock * rows)
    // Where equal, the longer side: the operand of the other one is packed by every worker.
    let byColumns = largestByColumns < largestByRows || (largestByColumns == largestByRows && columns >= rows)
    self.rowBlock = parts == 1 || byColumns ? rows : rowBlock
    self.columnBlock = parts == 1 || !byColumns ? columns : columnBlock
  }

  var count: Int {
    rows == 0 || columns == 0
      ? 0 : ((rows + rowBlock - 1) / rowBlock) * ((columns + columnBlock - 1) / columnBlock)
  }

  /// One side is whole: a block's number is that along the other.
  subscript(_ block: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    rowBlock == rows
      ? (0..<rows, (block * columnBlock)..<min((block + 1) * columnBlock, columns))
      : ((block * rowBlock)..<min((block + 1) * rowBlock, rows), 0..<columns)
  }
}
