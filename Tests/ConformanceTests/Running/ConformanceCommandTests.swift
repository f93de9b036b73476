import Conformance
import Support
import Testing

@Suite struct ConformanceCommandTests {
  private func run(_ arguments: [String]) -> (code: Int32, out: String, err: String) {
    var out = ""
    var err = ""
    let code = ConformanceCommand(arguments: arguments).run {
      out += $0 + "\n"
    } complain: {
      err += $0 + "\n"
    }
    return (code, out, err)
  }

  @Test func printsALineACaseAndATable() throws {
    let folder = try TemporaryFolder()
    try folder.write(CaseSample().bytes(), "a.safetensors")
    try folder.write(CaseSample(operator: "Softmax").bytes(), "b.safetensors")
    try folder.write(CaseSample(operator: "Softmax").bytes(), "c.safetensors")
    let result = run([folder.path])
    #expect(result.code == ConformanceCommand.succeeded && result.err.isEmpty)
    #expect(
      result.out == """
        passed   sample (Attention-23): \(AttentionWay.all.count) ways, largest error 0
        skipped  sample (Softmax-23): no Softmax in the library yet
        skipped  sample (Softmax-23): no Softmax in the library yet

        | operator  | cases | passed | failed | skipped | reason                            |
        | --------- | ----: | -----: | -----: | ------: | --------------------------------- |
        | Attention |     1 |      1 |      0 |       0 |                                   |
        | Softmax   |     2 |      0 |      0 |       2 | 2 × no Softmax in the library yet |
        | all       |     3 |      1 |      0 |       2 |                                   |


        """)
  }

  @Test func aFailureIsTheExitCode() throws {
    let folder = try TemporaryFolder()
    try folder.write(CaseSample().bytes(), "a.safetensors")
    try folder.write(CaseSample(expected: [1.5, 7]).bytes(), "b.safetensors")
    let result = run([folder.path])
    #expect(result.code == ConformanceCommand.failed && result.err.isEmpty)
    #expect(result.out.contains("FAILED   sample (Attention-23)\n         reference, 1 worker: Y, largest error 5.5"))
    #expect(result.out.contains("| Attention |     2 |      1 |      1 |       0 |"))
  }

  @Test func unusableInputRunsNothing() throws {
    let folder = try TemporaryFolder()
    try folder.write(CaseSample().bytes(), "a.safetensors")
    try folder.write([1, 2, 3], "b.safetensors")
    for (arguments, says) in [
      ([], "usage: ConformanceRunner PATH"), (["a", "b"], "usage: ConformanceRunner PATH"),
      (["/no/such/folder"], "there is nothing at /no/such/folder: `make conformance` writes the cases"),
      ([folder.path], "\(folder.path)/b.safetensors: "),
    ] {
      let result = run(arguments)
      #expect(result.code == ConformanceCommand.unusable && result.out.isEmpty)
      #expect(result.err.hasPrefix(says), "\(result.err)")
    }
  }
}
