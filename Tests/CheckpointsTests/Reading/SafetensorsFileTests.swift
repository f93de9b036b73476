import Checkpoints
import Tensors
import Testing

@Suite struct SafetensorsFileTests {
  private func file() throws -> SafetensorsFile {
    let header = """
      {"query":{"dtype":"F32","shape":[2],"data_offsets":[4,12]},"mask":{"dtype":"BOOL","shape":[4],"data_offsets":[0,4]},
      "__metadata__":{"format":"pt"}}
      """
    let data: [UInt8] = [0, 1, 1, 0, 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0]
    return try SafetensorsFile(bytes: FileBytesSample(header: header, data: data).bytes)
  }

  @Test func listsWhatItHolds() throws {
    let file = try file()
    #expect(file.names == ["mask", "query"])
    #expect(file.metadata == ["format": "pt"])
    #expect(file.contains("query") && !file.contains("key") && !file.contains("__metadata__"))
    let entry = try file.entry("query")
    #expect(entry.type == .float32 && entry.shape == [2] && entry.dataOffsets == 4..<12)
    #expect(entry.description == #""query" F32 [2]"#)
  }

  @Test func readsElements() throws {
    let file = try file()
    #expect(try file.tensor("mask").elements == [false, true, true, false])
    #expect(try file.tensor("query", as: Float.self).elements == [1, -2])
  }

  @Test func saysWhichNamesAreThere() throws {
    let error = CheckpointError.missingTensor(name: "qeury", similar: ["query", "mask"], count: 2)
    #expect(throws: error) { try file().tensor("qeury", as: Float.self) }
    #expect(error.description == #"no tensor "qeury"; the file has "query", "mask""#)
    #expect(throws: error) { try file().tensor("qeury", convertedTo: Float.self) }
    #expect(throws: error) { try file().tensor("qeury", convertedTo: Int.self) }
    #expect(throws: CheckpointError.missingTensor(name: "a", similar: [], count: 0)) {
      try SafetensorsFile(bytes: FileBytesSample(header: "{}").bytes).entry("a")
    }
  }

  @Test func refusesPathsThatAreNoFile() throws {
    let folder = try TemporaryFolder()
    let missing = "\(folder.path)/missing.safetensors"
    #expect(throws: CheckpointError.cannotOpen(path: missing, reason: "No such file or directory")) {
      try SafetensorsFile(contentsOf: missing)
    }
    #expect(throws: CheckpointError.notARegularFile(path: folder.path)) { try SafetensorsFile(contentsOf: folder.path) }
    #expect(throws: CheckpointError.notARegularFile(path: "/dev/null")) { try SafetensorsFile(contentsOf: "/dev/null") }
    let empty = try folder.file("empty", [])
    #expect(throws: CheckpointError.emptyFile) { try SafetensorsFile(contentsOf: empty) }
    let cut = try folder.file("cut", [2, 0, 0])
    #expect(throws: CheckpointError.headerLengthIncomplete(expected: 8, actual: 3)) {
      try SafetensorsFile(contentsOf: cut)
    }
  }

  @Test(arguments: [
    (["layer.0.query.weight", "layer.0.key.weight", "pooler.bias"], "query.weight", "layer.0.query.weight"),
    (["keys", "values", "queries"], "value", "values"),
    (["weights", "bias"], "model.bias", "bias"),
    (["abc", "xyz"], "xyq", "xyz"),
  ])
  func putsTheLikeliestNameFirst(_ names: [String], _ asked: String, _ likeliest: String) throws {
    var writer = SafetensorsWriter()
    for name in names { try writer.add(Tensor<Int>(zeros: [1]), named: name) }
    let file = try SafetensorsFile(bytes: writer.bytes())
    do {
      _ = try file.entry(asked)
      Issue.record("\(asked) was found")
    } catch CheckpointError.missingTensor(_, let similar, let count) {
      #expect(similar.first == likeliest)
      #expect(count == names.count)
    }
  }

  @Test func namesAFewOfMany() throws {
    var writer = SafetensorsWriter()
    for index in 0..<40 { try writer.add(Tensor<Int>(zeros: [1]), named: "layer.\(index).weight") }
    let file = try SafetensorsFile(bytes: writer.bytes())
    do {
      _ = try file.entry("layer.40.weight")
      Issue.record("layer.40.weight was found")
    } catch {
      #expect(error.description.hasPrefix(#"no tensor "layer.40.weight"; the file has "layer."#))
      #expect(error.description.hasSuffix("and 32 others"))
    }
  }
}
