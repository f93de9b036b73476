internal import Foundation

/// Where text goes: how wide it may be and which colours are understood.
package struct Terminal: Equatable, Sendable {
  /// How colours are told to a terminal.
  package enum Colours: Equatable, Sendable {
    /// Not at all: a file, a pipe, or somebody who does not want them.
    case none
    /// By an index into the 256 of xterm.
    case palette
    /// By red, green and blue.
    case full
  }

  package var width: Int
  package var colours: Colours

  /// The width of what is no terminal.
  package static let usualWidth = 100

  package init(width: Int = usualWidth, colours: Colours = .none) {
    (self.width, self.colours) = (width, colours)
  }

  /// What a descriptor leads to.
  ///
  /// - Parameters:
  ///   - descriptor: an open file descriptor, such as that of standard output.
  ///   - environment: `NO_COLOR` (if not empty) and `TERM=dumb` take colours away; `COLORTERM` says whether there are all.
  /// - seealso: <https://no-color.org>.
  package init(
    descriptor: Int32, environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    guard isatty(descriptor) == 1 else {
      self.init()
      return
    }
    var size = winsize()
    let isKnown = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    self.init(width: isKnown ? Int(size.ws_col) : 80, colours: Self.colours(in: environment))
  }

  /// Where `print` writes.
  package static var standardOutput: Terminal { Terminal(descriptor: STDOUT_FILENO) }

  /// The colours of a terminal, as the environment tells them.
  static func colours(in environment: [String: String]) -> Colours {
    if environment["NO_COLOR", default: ""] != "" || environment["TERM", default: "dumb"] == "dumb" { return .none }
    return ["truecolor", "24bit"].contains(environment["COLORTERM"]) ? .full : .palette
  }

  /// The text in bold, where there are colours.
  package func bold(_ text: String) -> String {
    colours == .none ? text : "\u{1B}[1m\(text)\u{1B}[0m"
  }
}
