import Reporting
import Testing

@Suite struct DisplayWidthTests {
  @Test(arguments: [
    ("", 0), ("word", 4), ("two words", 9), ("我", 2), ("自然语言", 8), ("한국어", 6), ("ひらがな", 8), ("Ａ", 2), ("，", 2),
    ("cafe\u{301}", 4), ("e\u{301}\u{323}", 1), ("👍", 2), ("👩‍👩‍👧", 2), ("🇨🇭", 2), ("❤\u{FE0F}", 2), ("x′ √ᵀ ▒", 7),
    ("a\u{200B}b", 2), ("ﷺ", 1),
  ])
  func countsColumns(text: String, width: Int) {
    #expect(text.displayWidth == width)
  }

  @Test func truncatesToWholeCharacters() {
    #expect("attention".truncated(toWidth: 9) == "attention")
    #expect("attention".truncated(toWidth: 5) == "atte…")
    #expect("自然语言".truncated(toWidth: 8) == "自然语言")
    // A wide character that would stand half outside is left out.
    #expect("自然语言".truncated(toWidth: 6) == "自然…")
    #expect("自然语言".truncated(toWidth: 5) == "自然…")
    #expect("ab".truncated(toWidth: 1) == "…")
    #expect("ab".truncated(toWidth: 0).isEmpty)
  }

  @Test(arguments: ["", "a", "自", "自然", "cafe\u{301}", "a much longer text"])
  func padsToColumns(text: String) {
    for width in 0...7 {
      let expected = max(width, text.displayWidth)
      #expect(text.padded(toWidth: width).displayWidth == expected)
      #expect(text.padded(toWidth: width).hasPrefix(text))
      #expect(text.leftPadded(toWidth: width).displayWidth == expected)
      #expect(text.leftPadded(toWidth: width).hasSuffix(text))
    }
  }

  @Test func showsWhatATerminalWouldObey() {
    #expect("a\u{1B}[31mb".harmless == "a\u{FFFD}[31mb")
    #expect("a\r\nb\u{7}\u{9B}".harmless == "a\u{FFFD}b\u{FFFD}\u{FFFD}")
    #expect("\u{202E}abc".harmless == "\u{FFFD}abc")
    #expect("café 我 👩‍👩‍👧".harmless == "café 我 👩‍👩‍👧")
  }
}
