import Foundation
import Testing

@testable import Reporting

@Suite struct TerminalTests {
  @Test func environmentTellsColours() {
    #expect(Terminal.colours(in: ["TERM": "xterm-256color"]) == .palette)
    #expect(Terminal.colours(in: ["TERM": "xterm", "COLORTERM": "truecolor"]) == .full)
    #expect(Terminal.colours(in: ["TERM": "xterm", "COLORTERM": "24bit"]) == .full)
    #expect(Terminal.colours(in: ["TERM": "xterm", "NO_COLOR": "1", "COLORTERM": "truecolor"]) == .none)
    // As no-color.org has it.
    #expect(Terminal.colours(in: ["TERM": "xterm", "NO_COLOR": ""]) == .palette)
    #expect(Terminal.colours(in: ["TERM": "dumb"]) == .none)
    #expect(Terminal.colours(in: [:]) == .none)
  }

  @Test func whatIsNoTerminalHasNoColours() throws {
    let file = try #require(FileHandle(forWritingAtPath: "/dev/null"))
    let terminal = Terminal(descriptor: file.fileDescriptor, environment: ["TERM": "xterm"])
    #expect(terminal == Terminal(width: 100, colours: .none))
    #expect(terminal.bold("x") == "x")
  }

  @Test func aTerminalTellsItsWidth() throws {
    var (primary, secondary) = (Int32(-1), Int32(-1))
    var size = winsize(ws_row: 24, ws_col: 93, ws_xpixel: 0, ws_ypixel: 0)
    try #require(openpty(&primary, &secondary, nil, nil, &size) == 0)
    defer {
      close(primary)
      close(secondary)
    }
    let terminal = Terminal(descriptor: secondary, environment: ["TERM": "xterm"])
    #expect(terminal == Terminal(width: 93, colours: .palette))
    #expect(terminal.bold("x") == "\u{1B}[1mx\u{1B}[0m")
  }
}
