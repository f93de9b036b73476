import CKernels
import Foundation
import Testing

@Suite struct SoftcapTests {
  /// The header's bound for tanh.
  static let bound = 4.0

  static func softcap<T: KernelElement>(_ x: [T], _ c: T, _ table: KernelTable<T>) -> [T] {
    var y = x
    y.withUnsafeMutableBufferPointer { if let s = $0.baseAddress { table.softcap(s, 1, x.count, x.count, c) } }
    return y
  }

  @Test(arguments: KernelTable<Float>.available)
  func floatTanh(table: KernelTable<Float>) {
    let x = stride(from: UInt32(0), to: .max, by: 65_521).map { Float(bitPattern: $0) }
    var largest = Largest()
    for (x, y) in zip(x, Self.softcap(x, 1, table)) { largest.record(ulps(y, from: Wide(tanh(Double(x)))), at: "\(x)") }
    #expect(largest.error <= Self.bound, "\(largest)")
  }

  @Test(arguments: KernelTable<Double>.available)
  func doubleTanh(table: KernelTable<Double>) {
    var numbers = Numbers(seed: 23)
    var x: [Double] = []
    for _ in 0..<10_000 {
      x.append(numbers.next(-1, 1))
      x.append(numbers.next(-22, 22))
      x.append(Double(bitPattern: numbers.bits()))
    }
    var largest = Largest()
    for (x, y) in zip(x, Self.softcap(x, 1, table)) { largest.record(ulps(y, from: tanh(Wide(x))), at: "\(x)") }
    #expect(largest.error <= Self.bound, "\(largest)")
  }

  @Test(arguments: KernelTable<Float>.available)
  func floatExtremes(table: KernelTable<Float>) { Self.extremes(table) }

  @Test(arguments: KernelTable<Double>.available)
  func doubleExtremes(table: KernelTable<Double>) { Self.extremes(table) }

  static func extremes<T: KernelElement>(_ table: KernelTable<T>) {
    let y = softcap([0, -0.0, .infinity, -.infinity, .nan, 1e30, -1e30, 1e-30], 50, table)
    #expect(y[0] == 0 && y[0].sign == .plus)
    #expect(y[1] == 0 && y[1].sign == .minus)
    #expect(y[2] == 50 && y[3] == -50 && y[5] == 50 && y[6] == -50)
    #expect(y[4].isNaN)
    #expect((y[7] - 1e-30).magnitude <= 4 * T(1e-30).ulp)
  }

  @Test(arguments: KernelTable<Float>.available)
  func floatRemainders(table: KernelTable<Float>) { Self.remainders(table) }

  @Test(arguments: KernelTable<Double>.available)
  func doubleRemainders(table: KernelTable<Double>) { Self.remainders(table) }

  /// c*tanh(s/c): 4 ULP of tanh, half a ULP of the quotient and of the product.
  static func remainders<T: KernelElement>(_ table: KernelTable<T>) {
    var numbers = Numbers(seed: 29)
    var largest = Largest()
    for cols in remainderCounts {
      var matrix: GuardedMatrix<T> = scores(rows: 2, cols: cols, gap: cols % 3, offset: cols % 4, &numbers)
      let input = matrix
      let ld = matrix.ld
      matrix.withPointer { table.softcap($0, 2, cols, ld, 3) }
      #expect(matrix.damage.isEmpty, "cols \(cols): \(matrix.damage)")
      for row in 0..<2 {
        for col in 0..<cols {
          let exact = 3 * tanh(Wide(input[row, col]) / 3)
          largest.record(ulps(matrix[row, col], from: exact), at: "cols \(cols), row \(row), column \(col)")
        }
      }
    }
    #expect(largest.error <= Self.bound + 2, "\(largest)")
  }
}
