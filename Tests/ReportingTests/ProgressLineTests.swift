import Foundation
import Reporting
import Testing

@Suite struct ProgressLineTests {
  /// What arrives on the other side of a terminal of the given width while `body` writes to it.
  private func output(columns: UInt16, of body: (Int32) -> Void) throws -> String {
    var controller: Int32 = -1
    var terminal: Int32 = -1
    var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    try #require(openpty(&controller, &terminal, nil, nil, &size) == 0, "openpty failed with errno \(errno)")
    defer { close(controller) }
    body(terminal)
    close(terminal)
    // A terminal hands over what was written in any number of pieces. With nothing left and no writer, Linux reports an
    // error rather than the end of the file.
    var written: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 256)
    while case let count = read(controller, &piece, piece.count), count > 0 {
      written += piece.prefix(count)
    }
    return String(decoding: written, as: UTF8.self)
  }

  @Test func textsReplaceOneAnotherAndVanish() throws {
    let written = try output(columns: 80) { terminal in
      let line = ProgressLine(descriptor: terminal)
      #expect(line.isVisible)
      line.show("bert512: 1 of 13")
      line.show("gpt2: 2 of 13")
      line.erase()
      line.erase()
    }
    #expect(written == "\r\u{1B}[Kbert512: 1 of 13\r\u{1B}[Kgpt2: 2 of 13\r\u{1B}[K")
  }

  @Test func theLineErasesItselfAtTheEndOfItsLife() throws {
    let written = try output(columns: 80) { terminal in
      ProgressLine(descriptor: terminal).show("vit")
    }
    #expect(written == "\r\u{1B}[Kvit\r\u{1B}[K")
  }

  @Test(arguments: [(11, "0123456789"), (7, "012345"), (1, ""), (0, "0123456789abcdef")] as [(UInt16, String)])
  func textsAreCutToTheTerminal(columns: UInt16, shown: String) throws {
    let written = try output(columns: columns) { terminal in
      ProgressLine(descriptor: terminal).show("0123456789abcdef")
    }
    #expect(written == "\r\u{1B}[K\(shown)\r\u{1B}[K")
  }

  @Test func lineBreaksBecomeSpaces() throws {
    let written = try output(columns: 80) { terminal in
      ProgressLine(descriptor: terminal).show("a\nb")
    }
    #expect(written == "\r\u{1B}[Ka b\r\u{1B}[K")
  }

  @Test func nothingIsWrittenWhereThereIsNoTerminal() throws {
    let pipe = Pipe()
    let line = ProgressLine(descriptor: pipe.fileHandleForWriting.fileDescriptor)
    #expect(!line.isVisible)
    line.show("bert512")
    line.erase()
    try pipe.fileHandleForWriting.close()
    #expect(try pipe.fileHandleForReading.readToEnd() ?? Data() == Data())
  }
}
