import ArgumentParser
import Foundation
import Reporting
import Testing

@testable import AttentionTool

/// What the command prints, word for word: the files in Expected are its output on no terminal.
@Suite("Walkthrough: pages")
struct WalkthroughPageTests {
  private func page(_ arguments: [String], on terminal: Terminal = Terminal()) throws -> String {
    let command = try AttentionTool.parseAsRoot(["walkthrough"] + arguments)
    return try #require(command as? WalkthroughCommand).page(on: terminal).text
  }

  @Test(arguments: [
    ("walkthrough", []), ("sentence", ["--sentence", "the cat saw the other cat"]),
    ("chinese", ["--sentence", "我 喜欢 你 , 你 也 喜欢 我", "--heads", "1", "--size", "4", "--seed", "3"]),
  ])
  func isAsExpected(name: String, arguments: [String]) throws {
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Expected/\(name).txt")
    let expected = try String(contentsOf: url, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
    let actual = (try page(arguments) + "\n").split(separator: "\n", omittingEmptySubsequences: false)
    for (index, (one, other)) in zip(actual, expected).enumerated() {
      #expect(one == other, "\(name).txt, line \(index + 1)")
    }
    #expect(actual.count == expected.count)
    #expect(actual.allSatisfy { $0.displayWidth <= 100 && $0.last != " " })
  }

  /// The figures that were computed elsewhere, where the page shows them.
  @Test func showsTheKnownFigures() throws {
    let text = try page([])
    for rows in [
      ["1  0  0", "0  1  0", "0  0  1"], ["0.1  0.2  0.3", "0.4  0.5  0.6", "0.7  0.8  0.9"],
      ["0.0808  0.1848  0.2887"],
      ["0.2994  0.3321  0.3685", "0.2514  0.3260  0.4227", "0.2078  0.3149  0.4773"],
    ] {
      for row in rows { #expect(text.contains(row), "\(row)") }
    }
    // Weights, and the output that equals them.
    #expect(text.components(separatedBy: "0.2994  0.3321  0.3685").count == 3)
    #expect(text.contains("output[0]  [3, 4]") && text.contains("of shape [2, 3, 4]"))
  }

  @Test(arguments: ArticleCorrection.allCases)
  func namesEveryErrorOnce(correction: ArticleCorrection) throws {
    let text = try page([]).replacing("\n│ ", with: " ")
    #expect(text.components(separatedBy: correction.text).count == 2)
    #expect(text.components(separatedBy: "Correction, \(correction.sections): ").count == 2)
  }

  @Test func readmeShowsWhatIsPrinted() throws {
    let url = URL(filePath: #filePath).appending(path: "../../../../README.md").standardizedFileURL
    let readme = try String(contentsOf: url, encoding: .utf8)
    let section = try #require(readme.components(separatedBy: "\n## ").first { $0.hasPrefix("Walkthrough\n") })
    let blocks = section.components(separatedBy: "```")
    try #require(blocks.count == 5)
    #expect(blocks[1] == "\nattention walkthrough --sentence \"the cat saw the other cat\"\n")
    let shown = try #require(blocks[3].hasPrefix("text\n") ? blocks[3].dropFirst(5) : nil)
    #expect(shown.split(separator: "\n").count == 9)
    #expect(try page(["--sentence", "the cat saw the other cat"]).contains(shown))
  }

  @Test func coloursChangeNoWord() throws {
    func plain(_ text: String) -> [Substring] {
      text.replacing(/\u{1B}\[[0-9;]*m/, with: "").split(separator: "\n").filter { !$0.hasPrefix("──") }
    }
    let coloured = try page([], on: Terminal(colours: .full))
    #expect(coloured.contains("\u{1B}[1m1. Tokens and embedding"))
    #expect(plain(coloured) == plain(try page([])))
  }

  @Test(arguments: [40, 60, 80, 120, 300])
  func matricesFitTheTerminal(width: Int) throws {
    for line in try page([], on: Terminal(width: width)).split(separator: "\n") {
      #expect(line.displayWidth <= min(width, 120), "\(line)")
    }
  }
}
