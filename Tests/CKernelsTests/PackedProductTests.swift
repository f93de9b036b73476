import CKernels
import Testing

@Suite struct PackedProductTests {
  @Test(arguments: KernelTable<Float>.available, [true, false])
  func float(table: KernelTable<Float>, hasBias: Bool) { Self.check(table, hasBias) }

  @Test(arguments: KernelTable<Double>.available, [true, false])
  func double(table: KernelTable<Double>, hasBias: Bool) { Self.check(table, hasBias) }

  /// Rows around those in registers (6, 12) and those that pass at a time (96); features before, within and behind panels (4 to 32);
  /// sizes around a turn of the loop (4) and around parts of a row (192, 384, 768).
  static let sizes: [(rows: Int, first: Int, features: Int, size: Int)] =
    (1...13).flatMap { rows in
      [(0, 1), (0, 32), (0, 33), (3, 8), (31, 35), (64, 0)].map { (rows, $0.0, $0.1, rows * 3) }
    }
    + [0, 1, 3, 4, 5, 191, 193, 383, 384, 385, 769, 1153].map { (14, 5, 60, $0) }
    + [(95, 0, 40, 33), (97, 16, 47, 50), (193, 7, 9, 21), (0, 0, 40, 7)]

  /// Features of the packed matrix, wanted or not.
  static func all(_ first: Int, _ features: Int) -> Int { first + features + 3 }

  /// Against sums in the wider type; the bound is that of a recursive sum, n*u*sum |x*w| (Higham 2002, 3.1), the parts' sums and the
  /// bias as further terms.
  static func check<T: KernelElement>(_ table: KernelTable<T>, _ hasBias: Bool) {
    var numbers = Numbers(seed: 67)
    var largest = Largest()
    for (rows, first, features, size) in sizes {
      let offset = (rows + features + size) % 5
      var x = GuardedMatrix<T>(rows: rows, cols: size, gap: 3, offset: offset) { _, _ in numbers.next(-1, 1) }
      var w = GuardedMatrix<T>(rows: all(first, features), cols: size, gap: 1, offset: offset / 2) { _, _ in
        numbers.next(-1, 1)
      }
      var bias = GuardedMatrix<T>(rows: 1, cols: features) { _, _ in numbers.next(-1, 1) }
      var y = GuardedMatrix<T>(rows: rows, cols: features, gap: 5, offset: 4 - offset) { _, _ in .nan }
      var panels = GuardedMatrix<T>(rows: 1, cols: table.packedSize(all(first, features), size)) { _, _ in .nan }
      let (ldX, ldW, ldY) = (x.ld, w.ld, y.ld)
      x.withPointer { x in
        w.withPointer { w in
          bias.withPointer { bias in
            panels.withPointer { panels in
              y.withPointer { y in
                table.pack(w, ldW, all(first, features), size, panels)
                table.packedProduct(
                  rows, first, features, size, x, ldX, panels, hasBias ? UnsafePointer(bias) : nil, y, ldY)
              }
            }
          }
        }
      }
      let name = "\(rows) x \(features) from \(first), size \(size)"
      #expect(
        y.damage.isEmpty && x.damage.isEmpty && w.damage.isEmpty && bias.damage.isEmpty && panels.damage.isEmpty,
        "\(name)")
      for row in 0..<rows {
        for feature in 0..<features {
          var (exact, magnitude): (Wide, Wide) = (0, 0)
          for i in 0..<size {
            let term = Wide(x[row, i]) * Wide(w[first + feature, i])
            exact += term
            magnitude += term.magnitude
          }
          if hasBias {
            exact += Wide(bias[0, feature])
            magnitude += Wide(bias[0, feature]).magnitude
          }
          let bound = Wide(size + 1) * Wide(T.ulpOfOne) / 2 * magnitude
          let error = (Wide(y[row, feature]) - exact).magnitude
          largest.record(error == 0 ? 0 : Double(error / bound), at: "[\(row), \(feature)] of \(name)")
        }
      }
    }
    #expect(largest.error <= 1, "in units of the bound: \(largest)")
  }

  @Test(arguments: KernelTable<Float>.available)
  func floatBits(table: KernelTable<Float>) { Self.sameBits(table) { $0.bitPattern } }

  @Test(arguments: KernelTable<Double>.available)
  func doubleBits(table: KernelTable<Double>) { Self.sameBits(table) { $0.bitPattern } }

  /// Each result alone, and among other rows and features.
  static func sameBits<T: KernelElement>(_ table: KernelTable<T>, bits: (T) -> some Equatable) {
    var numbers = Numbers(seed: 71)
    let (rows, features) = (101, 37)
    for size in [1, 7, 200, 390, 777] {
      let x = (0..<(rows * size)).map { _ in numbers.next(-1, 1) as T }
      let w = (0..<(features * size)).map { _ in numbers.next(-1, 1) as T }
      let bias = (0..<features).map { _ in numbers.next(-1, 1) as T }
      var panels = [T](repeating: .nan, count: table.packedSize(features, size))
      table.pack(w, size, features, size, &panels)
      var y = [T](repeating: .nan, count: rows * features)
      table.packedProduct(rows, 0, features, size, x, size, panels, bias, &y, features)
      var differing: [String] = []
      for row in stride(from: 0, to: rows, by: 7) {
        for feature in 0..<features {
          var alone: T = .nan
          let own = Array(x[(row * size)..<((row + 1) * size)])
          table.packedProduct(1, feature, 1, size, own, size, panels, [bias[feature]], &alone, 1)
          if bits(alone) != bits(y[row * features + feature]) { differing.append("[\(row), \(feature)]") }
        }
      }
      #expect(differing.isEmpty, "size \(size): \(differing)")
    }
  }

  @Test(arguments: KernelTable<Float>.available)
  func floatPageEdge(table: KernelTable<Float>) throws { try Self.stayInside(table) }

  @Test(arguments: KernelTable<Double>.available)
  func doublePageEdge(table: KernelTable<Double>) throws { try Self.stayInside(table) }

  /// Operands that end where the page does, or begin there: fetching ahead of them is no access.
  static func stayInside<T: KernelElement>(_ table: KernelTable<T>) throws {
    let pages = try (0..<5).map { _ in try #require(FencedPage()) }
    for atEnd in [true, false] {
      for (rows, features, size) in [(1, 1, 1), (1, 5, 7), (2, 4, 9), (3, 3, 5), (7, 7, 3), (13, 6, 4)] {
        let x = pages[0].elements(rows * size, atEnd: atEnd, of: T.self)
        let w = pages[1].elements(features * size, atEnd: atEnd, of: T.self)
        let bias = pages[2].elements(features, atEnd: atEnd, of: T.self)
        let y = pages[3].elements(rows * features, atEnd: atEnd, of: T.self)
        let panels = pages[4].elements(table.packedSize(features, size), atEnd: atEnd, of: T.self)
        x.update(repeating: 1, count: rows * size)
        w.update(repeating: 2, count: features * size)
        bias.update(repeating: 3, count: features)
        table.pack(w, size, features, size, panels)
        table.packedProduct(rows, 0, features, size, x, size, panels, bias, y, features)
        #expect((0..<(rows * features)).allSatisfy { y[$0] == T(2 * size + 3) }, "\(rows) x \(features), size \(size)")
      }
    }
  }

  @Test(arguments: KernelTable<Float>.available)
  func specialValuesStayInTheirRowAndFeature(table: KernelTable<Float>) {
    let x: [Float] = [1, 2, .nan, 1, .infinity, 0]
    let w: [Float] = [1, 1, 0, 2]
    var panels = [Float](repeating: .nan, count: table.packedSize(2, 2))
    table.pack(w, 2, 2, 2, &panels)
    #expect(panels.allSatisfy { $0.isFinite }, "what fills the last panel")
    var y = [Float](repeating: .nan, count: 6)
    table.packedProduct(3, 0, 2, 2, x, 2, panels, nil, &y, 2)
    #expect(y[0] == 3 && y[1] == 4)
    #expect(y[2].isNaN && y[3].isNaN)
    #expect(y[4] == .infinity && y[5].isNaN)
  }

  @Test(arguments: KernelTable<Double>.available)
  func specialValuesBeyondPartsOfPanels(table: KernelTable<Double>) {
    // Features before and behind the wanted ones hold what must not show.
    let w: [Double] = [.nan, .nan, 1, 2, 3, 4, .infinity, .nan]
    var panels = [Double](repeating: .nan, count: table.packedSize(4, 2))
    table.pack(w, 2, 4, 2, &panels)
    var y = [Double](repeating: .nan, count: 4)
    table.packedProduct(2, 1, 2, 2, [1, 1, 2, 1], 2, panels, [10, 20], &y, 2)
    #expect(y == [13, 27, 14, 30])
  }

  @Test(arguments: KernelTable<Float>.available)
  func size(table: KernelTable<Float>) {
    #expect(table.packedSize(0, 5) == 0 && table.packedSize(5, 0) == 0)
    let panel = table.packedSize(1, 1)
    #expect(table.packedSize(panel, 7) == 7 * panel && table.packedSize(panel + 1, 7) == 14 * panel)
  }
}
