import Reporting
import Testing

@Suite struct TableMarkdownTests {
  @Test func delimitersCarryTheAlignment() throws {
    let table = try Table(
      columns: [.init("case"), .init("ms", .right)], rows: [["bert512", "1.25"], ["vit", "13"]])
    #expect(
      table.rendered(as: .markdown) == """
        | case    |   ms |
        | ------- | ---: |
        | bert512 | 1.25 |
        | vit     |   13 |

        """)
  }

  @Test func delimitersHaveAtLeastThreeCharacters() throws {
    let table = try Table(columns: [.init("B"), .init("H", .right)], rows: [["1", "2"]])
    #expect(table.rendered(as: .markdown) == "| B   |   H |\n| --- | --: |\n| 1   |   2 |\n")
  }

  @Test(arguments: [
    (cell: "a|b", source: #"a\|b"#), (cell: #"a\b"#, source: #"a\\b"#), (cell: #"a\|b"#, source: #"a\\\|b"#),
    (cell: "a\r\nb", source: "a b"),
  ])
  func whatWouldEndACellIsEscaped(cell: String, source: String) throws {
    let table = try Table(columns: [.init("c")], rows: [[cell]])
    let line = table.rendered(as: .markdown).split(separator: "\n").last
    #expect(line == "| \(source) |")
  }
}
