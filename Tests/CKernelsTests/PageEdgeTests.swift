import CKernels
import Foundation
import Testing

/// One readable page between two that may not be touched.
final class FencedPage {
  private let base: UnsafeMutableRawPointer
  private let size: Int

  init?() {
    size = Int(sysconf(Int32(_SC_PAGESIZE)))
    guard let base = mmap(nil, 3 * size, PROT_NONE, MAP_PRIVATE | MAP_ANON, -1, 0), base != MAP_FAILED else {
      return nil
    }
    self.base = base
    guard mprotect(base + size, size, PROT_READ | PROT_WRITE) == 0 else { return nil }
  }

  deinit { munmap(base, 3 * size) }

  /// Room for `count` elements at the very start or the very end of the page, all 0.
  func elements<T: KernelElement>(_ count: Int, atEnd: Bool, of type: T.Type) -> UnsafeMutablePointer<T> {
    let start = base + size + (atEnd ? size - count * MemoryLayout<T>.stride : 0)
    let elements = start.bindMemory(to: T.self, capacity: count)
    elements.update(repeating: 0, count: count)
    return elements
  }
}

/// A kernel that reads or writes one element too far meets a page without access: the process dies.
@Suite struct PageEdgeTests {
  @Test(arguments: KernelTable<Float>.available)
  func floatKernelsStayInside(table: KernelTable<Float>) throws { try Self.stayInside(table) }

  @Test(arguments: KernelTable<Double>.available)
  func doubleKernelsStayInside(table: KernelTable<Double>) throws { try Self.stayInside(table) }

  static func stayInside<T: KernelElement>(_ table: KernelTable<T>) throws {
    let page = try #require(FencedPage())
    let other = try #require(FencedPage())
    for atEnd in [true, false] {
      for count in 1...67 {
        let x = page.elements(count, atEnd: atEnd, of: T.self)
        let y = other.elements(count, atEnd: atEnd, of: T.self)
        table.exp(x, y, count)
        table.softcap(x, 1, count, count, 5)
        table.axpy(2, y, x, count)
        #expect(table.dot(x, y, count) == T(2 * count))
        #expect(table.allFinite(x, 1, count, count))
        var one: T = 1
        table.divideRows(x, 1, count, count, &one, y, count)
        table.weights(x, 1, count, count, &one, &one)
        table.softmaxRows(x, 1, count, count, Rules(), nil)
        #expect((x[count - 1] * T(count) - 1).magnitude < 1e-6)
        // A column of rows: the arrays with one element a row end at the page's end too.
        var (maximum, sum) = ([T](repeating: 0, count: count), [T](repeating: 1, count: count))
        table.softmaxStep(x, count, 1, 1, Rules(), y, &sum, &maximum)
        table.logSumExp(y, x, x, count)
        table.scaleRows(x, count, 1, 1, y)
        // Numbers of 16 bits at the other page's edge.
        let gap = atEnd ? count * (MemoryLayout<T>.stride - 2) : 0
        let words = (UnsafeMutableRawPointer(y) + gap).bindMemory(to: UInt16.self, capacity: count)
        table.narrowFloat16(x, words, count)
        table.widenFloat16(words, x, count)
        table.narrowBFloat16(x, words, count)
        table.widenBFloat16(words, x, count)
      }
    }
  }

  /// The rows of bias and keep too.
  @Test(arguments: KernelTable<Float>.available)
  func rulesStayInside(table: KernelTable<Float>) throws {
    let biasPage = try #require(FencedPage())
    let keepPage = try #require(FencedPage())
    let page = try #require(FencedPage())
    let kernels = try #require(kernels_f32(table.set)?.pointee)
    for count in 1...67 {
      let s = page.elements(count, atEnd: true, of: Float.self)
      let bias = biasPage.elements(count, atEnd: true, of: Float.self)
      let words = keepPage.elements((count + 3) / 4, atEnd: true, of: Float.self)
      words.withMemoryRebound(to: UInt8.self, capacity: (count + 3) / 4 * 4) { bytes in
        let keep = bytes + ((count + 3) / 4 * 4 - count)
        keep[count - 1] = 1
        var rules = ScoreRulesF32(
          softcap: 0, bias: bias, bias_stride: 0, keep: keep, keep_stride: 0, first: nil, end: nil)
        kernels.softmax_rows(s, 1, count, count, &rules, nil)
      }
      #expect(s[count - 1] == 1)
    }
  }
}
