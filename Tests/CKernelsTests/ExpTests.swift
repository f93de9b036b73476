import CKernels
import Foundation
import Testing

@Suite struct ExpTests {
  /// The header's bound in ULP.
  static func bound(_ set: KernelSet) -> Double { set == KernelSetPlain ? 1.25 : 1 }

  static func exp<T: KernelElement>(_ x: [T], _ table: KernelTable<T>) -> [T] {
    var y = [T](repeating: 0, count: x.count)
    x.withUnsafeBufferPointer { x in
      y.withUnsafeMutableBufferPointer { y in
        if let from = x.baseAddress, let to = y.baseAddress { table.exp(from, to, x.count) }
      }
    }
    return y
  }

  /// Every 2039th of the 2^32 bit patterns: both signs, subnormals, infinities, NaNs.
  @Test(arguments: KernelTable<Float>.available)
  func floatOverItsWholeRange(table: KernelTable<Float>) {
    let x = stride(from: UInt32(0), to: .max, by: 2039).map { Float(bitPattern: $0) }
    let y = Self.exp(x, table)
    // A loop of its own instead of ulps(): two million points, unoptimised.
    var worst = 0.0
    var place = 0
    x.withUnsafeBufferPointer { x in
      y.withUnsafeBufferPointer { y in
        var i = 0
        while i < x.count {
          let exact = Foundation.exp(Double(x[i]))
          var error = 0.0
          if !(exact.isInfinite && y[i] == .infinity || exact.isNaN && y[i].isNaN) {
            let unit = exact < 0x1p-126 ? 0x1p-149 : Double(Float(exact).ulp)
            error = (Double(y[i]) - exact).magnitude / unit
            // Float.greatestFiniteMagnitude's next is 2^128, where rounding gives infinity.
            if Float(exact) == .infinity { error = y[i] == .infinity ? 0 : .infinity }
          }
          if !(error <= worst) {
            worst = error
            place = i
          }
          i += 1
        }
      }
    }
    #expect(worst <= Self.bound(table.set), "largest error \(worst) ULP at \(x[place])")
  }

  @Test(arguments: KernelTable<Double>.available)
  func doubleOverItsWholeRange(table: KernelTable<Double>) {
    var numbers = Numbers(seed: 7)
    var x: [Double] = []
    for _ in 0..<20_000 {
      x.append(numbers.next(-750, 715))
      x.append(numbers.next(-1, 1))
      x.append(numbers.next(-746, -700))
      x.append(Double(bitPattern: numbers.bits()))
    }
    var largest = Largest()
    for (x, y) in zip(x, Self.exp(x, table)) { largest.record(ulps(y, from: Foundation.exp(Wide(x))), at: "\(x)") }
    #expect(largest.error <= Self.bound(table.set), "\(largest)")
  }

  @Test(arguments: KernelTable<Float>.available)
  func floatAtItsEdges(table: KernelTable<Float>) {
    let tiny = Float.leastNonzeroMagnitude
    let x: [Float] = [0, -0.0, tiny, -tiny, 88.722_83, 88.722_84, -87.336_55, -102.6, -103.972_07, -103.972_09]
    let exact = x.map { Foundation.exp(Double($0)) }
    let y = Self.exp(x + [.infinity, -.infinity, .nan, -.nan, -104, -1e30, 1e30], table)
    #expect(y[0] == 1 && y[1] == 1 && y[2] == 1 && y[3] == 1)
    for i in x.indices { #expect(ulps(y[i], from: Wide(exact[i])) <= Self.bound(table.set), "exp(\(x[i])) = \(y[i])") }
    #expect(y[4].isFinite)
    #expect(y[5] == .infinity)
    #expect(y[7] == 2 * .leastNonzeroMagnitude)
    #expect(y[8] == .leastNonzeroMagnitude)
    #expect(y[9] == 0)
    #expect(y[10] == .infinity)
    #expect(y[11] == 0 && y[11].sign == .plus)
    #expect(y[12].isNaN && y[13].isNaN)
    #expect(y[14] == 0 && y[15] == 0)
    #expect(y[16] == .infinity)
  }

  @Test(arguments: KernelTable<Double>.available)
  func doubleAtItsEdges(table: KernelTable<Double>) {
    let x = [0, -0.0, 709.782712893383973, 709.782712893384087, -745.133219101941108, -745.13321910194122]
    let y = Self.exp(x + [.infinity, -.infinity, .nan, -1e300, 1e300], table)
    #expect(y[0] == 1 && y[1] == 1)
    #expect(y[2].isFinite && y[3] == .infinity)
    #expect(y[4] == .leastNonzeroMagnitude && y[5] == 0)
    #expect(y[6] == .infinity && y[7] == 0 && y[8].isNaN && y[9] == 0 && y[10] == .infinity)
  }

  @Test(arguments: KernelTable<Float>.available)
  func floatRemainders(table: KernelTable<Float>) { Self.remainders(table) }

  @Test(arguments: KernelTable<Double>.available)
  func doubleRemainders(table: KernelTable<Double>) { Self.remainders(table) }

  /// Every count gives what one element at a time gives, at every misalignment, in place or not, and nothing else.
  static func remainders<T: KernelElement>(_ table: KernelTable<T>) {
    var numbers = Numbers(seed: 3)
    let values: [T] = (0..<130).map { _ in numbers.next(-110, 90) }
    let single = values.map { Self.exp([$0], table)[0] }
    for count in remainderCounts {
      let offset = count % 4
      var x = GuardedMatrix<T>(rows: 1, cols: count, offset: offset) { values[$1] }
      var y = GuardedMatrix<T>(rows: 1, cols: count, offset: 3 - offset) { _, _ in 0 }
      x.withPointer { from in y.withPointer { table.exp(from, $0, count) } }
      #expect(x.row(0) == Array(values[..<count]))
      #expect(y.row(0) == Array(single[..<count]), "\(count) elements")
      x.withPointer { table.exp($0, $0, count) }
      #expect(x.row(0) == y.row(0), "in place, \(count) elements")
      #expect(x.damage.isEmpty && y.damage.isEmpty, "\(count) elements: \(x.damage) \(y.damage)")
    }
  }
}

/// Column counts around every vector width, and around four vectors.
let remainderCounts = Array(0...67) + [127, 128, 129, 130]
