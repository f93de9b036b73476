import CKernels
import Foundation
import Testing

@Suite struct DotAxpyTests {
  @Test(arguments: KernelTable<Float>.available)
  func floatDot(table: KernelTable<Float>) { Self.dot(table) }

  @Test(arguments: KernelTable<Double>.available)
  func doubleDot(table: KernelTable<Double>) { Self.dot(table) }

  /// Against the dot product in the wider type; the bound is that of a recursive sum, n*u*sum |x*y| (Higham 2002, 3.1).
  static func dot<T: KernelElement>(_ table: KernelTable<T>) {
    var numbers = Numbers(seed: 41)
    var largest = Largest()
    for count in remainderCounts {
      var x = GuardedMatrix<T>(rows: 1, cols: count, offset: count % 4) { _, _ in numbers.next(-1, 1) }
      var y = GuardedMatrix<T>(rows: 1, cols: count, offset: (count + 1) % 4) { _, _ in numbers.next(-1, 1) }
      var exact: Wide = 0
      var magnitude: Wide = 0
      for i in 0..<count {
        exact += Wide(x[0, i]) * Wide(y[0, i])
        magnitude += (Wide(x[0, i]) * Wide(y[0, i])).magnitude
      }
      var result: T = .nan
      x.withPointer { x in y.withPointer { result = table.dot(x, $0, count) } }
      if count == 0 {
        #expect(result == 0)
      } else {
        let bound = Wide(count) * Wide(T.ulpOfOne) / 2 * magnitude
        largest.record(Double((Wide(result) - exact).magnitude / bound), at: "\(count) elements")
      }
    }
    #expect(largest.error <= 1, "in units of the bound: \(largest)")
  }

  @Test(arguments: KernelTable<Float>.available)
  func floatAxpy(table: KernelTable<Float>) { Self.axpy(table) }

  @Test(arguments: KernelTable<Double>.available)
  func doubleAxpy(table: KernelTable<Double>) { Self.axpy(table) }

  /// y + a*x, rounded once or twice.
  static func axpy<T: KernelElement>(_ table: KernelTable<T>) {
    var numbers = Numbers(seed: 43)
    let a: T = -1.7
    for count in remainderCounts {
      var x = GuardedMatrix<T>(rows: 1, cols: count, offset: count % 4) { _, _ in numbers.next(-1, 1) }
      var y = GuardedMatrix<T>(rows: 1, cols: count, offset: (count + 3) % 4) { _, _ in numbers.next(-1, 1) }
      let before = y
      x.withPointer { x in y.withPointer { table.axpy(a, x, $0, count) } }
      #expect(x.damage.isEmpty && y.damage.isEmpty, "\(count) elements: \(y.damage)")
      for i in 0..<count {
        let fused = before[0, i].addingProduct(a, x[0, i])
        let separate = before[0, i] + a * x[0, i]
        #expect(y[0, i] == fused || y[0, i] == separate, "element \(i) of \(count)")
      }
    }
  }

  @Test(arguments: KernelTable<Float>.available)
  func specialValues(table: KernelTable<Float>) {
    #expect(table.dot([1, .nan, 2], [1, 1, 1], 3).isNaN)
    #expect(table.dot([1, .infinity], [1, 1], 2) == .infinity)
    var y: [Float] = [1, 2, 3]
    table.axpy(0, [.nan, 1, .infinity], &y, 3)
    #expect(y[0].isNaN && y[1] == 2 && y[2].isNaN)
  }
}
