import Reporting
import Testing

@Suite struct TableTextTests {
  @Test func columnsAreAlignedUnderARule() throws {
    let table = try Table(
      columns: [.init("case"), .init("GFLOP/s", .right), .init("path")],
      rows: [["bert512", "156", "tiled"], ["vit", "3.52", ""]])
    #expect(
      table.rendered(as: .text) == """
        case     GFLOP/s  path
        -------  -------  -----
        bert512      156  tiled
        vit         3.52

        """)
  }

  @Test func titlesStandAloneWithoutRows() {
    let table = Table(columns: [.init("case"), .init("ms", .right)])
    #expect(table.rendered(as: .text) == "case  ms\n----  --\n")
  }

  @Test func cellsWiderThanTheirTitleWidenTheColumn() throws {
    let table = try Table(columns: [.init("n", .right), .init("m", .right)], rows: [["1048576", "–"], ["2", "31"]])
    #expect(table.rendered(as: .text) == "      n   m\n-------  --\n1048576   –\n      2  31\n")
  }

  @Test(arguments: ["\n", "\r", "\r\n", "\u{2028}"])
  func lineBreaksBecomeSpaces(lineBreak: String) throws {
    let table = try Table(columns: [.init("a\(lineBreak)b")], rows: [["c\(lineBreak)d"]])
    #expect(table.rendered(as: .text) == "a b\n---\nc d\n")
  }
}
