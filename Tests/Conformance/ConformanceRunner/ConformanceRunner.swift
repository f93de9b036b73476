internal import Conformance
internal import Foundation

/// Runs the node cases of the onnx package on the library: `make conformance`.
@main
enum ConformanceRunner {
  static func main() {
    let code = ConformanceCommand(arguments: Array(CommandLine.arguments.dropFirst())).run { text in
      FileHandle.standardOutput.write(Data((text + "\n").utf8))
    } complain: { reason in
      FileHandle.standardError.write(Data(("ConformanceRunner: " + reason + "\n").utf8))
    }
    exit(code)
  }
}
