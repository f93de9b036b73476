import ArgumentParser
import Attention
import Checkpoints
import Testing

@testable import AttentionTool

@Suite struct ToolFailureTests {
  @Test func isOneLineWhateverAFileIsCalled() {
    let failure = ToolFailure.input("a\nb\u{7}\u{2028}é: gone")
    #expect(failure.description == #"a\nb\u{07}\u{2028}é: gone"#)
    #expect(ToolFailure.output("a\tb").description == #"a\tb"#)
  }

  @Test func hasAnExitCode() {
    #expect(ToolFailure.input("").exitCode.rawValue == 65)
    #expect(ToolFailure.output("").exitCode.rawValue == 73)
  }

  @Test func namesTheFileOnce() throws {
    let folder = try TemporaryFolder()
    let missing = folder.path("missing")
    #expect(throws: ToolFailure.input("can't open \"\(missing)\": No such file or directory")) {
      try InputFile(path: missing)
    }
    let empty = try folder.write([], "empty")
    #expect(
      throws: ToolFailure.input(
        "\(empty): the file is empty; a safetensors file begins with the 8 bytes of its header's length")
    ) { try InputFile(path: empty) }
  }

  @Test func everythingWrongWithItsTensorsIsTheFilesFault() throws {
    let input = try Sample { try $0.set("a", [Float(1)], [1]) }.input("x.st")
    #expect(throws: ToolFailure.input("x.st: no tensor \"b\"; the file has \"a\"")) {
      try input.reading { try $0.tensor("b", as: Float.self) }
    }
    #expect(throws: ToolFailure.input("x.st: 3 query heads are no multiple of 2 key/value heads")) {
      try input.reading { _ in throw AttentionError.headCounts(heads: 3, keyValueHeads: 2) }
    }
    #expect(throws: ToolFailure.input("x.st: axis 4 is outside 0..<2")) {
      try input.reading { _ in throw TensorError.axis(actual: 4, rank: 2) }
    }
    #expect(throws: ExitCode.self) { try input.reading { _ in throw ExitCode(3) } }
  }

  @Test func warnsOfTensorsThatItDoesNotKnow() throws {
    let input = try Sample {
      for name in ["query", "masks", "b", "c", "d", "e"] { try $0.set(name, [Float(1)], [1]) }
    }.input("x.st")
    #expect(
      input.warning(known: ["query", "mask"])
        == "Warning: x.st: not used: \"b\", \"c\", \"d\", \"e\" and 1 more; known names are query, mask")
    #expect(input.warning(known: input.file.names) == nil)
  }
}
