internal import ArgumentParser
internal import Attention
internal import Checkpoints
internal import Foundation

/// Why a command could not do its work, in one line, and the exit code that says so.
enum ToolFailure: Error, Equatable, CustomStringConvertible {
  /// An option that the file makes necessary.
  case usage(String)
  /// A file that was to be read, or what is in it.
  case input(String)
  /// The file that was to be written.
  case output(String)

  var exitCode: ExitCode {
    switch self {
    case .usage: .validationFailure
    case .input: .badInput
    case .output: .badOutput
    }
  }

  var description: String {
    switch self {
    case .usage(let reason), .input(let reason), .output(let reason): Self.onOneLine(reason)
    }
  }

  /// Names come from files and command lines: what would break the line is escaped.
  private static func onOneLine(_ text: String) -> String {
    var line = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator:
        line.append(contentsOf: scalar.escaped(asASCII: true).unicodeScalars)
      default: line.append(scalar)
      }
    }
    return String(line)
  }
}

/// Standard error, for messages.
enum StandardError {
  static func write(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }
}

extension ParsableCommand {
  /// Runs `body`; a failure becomes one line on standard error and an exit code.
  func reportingFailures(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let failure as ToolFailure {
      StandardError.write("Error: \(failure)")
      throw failure.exitCode
    }
  }
}
