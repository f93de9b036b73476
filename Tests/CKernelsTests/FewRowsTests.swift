import CKernels
import Testing

/// What is added to a product's sums.
enum Addend: CaseIterable, CustomTestStringConvertible {
  case none, bias, matrix, own

  var testDescription: String { "addend: \(self)" }
}

@Suite struct FewRowsTests {
  @Test(arguments: KernelTable<Float>.available, Addend.allCases)
  func float(table: KernelTable<Float>, addend: Addend) { Self.check(table, addend) }

  @Test(arguments: KernelTable<Double>.available, Addend.allCases)
  func double(table: KernelTable<Double>, addend: Addend) { Self.check(table, addend) }

  /// Rows around those in registers at a time (3, 6), features around 4, sizes around vectors and cache lines.
  static let sizes: [(rows: Int, features: Int, size: Int)] =
    [1, 2, 3, 4, 5, 6, 7, 13].flatMap { rows in
      [1, 3, 4, 5, 8, 11, 22].flatMap { features in [0, 1, 5, 15, 16, 17, 31, 47, 67].map { (rows, features, $0) } }
    } + [(3, 7, 1031), (11, 5, 769)]

  /// Against sums in the wider type; the bound is that of a recursive sum, n*u*sum |x*w| (Higham 2002, 3.1), with the factor, the
  /// addend and its factor as three further roundings.
  static func check<T: KernelElement>(_ table: KernelTable<T>, _ addend: Addend) {
    var numbers = Numbers(seed: 53)
    var largest = Largest()
    let (alpha, beta): (T, T) = (-1.375, 0.75)
    for (rows, features, size) in sizes {
      let offset = (rows + features + size) % 5
      var x = GuardedMatrix<T>(rows: rows, cols: size, gap: 3, offset: offset) { _, _ in numbers.next(-1, 1) }
      var w = GuardedMatrix<T>(rows: features, cols: size, gap: 1, offset: offset / 2) { _, _ in numbers.next(-1, 1) }
      let added = addend == .bias ? 1 : rows
      var matrix = GuardedMatrix<T>(rows: added, cols: features, gap: 2) { _, _ in numbers.next(-1, 1) }
      var y = GuardedMatrix<T>(rows: rows, cols: features, gap: 5, offset: 4 - offset) { _, _ in
        addend == .own ? numbers.next(-1, 1) : .nan
      }
      let before = y
      let (ldX, ldW, ldY, ldMatrix) = (x.ld, w.ld, y.ld, matrix.ld)
      x.withPointer { x in
        w.withPointer { w in
          matrix.withPointer { matrix in
            y.withPointer { y in
              let (start, ld): (UnsafePointer<T>?, Int) =
                switch addend {
                case .none: (nil, 0)
                case .bias: (UnsafePointer(matrix), 0)
                case .matrix: (UnsafePointer(matrix), ldMatrix)
                case .own: (UnsafePointer(y), ldY)
                }
              table.fewRows(rows, features, size, alpha, x, ldX, w, ldW, beta, start, ld, y, ldY)
            }
          }
        }
      }
      #expect(y.damage.isEmpty && x.damage.isEmpty && w.damage.isEmpty, "[\(rows), \(features), \(size)]: \(y.damage)")
      for row in 0..<rows {
        for feature in 0..<features {
          var (exact, magnitude): (Wide, Wide) = (0, 0)
          for i in 0..<size {
            exact += Wide(x[row, i]) * Wide(w[feature, i])
            magnitude += (Wide(x[row, i]) * Wide(w[feature, i])).magnitude
          }
          let held: Wide =
            switch addend {
            case .none: 0
            case .bias: Wide(matrix[0, feature])
            case .matrix: Wide(matrix[row, feature])
            case .own: Wide(before[row, feature])
            }
          exact = Wide(alpha) * exact + Wide(beta) * held
          magnitude = Wide(alpha).magnitude * magnitude + (Wide(beta) * held).magnitude
          let bound = Wide(size + 3) * Wide(T.ulpOfOne) / 2 * magnitude
          let error = (Wide(y[row, feature]) - exact).magnitude
          largest.record(
            error == 0 ? 0 : Double(error / bound), at: "[\(row), \(feature)] of \(rows) x \(features), size \(size)")
        }
      }
    }
    #expect(largest.error <= 1, "in units of the bound: \(largest)")
  }

  @Test(arguments: KernelTable<Float>.available)
  func floatBits(table: KernelTable<Float>) { Self.sameBits(table) { $0.bitPattern } }

  @Test(arguments: KernelTable<Double>.available)
  func doubleBits(table: KernelTable<Double>) { Self.sameBits(table) { $0.bitPattern } }

  /// Each result alone, and among other rows and features at other addresses.
  static func sameBits<T: KernelElement>(_ table: KernelTable<T>, bits: (T) -> some Equatable) {
    var numbers = Numbers(seed: 59)
    let (rows, features) = (13, 11)
    for size in [1, 7, 16, 33, 61, 200] {
      var x = GuardedMatrix<T>(rows: rows, cols: size, gap: 1) { _, _ in numbers.next(-1, 1) }
      var w = GuardedMatrix<T>(rows: features, cols: size, gap: 2, offset: 1) { _, _ in numbers.next(-1, 1) }
      var bias = GuardedMatrix<T>(rows: 1, cols: features) { _, _ in numbers.next(-1, 1) }
      var y = GuardedMatrix<T>(rows: rows, cols: features) { _, _ in .nan }
      var differing: [String] = []
      let (ldX, ldW, ldY) = (x.ld, w.ld, y.ld)
      x.withPointer { x in
        w.withPointer { w in
          bias.withPointer { bias in
            y.withPointer { y in
              table.fewRows(rows, features, size, 1, x, ldX, w, ldW, 1, bias, 0, y, ldY)
              for row in 0..<rows {
                for feature in 0..<features {
                  var alone: T = .nan
                  let weights = w + feature * ldW
                  table.fewRows(1, 1, size, 1, x + row * ldX, ldX, weights, ldW, 1, bias + feature, 0, &alone, 1)
                  if bits(alone) != bits(y[row * ldY + feature]) { differing.append("[\(row), \(feature)]") }
                }
              }
            }
          }
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
    let pages = try (0..<4).map { _ in try #require(FencedPage()) }
    for atEnd in [true, false] {
      for (rows, features, size) in [
        (1, 1, 1), (1, 5, 17), (2, 4, 33), (3, 3, 67), (4, 7, 15), (7, 6, 31), (1, 8, 17), (2, 11, 33),
      ] {
        let x = pages[0].elements(rows * size, atEnd: atEnd, of: T.self)
        let w = pages[1].elements(features * size, atEnd: atEnd, of: T.self)
        let bias = pages[2].elements(features, atEnd: atEnd, of: T.self)
        let y = pages[3].elements(rows * features, atEnd: atEnd, of: T.self)
        x.update(repeating: 1, count: rows * size)
        w.update(repeating: 2, count: features * size)
        bias.update(repeating: 3, count: features)
        table.fewRows(rows, features, size, 1, x, size, w, size, 1, bias, 0, y, features)
        #expect((0..<(rows * features)).allSatisfy { y[$0] == T(2 * size + 3) }, "\(rows) x \(features), size \(size)")
      }
    }
  }

  @Test(arguments: KernelTable<Float>.available)
  func specialValuesStayInTheirRow(table: KernelTable<Float>) {
    let x: [Float] = [1, 2, .nan, 1, .infinity, 0]
    var y = [Float](repeating: .nan, count: 6)
    table.fewRows(3, 2, 2, 1, x, 2, [1, 1, 0, 2], 2, 1, nil, 0, &y, 2)
    #expect(y[0] == 3 && y[1] == 4)
    #expect(y[2].isNaN && y[3].isNaN)
    #expect(y[4] == .infinity && y[5].isNaN)
  }

  @Test(arguments: KernelTable<Float>.available)
  func someRowsAreWorthwhile(table: KernelTable<Float>) {
    #expect(table.mostFewRows >= 1)
    #expect(table.mostFewRows == Double.table(table.set)?.mostFewRows)
  }
}
