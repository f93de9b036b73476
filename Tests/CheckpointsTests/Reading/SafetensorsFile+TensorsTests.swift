import Checkpoints
import Tensors
import Testing

@Suite struct SafetensorsFileTensorsTests {
  private static let numbers: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0]

  /// A file with the Floats 1 and −2, the header padded to `length`.
  private func file(headerLength length: Int) -> [UInt8] {
    let header = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    let padding = String(repeating: " ", count: length - header.utf8.count)
    return FileBytesSample(header: header + padding, data: Self.numbers).bytes
  }

  @Test func alignedTensorsAreNotCopied() throws {
    let file = try SafetensorsFile(bytes: file(headerLength: 64))
    let first = try file.tensor("a", as: Float.self)
    let second = try file.tensor("a", as: Float.self)
    #expect(first.storage.base == second.storage.base)
    #expect(!first.storage.isWritable)
  }

  @Test(arguments: 64...72) func readsAtEveryAlignment(headerLength: Int) throws {
    let tensor = try SafetensorsFile(bytes: file(headerLength: headerLength)).tensor("a", as: Float.self)
    #expect(tensor.elements == [1, -2])
    #expect(tensor.storage.isWritable == (headerLength % 4 != 0))
    #expect(UInt(bitPattern: tensor.storage.base) % 4 == 0)
  }

  @Test func writingToATensorLeavesFileAndOthersAlone() throws {
    let folder = try TemporaryFolder()
    let bytes = file(headerLength: 64)
    let path = try folder.file("a.safetensors", bytes)
    let file = try SafetensorsFile(contentsOf: path)
    var tensor = try file.tensor("a", as: Float.self)
    tensor[1] = 7
    try tensor.withMutableSpan { $0[0] = 5 }
    #expect(tensor.elements == [5, 7])
    #expect(try file.tensor("a", as: Float.self).elements == [1, -2])
    #expect(try TemporaryFolder.bytes(of: path) == bytes)
  }

  @Test func tensorsOutliveTheFileAndItsName() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("a.safetensors", file(headerLength: 64))
    let tensor = try SafetensorsFile(contentsOf: path).tensor("a", as: Float.self)
    var writer = SafetensorsWriter()
    try writer.add(Tensor<Float>([8, 9], shape: [2]), named: "a")
    try writer.write(to: path)
    #expect(tensor.elements == [1, -2])
    #expect(try SafetensorsFile(contentsOf: path).tensor("a", as: Float.self).elements == [8, 9])
  }

  @Test func refusesAnotherType() throws {
    let file = try SafetensorsFile(bytes: file(headerLength: 64))
    #expect(throws: CheckpointError.wrongElementType(tensor: "a", expected: "F64", actual: .float32)) {
      try file.tensor("a", as: Double.self)
    }
    #expect(throws: CheckpointError.wrongElementType(tensor: "a", expected: "I64", actual: .float32)) {
      try file.tensor("a", as: Int.self)
    }
  }

  @Test(arguments: ElementType.allCases.filter { !$0.isReadable })
  func refusesTypesWithoutATensor(_ type: ElementType) throws {
    let size = type.bitCount / 2
    let header = #"{"a":{"dtype":"\#(type)","shape":[4],"data_offsets":[0,\#(size)]}}"#
    let bytes = FileBytesSample(header: header, data: [UInt8](repeating: 0, count: size)).bytes
    let file = try SafetensorsFile(bytes: bytes)
    let error = CheckpointError.unreadableElementType(tensor: "a", type: type)
    #expect(throws: error) { try file.tensor("a", as: Float.self) }
    #expect(throws: error) { try file.tensor("a", convertedTo: Float.self) }
    #expect(throws: error) { try file.tensor("a", convertedTo: Int32.self) }
  }

  @Test func readsAnIntAndAnInt64Alike() throws {
    var writer = SafetensorsWriter()
    try writer.add(Tensor<Int>([3, -4], shape: [2]), named: "a")
    let file = try SafetensorsFile(bytes: writer.bytes())
    #expect(try file.entry("a").type == .int64)
    #expect(try file.tensor("a", as: Int.self).elements == [3, -4])
    #expect(try file.tensor("a", as: Int64.self).elements == [3, -4])
  }

  @Test(arguments: [2, 128, 255] as [UInt8]) func refusesBooleansThatAreNeither(_ byte: UInt8) throws {
    let header = """
      {"f":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"m":{"dtype":"BOOL","shape":[2,2],"data_offsets":[3,7]}}
      """
    let sample = FileBytesSample(header: header, data: [9, 9, 9, 0, 1, byte, 1])
    let file = try SafetensorsFile(bytes: sample.bytes)
    #expect(throws: CheckpointError.notABoolean(tensor: "m", index: 2, actual: byte, offset: sample.bytes.count - 2)) {
      try file.tensor("m", as: Bool.self)
    }
    #expect(try file.tensor("f", as: UInt8.self).elements == [9, 9, 9])
  }

  @Test func refusesElementsThatTheFormatDoesNotHave() throws {
    struct Pair: TensorElement {
      var first: Float
      var second: Float
      static var zero: Pair { Pair(first: 0, second: 0) }
    }
    let file = try SafetensorsFile(bytes: file(headerLength: 64))
    #expect(throws: CheckpointError.noElementType(tensor: "a", type: "Pair")) { try file.tensor("a", as: Pair.self) }
    var writer = SafetensorsWriter()
    #expect(throws: CheckpointError.noElementType(tensor: "p", type: "Pair")) {
      try writer.add(Tensor<Pair>(zeros: [2]), named: "p")
    }
  }
}
