import Testing

@testable import Reporting

@Suite struct HeatMapTests {
  private func square(_ words: [String], _ value: (Int, Int) -> Double) -> HeatMap {
    HeatMap(
      rowLabels: words, columnLabels: words, values: words.indices.map { row in words.indices.map { value(row, $0) } })
  }

  /// Without the escape sequences of colours.
  private func plain(_ line: String) -> String { line.replacing(/\u{1B}\[[0-9;]*m/, with: "") }

  @Test func shadesAndNumbersWithoutColour() {
    // The square roots of the shares are 0, 0.25, 0.5, 0.75, 1.
    let map = HeatMap(
      rowLabels: ["a", "喜欢"], columnLabels: ["the", "otherwise", "我", "x", "y"],
      values: [[0, 0.05, 0.2, 0.45, 0.8], [0.8, 0, 0, 1e-9, 0.031]])
    #expect(
      map.lines(on: Terminal(width: 60)) == [
        "     the     otherw… 我      x       y",
        "a    ·· .000 ░░ .050 ▒▒ .200 ▓▓ .450 ██ .800",
        "喜欢 ██ .800 ·· .000 ·· .000 ·· .000 ·· .031",
        "     · below, ░ from 0.032, ▒ from 0.13, ▓ from 0.29,", "     █ from 0.51, largest 0.80",
      ])
  }

  @Test func narrowerCellsWhereThereAreMoreColumns() {
    let words = (1...7).map { "word\($0)" }
    let map = square(words) { $0 == $1 ? 1 : 0.25 }
    #expect(map.lines(on: Terminal(width: 6 + 7 * 8))[1].hasPrefix("word1 ██ 1.00 ▒▒ .250"))
    #expect(
      map.lines(on: Terminal(width: 6 + 7 * 8 - 1)).prefix(2)
        == ["      wor… wor… wor… wor… wor… wor… wor…", "word1 █1.0 ▒.25 ▒.25 ▒.25 ▒.25 ▒.25 ▒.25"])
    #expect(
      map.lines(on: Terminal(width: 6 + 7 * 5 - 1)).prefix(6)
        == [
          "      w w w w w w w", "      o o o o o o o", "      r r r r r r r", "      d d d d d d d",
          "      1 2 3 4 5 6 7",
          "word1 ██▒▒▒▒▒▒▒▒▒▒▒▒",
        ])
  }

  @Test func namesWrittenDownwardsStandOnTheirCells() {
    let map = HeatMap(
      rowLabels: ["r"], columnLabels: ["a", "自然", "much too long"] + Array(repeating: "b", count: 9),
      values: [Array(repeating: 0.5, count: 12)])
    let expected = [
      "      m", "      u", "      c", "      h", "", "      t", "    自o", "  a 然… b b b b b b b b b",
      "r ████████████████████████",
    ]
    #expect(Array(map.lines(on: Terminal(width: 30)).prefix(9)) == expected)
  }

  @Test func columnsThatDoNotFitFollowInPanels() {
    let words = (0..<40).map { String($0 % 10) }
    let map = square(words) { $0 == $1 ? 1 : 0 }
    let lines = map.lines(on: Terminal(width: 42))
    // Two panels of 20, each under its names, an empty line between them, and the legend on two.
    #expect(lines.count == 2 * 41 + 1 + 2)
    #expect(lines[0] == lines[42])
    #expect(lines[41].isEmpty)
    #expect(lines[1] == "0 ██" + String(repeating: "··", count: 19))
    #expect(lines[43] == "0 " + String(repeating: "··", count: 20))
    #expect(lines[43 + 20] == "0 ██" + String(repeating: "··", count: 19))
  }

  @Test(arguments: [Terminal.Colours.palette, .full])
  func colouredCellsHaveTheSameNumbers(colours: Terminal.Colours) {
    for count in [1, 2, 9, 15, 40] {
      let map = square((0..<count).map { "w\($0)" }) { Double($0 + $1) / Double(2 * count) }
      let shaded = map.lines(on: Terminal(width: 100))
      let coloured = map.lines(on: Terminal(width: 100, colours: colours))
      #expect(coloured.count == shaded.count)
      for (one, other) in zip(shaded, coloured).dropLast() {
        let numbers = plain(other)
        #expect(numbers.matches(of: /[0-9]?\.[0-9]+/).map(\.output) == one.matches(of: /[0-9]?\.[0-9]+/).map(\.output))
        #expect(numbers.displayWidth <= 100)
      }
      // Every colour that is set is taken back in the same line.
      #expect(coloured.allSatisfy { $0.matches(of: /\u{1B}\[48/).count == $0.matches(of: /\u{1B}\[0m/).count })
      #expect(coloured[coloured.count - 2].contains("\u{1B}[48;" + (colours == .full ? "2" : "5")))
    }
  }

  @Test(arguments: [1, 2, 5, 11, 12, 17, 18, 40, 100], [40, 50, 80, 100])
  func staysWithinTheTerminal(count: Int, width: Int) {
    let map = square((0..<count).map { $0 % 3 == 0 ? "自然语言处理模型很长" : "word\($0)" }) { Double(($0 * $1) % 7) }
    for colours in [Terminal.Colours.none, .full] {
      for line in map.lines(on: Terminal(width: width, colours: colours)) {
        #expect(plain(line).displayWidth <= width, "\(line)")
      }
    }
  }

  @Test func strengthsAreSquareRoots() {
    let map = square(["a", "b"]) { [[0.0, 0.16], [0.04, .nan]][$0][$1] }
    #expect(map.largest == 0.16)
    #expect(map.strength(0) == 0 && map.strength(0.16) == 1 && map.strength(0.04) == 0.5)
    #expect(map.strength(.nan) == nil && map.strength(-1) == 0)
    #expect(abs(map.value(strength: 0.5) - 0.04) < 1e-15)
    #expect(map.lines(on: Terminal(width: 80))[2] == "b ▒▒ .040 ??")
    #expect(square(["a"]) { _, _ in 0 }.largest == 1)
    #expect(HeatMap(rowLabels: [], columnLabels: [], values: []).lines(on: Terminal()).count == 1)
  }
}
