import Tensors
import Testing

@Suite struct TensorElementTests {
  private func zeros<Element: TensorElement>(_: Element.Type) throws -> [Element] {
    try Tensor<Element>(zeros: [2]).elements
  }

  @Test("Fresh memory is false or 0 in every element type")
  func zero() throws {
    #expect(try zeros(Bool.self) == [false, false])
    #expect(try zeros(Int8.self) == [0, 0])
    #expect(try zeros(Int16.self) == [0, 0])
    #expect(try zeros(Int32.self) == [0, 0])
    #expect(try zeros(Int64.self) == [0, 0])
    #expect(try zeros(Int.self) == [0, 0])
    #expect(try zeros(UInt8.self) == [0, 0])
    #expect(try zeros(UInt16.self) == [0, 0])
    #expect(try zeros(UInt32.self) == [0, 0])
    #expect(try zeros(UInt64.self) == [0, 0])
    #expect(try zeros(Float16.self) == [0, 0])
    #expect(try zeros(BFloat16.self) == [.zero, .zero])
    #expect(try zeros(Float.self) == [0, 0])
    #expect(try zeros(Double.self) == [0, 0])
  }

  @Test(
    "Double → Float16 rounds once, ties to even",
    arguments: [
      // 1 + 2⁻¹¹ is the tie between 1 and 1 + 2⁻¹⁰.
      (1 + 0x1p-11, 0x3C00),
      (1 + 0x1p-11 + 0x1p-40, 0x3C01),  // Float sees a tie
      (1 + 0x3p-11 - 0x1p-40, 0x3C01),
      (65504, 0x7BFF),
      (65519.99, 0x7BFF),
      (65520, 0x7C00),
      (0x1p-25, 0x0000),
      (0x1p-25 + 0x1p-60, 0x0001),
      (-0x1p-24, 0x8001),
    ] as [(Double, UInt16)])
  func roundsToFloat16(value: Double, expected: UInt16) {
    #expect(Float16(rounding: value).bitPattern == expected)
  }

  @Test("Double → Float rounds to nearest, ties to even; Double stays")
  func roundsToFloat() {
    #expect(Float(rounding: 1 + 0x1p-24) == 1)
    #expect(Float(rounding: 1 + 0x3p-24) == 1 + 0x1p-22)
    #expect(Float(rounding: 1e39) == .infinity)
    #expect(Double(rounding: 0.1) == 0.1)
    #expect(Float(0.1).asDouble == 0.10000000149011612)
  }
}
