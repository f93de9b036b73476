import Checkpoints
import Tensors
import Testing

@Suite struct SafetensorsFileConversionTests {
  private func file<Element: TensorElement>(_ elements: [Element]) throws -> SafetensorsFile {
    var writer = SafetensorsWriter()
    try writer.add(Tensor(elements, shape: [elements.count]), named: "a")
    return try SafetensorsFile(bytes: writer.bytes())
  }

  @Test func float16ToFloatIsExact() throws {
    // One half, the largest number, the smallest subnormal, the largest subnormal, infinities, zeros (IEEE 754 binary16).
    let patterns: [UInt16] = [0x3800, 0x7BFF, 0x0001, 0x03FF, 0x7C00, 0xFC00, 0x0000, 0x8000]
    let file = try file(patterns.map(Float16.init(bitPattern:)))
    let numbers = try file.tensor("a", convertedTo: Float.self).elements
    #expect(numbers == [0.5, 65504, 0x1p-24, 0x1.FF8p-15, .infinity, -.infinity, 0, 0])
    #expect(numbers[7].sign == .minus)
    let doubles = try file.tensor("a", convertedTo: Double.self).elements
    #expect(doubles == numbers.map(Double.init))
  }

  @Test func bfloat16ToFloatIsExact() throws {
    let patterns: [UInt16] = [0x3F00, 0x7F7F, 0x0001, 0x007F, 0x7F80, 0xFF80, 0x4049]
    let numbers = try file(patterns.map(BFloat16.init(bitPattern:))).tensor("a", convertedTo: Float.self).elements
    #expect(numbers == [0.5, 0x1.FEp127, 0x1p-133, 0x1.FCp-127, .infinity, -.infinity, 3.140625])
  }

  @Test func notANumberStaysSo() throws {
    #expect(try file([Float16.nan]).tensor("a", convertedTo: Float.self).item().isNaN)
    #expect(try file([BFloat16(bitPattern: 0x7F81)]).tensor("a", convertedTo: Double.self).item().isNaN)
    #expect(try file([Double.nan]).tensor("a", convertedTo: Float16.self).item().isNaN)
    #expect(try Float(file([Float.nan]).tensor("a", convertedTo: BFloat16.self).item()).isNaN)
  }

  @Test func roundsOnceToNearestEven() throws {
    // 1 + 2⁻²⁴ is a tie in Float and goes to even; a little more goes up. 1e39 and 65520 are beyond the range.
    let file = try file([1 + 0x1p-24, 1 + 0x1p-24 + 0x1p-50, 1 + 0x3p-24, 1e39, -1e39])
    #expect(
      try file.tensor("a", convertedTo: Float.self).elements == [1, 1 + 0x1p-23, 1 + 0x1p-22, .infinity, -.infinity])
    let halves = try self.file([Float(65519), 65520, 1 + 0x1p-11, 1 + 0x3p-11, 0x1p-25, 0x1.8p-25])
    #expect(
      try halves.tensor("a", convertedTo: Float16.self).elements
        == [65504, .infinity, 1, 1 + 0x1p-9, 0, 0x1p-24])
    // Through Float this would be a tie, and wrong: 1 + 2⁻⁸ + 2⁻⁴⁰.
    let twice = try self.file([1 + 0x1p-8 + 0x1p-40, 1 + 0x1p-8])
    #expect(try twice.tensor("a", convertedTo: BFloat16.self).elements.map(\.bitPattern) == [0x3F81, 0x3F80])
  }

  @Test func theSameTypeIsNotCopied() throws {
    let floats = try file([Float(1), 2])
    #expect(
      try floats.tensor("a", convertedTo: Float.self).storage.base == floats.tensor("a", as: Float.self).storage.base)
    let integers = try file([Int32(1), 2])
    #expect(
      try integers.tensor("a", convertedTo: Int32.self).storage.base
        == integers.tensor("a", as: Int32.self).storage.base)
  }

  @Test func integersOfEveryType() throws {
    #expect(try file([Int64(-5), 6]).tensor("a", convertedTo: Int.self).elements == [-5, 6])
    #expect(try file([Int32(-5), 6]).tensor("a", convertedTo: Int.self).elements == [-5, 6])
    #expect(try file([Int16(-5), 6]).tensor("a", convertedTo: Int64.self).elements == [-5, 6])
    #expect(try file([Int8(-5), 6]).tensor("a", convertedTo: Int32.self).elements == [-5, 6])
    #expect(try file([UInt64(5), 6]).tensor("a", convertedTo: Int8.self).elements == [5, 6])
    #expect(try file([UInt32(5), 6]).tensor("a", convertedTo: UInt16.self).elements == [5, 6])
    #expect(try file([UInt16(5), 6]).tensor("a", convertedTo: UInt8.self).elements == [5, 6])
    #expect(try file([UInt8(5), 6]).tensor("a", convertedTo: Int16.self).elements == [5, 6])
  }

  @Test func refusesIntegersOutOfRange() throws {
    let error = CheckpointError.integerOutOfRange(tensor: "a", index: 1, actual: "18446744073709551615", type: "Int64")
    #expect(throws: error) { try file([1, UInt64.max]).tensor("a", convertedTo: Int64.self) }
    #expect(throws: CheckpointError.integerOutOfRange(tensor: "a", index: 0, actual: "-1", type: "UInt8")) {
      try file([Int32(-1)]).tensor("a", convertedTo: UInt8.self)
    }
  }

  @Test func refusesAnotherKindOfNumber() throws {
    let real = "a floating-point type (F64, F32, F16, BF16)"
    #expect(throws: CheckpointError.wrongElementType(tensor: "a", expected: real, actual: .int64)) {
      try file([Int64(1)]).tensor("a", convertedTo: Float.self)
    }
    #expect(throws: CheckpointError.wrongElementType(tensor: "a", expected: real, actual: .bool)) {
      try file([true]).tensor("a", convertedTo: Float.self)
    }
    #expect(throws: CheckpointError.wrongElementType(tensor: "a", expected: "an integer type", actual: .float32)) {
      try file([Float(1)]).tensor("a", convertedTo: Int.self)
    }
  }
}
