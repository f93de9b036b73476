import Conformance
import Support
import Testing

@Suite struct CaseFilesTests {
  @Test func readsAFileAndAFolderInTheOrderOfNames() throws {
    let folder = try TemporaryFolder()
    let second = try folder.write(CaseSample(operator: "Second").bytes(), "b.safetensors")
    try folder.write(CaseSample(operator: "First").bytes(), "a.safetensors")
    try folder.write([1, 2, 3], "notes.txt")
    #expect(try CaseFiles.cases(at: folder.path).map(\.header.operator) == ["First", "Second"])
    #expect(try CaseFiles.cases(at: second).map(\.header.operator) == ["Second"])
  }

  @Test func saysThatNothingIsThere() throws {
    #expect(throws: ConformanceError.nothingAt(path: "/no/such/folder")) { try CaseFiles.cases(at: "/no/such/folder") }
    let folder = try TemporaryFolder()
    #expect(throws: ConformanceError.noCases(path: folder.path)) { try CaseFiles.cases(at: folder.path) }
    let empty = try folder.write(CaseSample().bytes(json: "[]"), "empty.safetensors")
    #expect(throws: ConformanceError.noCases(path: empty)) { try CaseFiles.cases(at: folder.path) }
    let sdpa = try GoldenFile("sdpa").path
    #expect(throws: ConformanceError.self) { try CaseFiles.cases(at: sdpa) }
  }

  @Test func namesTheDamagedFile() throws {
    let folder = try TemporaryFolder()
    try folder.write(CaseSample().bytes(), "a.safetensors")
    func failure(_ bytes: [UInt8]) throws -> String {
      let path = try folder.write(bytes, "b.safetensors")
      let error = #expect(throws: ConformanceError.self) { try CaseFiles.cases(at: folder.path) }
      let message = try #require(error).description
      #expect(message.hasPrefix("\(path): "), "\(message)")
      return message
    }
    #expect(try failure([]).contains("the file is empty"))
    #expect(try failure(CaseSample().bytes().dropLast(3)).contains("it is cut off"))
    for missing in ["K", "Y"] {
      #expect(try failure(CaseSample().bytes(leavingOut: missing)).contains("no tensor \"sample/"))
    }
    let graph = #""score_mod": {"graph": {"name": "g", "nodes": [], "constants": ["bias"]}}"#
    #expect(try failure(CaseSample(attributes: graph).bytes()).contains("no tensor \"sample/score_mod/bias\""))
    for json in ["", "{}", "[1]", #"[{"name": "sample"}]"#] {
      #expect(try failure(CaseSample().bytes(json: json)).contains("its list of cases can't be read"))
    }
  }
}
