import Tensors
import Testing

@testable import Checkpoints

@Suite struct SafetensorsWriterTests {
  @Test func writesTheseBytes() throws {
    var writer = SafetensorsWriter(metadata: ["b": "2", "a": "1"])
    try writer.add(Tensor<UInt8>([7], shape: []), named: "x")
    try writer.add(Tensor<Float>([1, -2], shape: [1, 2]), named: "w")
    let header =
      #"{"__metadata__":{"a":"1","b":"2"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"#
      + #""x":{"dtype":"U8","shape":[],"data_offsets":[8,9]}}"#
    let padding = (8 - header.utf8.count % 8) % 8
    let expected = FileBytesSample(
      header: header + String(repeating: " ", count: padding), data: [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 7])
    #expect(try writer.bytes() == expected.bytes)
  }

  @Test func writesNothingAsAnEmptyObject() throws {
    #expect(try SafetensorsWriter().bytes() == [8, 0, 0, 0, 0, 0, 0, 0] + Array("{}      ".utf8))
  }

  @Test func ordersByTypeThenNameInBytes() throws {
    var writer = SafetensorsWriter()
    try writer.add(Tensor<Bool>([true], shape: [1]), named: "bool")
    try writer.add(Tensor<Int8>([1], shape: [1]), named: "int8")
    try writer.add(Tensor<UInt8>([1], shape: [1]), named: "uint8")
    try writer.add(Tensor<Float16>([1], shape: [1]), named: "float16")
    try writer.add(Tensor<BFloat16>([BFloat16(1)], shape: [1]), named: "bfloat16")
    try writer.add(Tensor<UInt16>([1], shape: [1]), named: "uint16")
    try writer.add(Tensor<Int16>([1], shape: [1]), named: "int16")
    try writer.add(Tensor<Int32>([1], shape: [1]), named: "int32")
    try writer.add(Tensor<UInt32>([1], shape: [1]), named: "uint32")
    // By code point, "z" stands before "é" and "B" before "a".
    for name in ["é", "z", "a", "B", "a.10", "a.9", ""] { try writer.add(Tensor<Float>([1], shape: [1]), named: name) }
    try writer.add(Tensor<Double>([1], shape: [1]), named: "double")
    try writer.add(Tensor<Int>([1], shape: [1]), named: "int")
    try writer.add(Tensor<UInt64>([1], shape: [1]), named: "uint64")
    #expect(
      try SafetensorsFile(bytes: writer.bytes()).names == [
        "uint64", "int", "double", "", "B", "a", "a.10", "a.9", "z", "é", "uint32", "int32", "bfloat16", "float16",
        "uint16", "int16", "int8", "uint8", "bool",
      ])
  }

  @Test func theOrderOfAddingDoesNotMatter() throws {
    let names = ["q", "k", "v", "o"]
    var forwards = SafetensorsWriter(metadata: ["x": "1", "y": "2", "z": "3"])
    var backwards = SafetensorsWriter(metadata: ["z": "3", "y": "2", "x": "1"])
    for name in names { try forwards.add(Tensor<Float>([1], shape: [1]), named: name) }
    for name in names.reversed() { try backwards.add(Tensor<Float>([1], shape: [1]), named: name) }
    #expect(try forwards.bytes() == backwards.bytes())
  }

  @Test(arguments: 0..<8) func dataAreAligned(nameLength: Int) throws {
    var writer = SafetensorsWriter()
    try writer.add(Tensor<Bool>([true, false, true], shape: [3]), named: "m")
    try writer.add(Tensor<Double>([1.5], shape: []), named: String(repeating: "n", count: nameLength))
    let bytes = try writer.bytes()
    #expect(bytes[0] % 8 == 0)
    let file = try SafetensorsFile(bytes: bytes)
    #expect(try !file.tensor(String(repeating: "n", count: nameLength), as: Double.self).storage.isWritable)
  }

  @Test func viewsAreWrittenRowMajor() throws {
    let matrix = try Tensor<Int16>([1, 2, 3, 4, 5, 6], shape: [2, 3])
    var writer = SafetensorsWriter()
    try writer.add(matrix.transposed(0, 1), named: "transposed")
    try writer.add(matrix.sliced(axis: 1, 1..<3), named: "slice")
    try writer.add(matrix.selecting(axis: 0, 1), named: "row")
    try writer.add(Tensor<Int16>([8], shape: [1]).broadcast(to: [2, 2]), named: "broadcast")
    let file = try SafetensorsFile(bytes: writer.bytes())
    #expect(try file.tensor("transposed", as: Int16.self) == Tensor([1, 4, 2, 5, 3, 6], shape: [3, 2]))
    #expect(try file.tensor("slice", as: Int16.self) == Tensor([2, 3, 5, 6], shape: [2, 2]))
    #expect(try file.tensor("row", as: Int16.self) == Tensor([4, 5, 6], shape: [3]))
    #expect(try file.tensor("broadcast", as: Int16.self) == Tensor([8, 8, 8, 8], shape: [2, 2]))
  }

  @Test func laterChangesToATensorAreNotWritten() throws {
    var tensor = try Tensor<Float>([1, 2], shape: [2])
    var writer = SafetensorsWriter()
    try writer.add(tensor, named: "a")
    tensor[0] = 9
    #expect(try SafetensorsFile(bytes: writer.bytes()).tensor("a", as: Float.self).elements == [1, 2])
  }

  @Test func refusesNames() throws {
    var writer = SafetensorsWriter()
    let tensor = try Tensor<Float>(zeros: [1])
    try writer.add(tensor, named: "a")
    #expect(throws: CheckpointError.duplicateTensor(name: "a")) { try writer.add(tensor, named: "a") }
    #expect(throws: CheckpointError.reservedName(name: "__metadata__")) {
      try writer.add(tensor, named: "__metadata__")
    }
    #expect(try SafetensorsFile(bytes: writer.bytes()).names == ["a"])
  }

  @Test func refusesWhatCannotBeCounted() throws {
    var writer = SafetensorsWriter()
    let one = try Tensor<UInt8>([1], shape: [1, 1])
    #expect(throws: CheckpointError.tooManyElements(tensor: "a", shape: [1 << 31, 1 << 31])) {
      try writer.add(one.broadcast(to: [1 << 31, 1 << 31]), named: "a")
    }
    try writer.add(one.broadcast(to: [1 << 29, 1 << 30]), named: "b")
    for name in ["c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q"] {
      try writer.add(one.broadcast(to: [1 << 29, 1 << 30]), named: name)
    }
    #expect(throws: CheckpointError.tooMuchData(tensor: "q")) { try writer.bytes() }
  }

  @Test func refusesAHeaderThatCouldNotBeRead() throws {
    // 27 bytes, padded to 32.
    let writer = SafetensorsWriter(metadata: ["text": "xy"])
    #expect(try writer.header(of: [], lengthLimit: 32).count == 40)
    #expect(throws: CheckpointError.headerTooLong(limit: 31, actual: 32)) {
      try writer.header(of: [], lengthLimit: 31)
    }
  }
}
