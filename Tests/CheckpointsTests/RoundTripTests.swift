import Checkpoints
import Tensors
import Testing

/// Tensors that are written and read again, through memory and through a file.
@Suite struct RoundTripTests {
  /// Writes a tensor beside others, so that it stands at an offset, and compares what is read, bit by bit.
  private func check<Element: TensorElement>(_ elements: [Element], shape: [Int]) throws {
    let tensor = try Tensor(elements, shape: shape)
    var writer = SafetensorsWriter()
    try writer.add(Tensor<Double>([1, 2, 3], shape: [3]), named: "first")
    try writer.add(tensor, named: "tensor")
    try writer.add(Tensor<Bool>([true], shape: []), named: "last")
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/round-trip.safetensors"
    try writer.write(to: path)
    for file in [try SafetensorsFile(bytes: writer.bytes()), try SafetensorsFile(contentsOf: path)] {
      let read = try file.tensor("tensor", as: Element.self)
      #expect(read.shape == shape)
      #expect(bits(read.elements) == bits(elements))
    }
  }

  private func bits<Element: TensorElement>(_ elements: [Element]) -> [UInt8] {
    elements.withUnsafeBytes(Array.init)
  }

  @Test func double() throws {
    let numbers = [0, -0.0, 1.5, -.pi, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .nan]
    try check(numbers, shape: [3, 3])
  }

  @Test func float() throws {
    let numbers: [Float] = [0, -0.0, 1.5, .pi, .infinity, .leastNonzeroMagnitude, Float(nan: 5, signaling: false)]
    try check(numbers, shape: [7, 1])
  }

  @Test func float16() throws {
    try check([Float16(0), -0.0, 65504, .leastNonzeroMagnitude, -.infinity, .nan], shape: [2, 3])
  }

  @Test func bfloat16() throws {
    let patterns: [UInt16] = [0, 0x8000, 0x3F80, 0x7F80, 0xFF80, 0x7FC1, 1, 0x7F7F, 0xFFFF, 0x0080]
    try check(patterns.map(BFloat16.init(bitPattern:)), shape: [5, 2])
  }

  @Test func bool() throws { try check([true, false, false, true, true], shape: [5]) }

  @Test func int() throws { try check([Int.min, -1, 0, .max], shape: [2, 2]) }

  @Test func int64() throws { try check([Int64.min, -1, 0, 1, .max], shape: [5]) }

  @Test func int32() throws { try check([Int32.min, -1, .max], shape: [1, 3]) }

  @Test func int16() throws { try check([Int16.min, -1, .max], shape: [3]) }

  @Test func int8() throws { try check([Int8.min, -1, .max], shape: [3]) }

  @Test func uint64() throws { try check([UInt64.min, 1, .max], shape: [3]) }

  @Test func uint32() throws { try check([UInt32.min, 1, .max], shape: [3]) }

  @Test func uint16() throws { try check([UInt16.min, 1, .max], shape: [3]) }

  @Test func uint8() throws { try check([UInt8.min, 1, .max], shape: [3]) }

  @Test func scalar() throws { try check([Float(2.5)], shape: []) }

  @Test func manyAxes() throws { try check([Int32](0..<30), shape: [1, 2, 1, 3, 1, 5]) }

  @Test(arguments: [[0], [0, 3], [5, 0, 7]]) func empty(shape: [Int]) throws {
    try check([Double](), shape: shape)
    try check([Bool](), shape: shape)
  }

  @Test func metadataAndNames() throws {
    let text = ["format": "pt", "": "empty key", "quote\"\\/": "line\nbreak\ttab\0\u{1F}\u{7F}", "ключ": "😀"]
    let names = ["", "a.b", "ö", "\"\\\n", "😀", "__metadata"]
    var writer = SafetensorsWriter(metadata: text)
    for (index, name) in names.enumerated() { try writer.add(Tensor<Int>([index], shape: [1]), named: name) }
    let file = try SafetensorsFile(bytes: writer.bytes())
    #expect(file.metadata == text)
    #expect(Set(file.names) == Set(names))
    for (index, name) in names.enumerated() { #expect(try file.tensor(name, as: Int.self).elements == [index]) }
  }
}
