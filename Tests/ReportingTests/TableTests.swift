import Reporting
import Testing

@Suite struct TableTests {
  static let columns: [Table.Column] = [.init("case"), .init("GFLOP/s", .right)]

  @Test func rowsAreKeptInOrder() throws {
    var table = try Table(columns: Self.columns, rows: [["vit", "112"]])
    try table.append(["gpt2", "80"])
    #expect(table.rows == [["vit", "112"], ["gpt2", "80"]])
    #expect(table.columns == Self.columns)
  }

  @Test(arguments: [[], ["vit"], ["vit", "112", "239"]])
  func rowOfAnotherWidthIsRefused(row: [String]) throws {
    var table = try Table(columns: Self.columns, rows: [["vit", "112"]])
    let error = TableError.rowWidth(row: 1, expected: 2, actual: row.count)
    #expect(throws: error) { try table.append(row) }
    #expect(table.rows == [["vit", "112"]])
    #expect(throws: error) { try Table(columns: Self.columns, rows: [["vit", "112"], row, []]) }
  }

  @Test func errorNamesBothWidths() {
    let error = TableError.rowWidth(row: 3, expected: 5, actual: 7)
    #expect(error.description == "row 3 of the table has 7 cells; expected 5, one for each column")
  }

  @Test(arguments: Table.Format.allCases)
  func nothingIsRenderedWithoutColumns(format: Table.Format) throws {
    #expect(try Table(columns: [], rows: [[], []]).rendered(as: format) == "")
  }

  @Test func formatsHaveTheNamesThatCommandLinesTake() {
    #expect(Table.Format.allCases.map(\.rawValue) == ["text", "markdown", "csv"])
  }
}
