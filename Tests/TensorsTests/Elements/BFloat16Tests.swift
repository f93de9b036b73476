import Tensors
import Testing

/// Of bfloat16 near 1 the spacing is 2⁻⁷ = 0x0001 in the pattern.
@Suite struct BFloat16Tests {
  @Test(
    "Float → BFloat16 rounds to nearest, ties to even",
    arguments: [
      (0x3F80_0000, 0x3F80),  // 1
      (0x3F80_7FFF, 0x3F80),  // below the tie
      (0x3F80_8000, 0x3F80),  // tie: down to even
      (0x3F80_8001, 0x3F81),  // above the tie
      (0x3F81_7FFF, 0x3F81),
      (0x3F81_8000, 0x3F82),  // tie: up to even
      (0xBF81_8000, 0xBF82),  // the same below 0
      (0x3FFF_8000, 0x4000),  // carries into the exponent
      (0x0000_0000, 0x0000),
      (0x8000_0000, 0x8000),  // −0
      (0x0000_8000, 0x0000),  // subnormal tie
      (0x0000_8001, 0x0001),  // least subnormal
      (0x0001_8000, 0x0002),
      (0x007F_FFFF, 0x0080),  // greatest subnormal Float → least normal
      (0x7F7F_7FFF, 0x7F7F),  // greatest finite
      (0x7F7F_8000, 0x7F80),  // tie beyond it: ∞
      (0x7F7F_FFFF, 0x7F80),
      (0xFF7F_FFFF, 0xFF80),
      (0x7F80_0000, 0x7F80),  // ∞
      (0xFF80_0000, 0xFF80),
    ] as [(UInt32, UInt16)])
  func rounds(bits: UInt32, expected: UInt16) {
    #expect(BFloat16(Float(bitPattern: bits)).bitPattern == expected)
    #expect(BFloat16(rounding: Double(Float(bitPattern: bits))).bitPattern == expected)
  }

  @Test("NaN stays NaN, also when its payload is in the lost half", arguments: [0x7F80_0001, 0xFFC0_0000, 0x7FFF_FFFF])
  func keepsNaN(bits: UInt32) {
    let value = Float(bitPattern: bits)
    #expect(Float(BFloat16(value)).isNaN)
    #expect(Float(BFloat16(value)).sign == value.sign)
    #expect(BFloat16(rounding: Double(value)).asDouble.isNaN)
  }

  @Test(
    "Double → BFloat16 rounds once, where rounding to Float first would make a tie",
    arguments: [
      // 1 + 2⁻⁸ is the tie between 1 and 1 + 2⁻⁷; Float holds 2⁻²³.
      (1 + 0x1p-8, 0x3F80),
      (1 + 0x1p-8 + 0x1p-40, 0x3F81),  // Float sees the tie, and even is down
      (-1 - 0x1p-8 - 0x1p-40, 0xBF81),
      // 1 + 3·2⁻⁸ is the tie between 1 + 2⁻⁷ and 1 + 2⁻⁶.
      (1 + 0x3p-8, 0x3F82),
      (1 + 0x3p-8 - 0x1p-40, 0x3F81),  // Float sees the tie, and even is up
      (-1 - 0x3p-8 + 0x1p-40, 0xBF81),
      (0x1p-134, 0x0000),  // half the least subnormal
      (0x1p-134 + 0x1p-170, 0x0001),
      (0x1p-200, 0x0000),
      (-0x1p-200, 0x8000),
      (0x1.FEFFFFFFFFp127, 0x7F7F),  // just below the tie to ∞
      (0x1.FFp127, 0x7F80),
      (1e300, 0x7F80),
      (-.infinity, 0xFF80),
    ] as [(Double, UInt16)])
  func roundsOnce(value: Double, expected: UInt16) {
    #expect(BFloat16(rounding: value).bitPattern == expected)
  }

  @Test("Every bit pattern survives the way to Float and Double and back")
  func roundTrips() {
    var failures: [UInt16] = []
    for bits in UInt16.min...UInt16.max {
      let value = BFloat16(bitPattern: bits)
      if Float(value).isNaN {
        if !Float(BFloat16(Float(value))).isNaN { failures.append(bits) }
      } else if BFloat16(Float(value)).bitPattern != bits || BFloat16(rounding: value.asDouble).bitPattern != bits {
        failures.append(bits)
      }
    }
    #expect(failures.isEmpty)
  }

  @Test("Equality is that of numbers")
  func equality() {
    #expect(BFloat16(bitPattern: 0x8000) == .zero)
    #expect(BFloat16(bitPattern: 0x7FC0) != BFloat16(bitPattern: 0x7FC0))
    #expect(BFloat16(1.5).description == "1.5")
  }
}
