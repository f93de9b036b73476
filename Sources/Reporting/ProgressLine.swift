internal import Foundation
internal import Synchronization

/// A line on a terminal that says what is under way: each text replaces the one before, and nothing of it stays.
///
/// Nothing at all is written where the descriptor is not a terminal, so that logs and pipes hold results and messages only.
/// Several threads may show texts at once.
package final class ProgressLine: Sendable {
  /// Whether anything will be written.
  package let isVisible: Bool

  private let descriptor: Int32

  /// Whether a text stands on the line now.
  private let isShown = Mutex(false)

  /// - Parameter descriptor: An open file descriptor, standard error by default. It is not closed.
  package init(descriptor: Int32 = STDERR_FILENO) {
    self.descriptor = descriptor
    isVisible = isatty(descriptor) == 1
  }

  deinit {
    erase()
  }

  /// Replaces the line by the given text, cut to the width of the terminal: a line that wraps could not be erased.
  package func show(_ text: String) {
    guard isVisible else { return }
    isShown.withLock { isShown in
      write("\r\u{1B}[K" + text.onOneLine.prefix(columns - 1))
      isShown = true
    }
  }

  /// Takes the text away, so that other output can begin at the start of the line.
  package func erase() {
    isShown.withLock { isShown in
      guard isShown else { return }
      write("\r\u{1B}[K")
      isShown = false
    }
  }

  /// The width of the terminal; 80 where it does not tell.
  private var columns: Int {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  private func write(_ text: String) {
    // A terminal that has gone away is no reason to end what the progress is about.
    try? FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).write(contentsOf: Data(text.utf8))
  }
}
