/// A block that the right edge of a causal or window mask cuts, divided so that little is computed beyond the edge: the columns
/// that every row reaches, then bands of rows, each with the further columns that some row of the band reaches.
///
/// Without bands, blocks of 176 queries over 1024 causal keys compute 17 % more pairs than are attended; with them, 6 %.
extension ScoreBlock {
  private static var rowsPerBand: Int { 64 }
  /// Columns are cut at whole register tiles of GEMM.
  private static var columnStep: Int { 16 }

  /// How many columns, from the first, lie before the right edge for all rows: all of them where no edge cuts the block.
  func columnsBeforeEdge(_ mask: borrowing ResolvedMask<Scalar>) -> Int {
    let reached = mask.range(batch: batch, query: queries.lowerBound).end - keys.lowerBound
    return reached >= keys.count ? keys.count : max(reached, 0) / Self.columnStep * Self.columnStep
  }

  /// The block's first columns.
  func prefix(columns: Int) -> ScoreBlock {
    ScoreBlock(part: self, rows: 0..<queries.count, columns: 0..<columns)
  }

  /// Calls `body` for each band with its first row and the part of the block that lies beyond `columns` and before the band's
  /// edge; of one head. The part may have no columns.
  func forEachBand(
    beyond columns: Int, _ mask: borrowing ResolvedMask<Scalar>, _ body: (_ firstRow: Int, _ part: ScoreBlock) -> Void
  ) {
    var row = 0
    while row < queries.count {
      let rows = min(Self.rowsPerBand, queries.count - row)
      let band = (queries.lowerBound + row)..<(queries.lowerBound + row + rows)
      let reached = mask.range(batch: batch, query: band.upperBound - 1).end - keys.lowerBound
      let step = Self.columnStep
      let end = min(max((reached + step - 1) / step * step, columns), keys.count)
      body(row, ScoreBlock(part: self, rows: row..<(row + rows), columns: columns..<end))
      row += rows
    }
  }
}
