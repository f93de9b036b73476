import CKernels
import Tensors
import Testing

/// Numbers of 16 bits, against Swift's own Float16 and the package's BFloat16.
@Suite struct HalvesTests {
  @Test(arguments: KernelTable<Float>.available)
  func floatWidens(table: KernelTable<Float>) { Self.widensAll(table) { Float($0) } }

  @Test(arguments: KernelTable<Double>.available)
  func doubleWidens(table: KernelTable<Double>) { Self.widensAll(table) { Double($0) } }

  /// All 65536 numbers of either kind, NaN by being a quiet one of the same sign and payload.
  static func widensAll<T: KernelElement>(_ table: KernelTable<T>, _ exact: (Float) -> T) {
    let words = (0...65535).map { UInt16($0) }
    var halves = [T](repeating: 0, count: words.count)
    var upper = halves
    table.widenFloat16(words, &halves, words.count)
    table.widenBFloat16(words, &upper, words.count)
    var wrong: [UInt16] = []
    for (index, word) in words.enumerated() {
      let half = exact(quiet(Float(Float16(bitPattern: word)), payload: UInt32(word & 0x1FF) << 13))
      let bfloat = exact(Float(BFloat16(bitPattern: word)))
      if !isSame(halves[index], half) || !isSame(upper[index], bfloat) { wrong.append(word) }
    }
    #expect(wrong.isEmpty, "\(wrong.count) words, the first: \(wrong.prefix(8))")
  }

  /// The quiet NaN with a payload where the number is a NaN.
  static func quiet(_ number: Float, payload: UInt32) -> Float {
    guard number.isNaN else { return number }
    return Float(bitPattern: (number.sign == .minus ? 0xFFC0_0000 : 0x7FC0_0000) | payload)
  }

  /// Bitwise; a NaN of bfloat16 may be made quiet on its way to Double.
  static func isSame<T: KernelElement>(_ left: T, _ right: T) -> Bool {
    if left.isNaN || right.isNaN { return left.isNaN && right.isNaN && left.sign == right.sign }
    return left == right && left.sign == right.sign
  }

  @Test(arguments: KernelTable<Float>.available)
  func floatNarrows(table: KernelTable<Float>) {
    var inputs = Self.neighbours.map { Float($0) }
    inputs += Self.someNeighbours.flatMap { [Float($0).nextUp, Float($0).nextDown] }
    var numbers = Numbers(seed: 61)
    for _ in 0..<20_000 { inputs.append(Float(bitPattern: UInt32(truncatingIfNeeded: numbers.bits()))) }
    Self.narrows(table, inputs, half: { Float16($0) }, bfloat: { BFloat16($0) })
  }

  @Test(arguments: KernelTable<Double>.available)
  func doubleNarrows(table: KernelTable<Double>) {
    var inputs = Self.neighbours
    inputs += Self.someNeighbours.flatMap { [$0.nextUp, $0.nextDown] }
    // So near to a tie that Float does not see on which side.
    inputs += Self.someNeighbours.flatMap { [$0 * (1 + 0x1p-40), $0 * (1 - 0x1p-40)] }
    inputs += [1e300, -1e300, 1e-300, -1e-300, 0x1p-25, 0x1.0000000001p-25, 65519.999999999, 3.3961775292304957e38]
    var numbers = Numbers(seed: 67)
    for _ in 0..<10_000 {
      let bits = numbers.bits()
      inputs.append(Double(bitPattern: bits))
      inputs.append(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))) * (1 + 0x1p-45))
    }
    Self.narrows(table, inputs, half: { Float16($0) }, bfloat: { BFloat16(rounding: $0) })
  }

  /// Every finite positive half and every tie between two, some negative numbers of bfloat16 and ties, infinities and NaN.
  static let neighbours: [Double] = {
    var numbers: [Double] = [.infinity, -.infinity, .nan, -.nan, 65520, -65520, 0, -0.0]
    for bits in UInt16(0)..<0x7C00 {
      let half = Double(Float16(bitPattern: bits))
      numbers += [half, (half + Double(Float16(bitPattern: bits).nextUp)) / 2]
    }
    for bits in stride(from: UInt16(0), to: 0x7F7F, by: 11) {
      let bfloat = Double(Float(BFloat16(bitPattern: bits)))
      numbers += [-bfloat, -(bfloat + Double(Float(BFloat16(bitPattern: bits + 1)))) / 2]
    }
    return numbers
  }()

  /// Numbers and ties by turns, of all exponents.
  static let someNeighbours = stride(from: 0, to: neighbours.count, by: 13).map { neighbours[$0] }

  static func narrows<T: KernelElement>(
    _ table: KernelTable<T>, _ inputs: [T], half: (T) -> Float16, bfloat: (T) -> BFloat16
  ) {
    var halves = [UInt16](repeating: 1, count: inputs.count)
    var upper = halves
    table.narrowFloat16(inputs, &halves, inputs.count)
    table.narrowBFloat16(inputs, &upper, inputs.count)
    var wrong: [T] = []
    for (index, input) in inputs.enumerated() {
      let (nearest, truncated) = (half(input).bitPattern, bfloat(input).bitPattern)
      if input.isNaN {
        // Of the sign, quiet.
        let sign: UInt16 = input.sign == .minus ? 0x8000 : 0
        if halves[index] & 0xFE00 != sign | 0x7E00 || upper[index] & 0xFFC0 != sign | 0x7FC0 { wrong.append(input) }
      } else if halves[index] != nearest || upper[index] != truncated {
        wrong.append(input)
      }
    }
    #expect(wrong.isEmpty, "\(wrong.count) of \(inputs.count) inputs, the first: \(wrong.prefix(8))")
  }

  @Test(arguments: KernelTable<Float>.available)
  func floatRemainders(table: KernelTable<Float>) { Self.remainders(table) }

  @Test(arguments: KernelTable<Double>.available)
  func doubleRemainders(table: KernelTable<Double>) { Self.remainders(table) }

  /// Whatever the count, all of it is converted and nothing beyond it is touched.
  static func remainders<T: KernelElement>(_ table: KernelTable<T>) {
    for count in remainderCounts {
      let words = (0..<count).map { UInt16(0x3C00 + $0) }
      var wide = GuardedMatrix<T>(rows: 1, cols: count, offset: count % 4) { _, _ in 0 }
      for isHalf in [true, false] {
        wide.withPointer { isHalf ? table.widenFloat16(words, $0, count) : table.widenBFloat16(words, $0, count) }
        #expect(wide.damage.isEmpty, "\(count) elements: \(wide.damage)")
        var back = [UInt16](repeating: 0xAAAA, count: count + 40)
        wide.withPointer { isHalf ? table.narrowFloat16($0, &back, count) : table.narrowBFloat16($0, &back, count) }
        #expect(Array(back.prefix(count)) == words, "\(count) elements")
        #expect(back.dropFirst(count).allSatisfy { $0 == 0xAAAA }, "beyond \(count) elements")
      }
    }
  }

  /// Every set gives the same bits, NaN included.
  @Test(arguments: KernelTable<Float>.available.dropFirst())
  func setsAgree(table: KernelTable<Float>) throws {
    let plain = try #require(Float.table(KernelSetPlain))
    let words = (0...65535).map { UInt16($0) }
    var (ours, theirs) = ([Float](repeating: 0, count: 65536), [Float](repeating: 0, count: 65536))
    table.widenFloat16(words, &ours, 65536)
    plain.widenFloat16(words, &theirs, 65536)
    #expect(ours.map(\.bitPattern) == theirs.map(\.bitPattern))
    var numbers = Numbers(seed: 71)
    // Every exponent, NaN's among them.
    let inputs = (0..<65536).map { Float(bitPattern: UInt32($0) << 16 | UInt32(numbers.bits() >> 48)) }
    var (our, their) = ([UInt16](repeating: 0, count: 65536), [UInt16](repeating: 0, count: 65536))
    table.narrowFloat16(inputs, &our, 65536)
    plain.narrowFloat16(inputs, &their, 65536)
    #expect(our == their)
    table.narrowBFloat16(inputs, &our, 65536)
    plain.narrowBFloat16(inputs, &their, 65536)
    #expect(our == their)
  }
}
