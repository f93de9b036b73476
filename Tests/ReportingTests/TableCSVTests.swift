import Reporting
import Testing

@Suite struct TableCSVTests {
  @Test func linesEndInCarriageReturnAndLineFeed() throws {
    let table = try Table(columns: [.init("case"), .init("ms", .right)], rows: [["vit", "1.25"], ["", "–"]])
    #expect(Array(table.rendered(as: .csv).utf8) == Array("case,ms\r\nvit,1.25\r\n,–\r\n".utf8))
  }

  @Test(arguments: [
    (cell: "plain text", field: "plain text"), (cell: "1,12,12", field: "\"1,12,12\""),
    (cell: "a \"b\"", field: "\"a \"\"b\"\"\""), (cell: "\"", field: "\"\"\"\""), (cell: "a\nb", field: "\"a\nb\""),
    (cell: "a\rb", field: "\"a\rb\""), (cell: "a\r\nb", field: "\"a\r\nb\""),
    (cell: "a\"\u{301}", field: "\"a\"\"\u{301}\""),
  ])
  func fieldsAreQuotedWhereTheyMustBe(cell: String, field: String) throws {
    let table = try Table(columns: [.init(cell), .init("x")], rows: [["y", cell]])
    #expect(Array(table.rendered(as: .csv).utf8) == Array("\(field),x\r\ny,\(field)\r\n".utf8))
  }

  @Test func aSingleEmptyFieldIsNoEmptyLine() throws {
    let table = try Table(columns: [.init("note")], rows: [[""], ["x"]])
    #expect(table.rendered(as: .csv) == "note\r\n\"\"\r\nx\r\n")
  }
}
