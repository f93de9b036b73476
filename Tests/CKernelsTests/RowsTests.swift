import CKernels
import Foundation
import Testing

@Suite struct RowsTests {
  @Test(arguments: KernelTable<Float>.available)
  func floatWeights(table: KernelTable<Float>) { Self.weights(table) }

  @Test(arguments: KernelTable<Double>.available)
  func doubleWeights(table: KernelTable<Double>) { Self.weights(table) }

  /// The weights of masked scores from the maximum and the sum are those of softmax_rows, within 4 ULP (the sums are the
  /// same; the reciprocal and the product round alike).
  static func weights<T: KernelElement>(_ table: KernelTable<T>) {
    var numbers = Numbers(seed: 31)
    for cols in remainderCounts {
      let rows = 4
      var final: GuardedMatrix<T> = scores(rows: rows, cols: cols, gap: cols % 3, offset: cols % 4, &numbers)
      for col in 0..<cols {
        final[1, col] = -.infinity
        if col % 3 == 0 { final[2, col] = -.infinity }
      }
      var whole = final
      var tile = final
      let ld = final.ld
      whole.withPointer { table.softmaxRows($0, rows, cols, ld, Rules(), nil) }
      var online = OnlineSoftmax<T>(rows: rows)
      online.step(&tile, table)
      final.withPointer { table.weights($0, rows, cols, ld, online.maximum, online.sum) }
      #expect(final.damage.isEmpty, "cols \(cols): \(final.damage)")
      for row in 0..<rows {
        for col in 0..<cols {
          let error = ulps(final[row, col], from: Wide(whole[row, col]))
          #expect(error <= 4, "cols \(cols), row \(row), column \(col): \(error) ULP")
        }
      }
    }
  }

  @Test(arguments: KernelTable<Float>.available, [4, 36])
  func weightsOfSpecialRows(table: KernelTable<Float>, cols: Int) {
    var matrix = GuardedMatrix<Float>(rows: 3, cols: cols) { _, col in [.nan, .infinity, -.infinity, 2][col % 4] }
    // Row 0 has nothing, row 1 is undefined, row 2 is not.
    matrix.withPointer { table.weights($0, 3, cols, cols, [-.infinity, 2, 2], [0, .nan, 2]) }
    #expect(matrix.row(0).allSatisfy { $0 == 0 })
    for col in stride(from: 0, to: cols, by: 4) {
      #expect(matrix[1, col].isNaN && matrix[1, col + 1].isNaN && matrix[1, col + 3].isNaN)
      #expect(matrix[1, col + 2] == 0)
      #expect(matrix[2, col].isNaN && matrix[2, col + 2] == 0 && matrix[2, col + 3] == 0.5)
    }
  }

  @Test(arguments: KernelTable<Float>.available)
  func floatLogSumExp(table: KernelTable<Float>) { Self.logSumExp(table) }

  @Test(arguments: KernelTable<Double>.available)
  func doubleLogSumExp(table: KernelTable<Double>) { Self.logSumExp(table) }

  static func logSumExp<T: KernelElement>(_ table: KernelTable<T>) {
    let maximum: [T] = [0, 3, -.infinity, 1e4, .infinity, -.greatestFiniteMagnitude, -.infinity]
    let sum: [T] = [1, 5, 0, 2, .nan, 3, .nan]
    var out = [T](repeating: 0, count: 8)
    table.logSumExp(maximum, sum, &out, 7)
    #expect(out[0] == 0)
    #expect(ulps(out[1], from: 3 + log(Wide(5))) <= 1.5)
    #expect(out[2] == -.infinity)
    #expect(ulps(out[3], from: 1e4 + log(Wide(2))) <= 1)
    #expect(out[4].isNaN && out[6].isNaN)
    #expect(out[5] == -.greatestFiniteMagnitude)
    #expect(out[7] == 0)
  }

  @Test(arguments: KernelTable<Float>.available)
  func floatScaleAndDivide(table: KernelTable<Float>) { Self.scaleAndDivide(table) }

  @Test(arguments: KernelTable<Double>.available)
  func doubleScaleAndDivide(table: KernelTable<Double>) { Self.scaleAndDivide(table) }

  /// Products and quotients are rounded once, so they equal Swift's.
  static func scaleAndDivide<T: KernelElement>(_ table: KernelTable<T>) {
    var numbers = Numbers(seed: 37)
    let factor: [T] = [0.3, 1, 0, -7, 3]
    for cols in remainderCounts {
      let rows = factor.count
      var matrix: GuardedMatrix<T> = scores(rows: rows, cols: cols, gap: cols % 3, offset: cols % 4, &numbers)
      let input = matrix
      let ld = matrix.ld
      matrix.withPointer { table.scaleRows($0, rows, cols, ld, factor) }
      #expect(matrix.damage.isEmpty, "scale_rows, cols \(cols): \(matrix.damage)")

      var source = input
      var quotient = GuardedMatrix<T>(rows: rows, cols: cols, gap: 2, offset: 1) { _, _ in .nan }
      let ldout = quotient.ld
      source.withPointer { x in quotient.withPointer { table.divideRows(x, rows, cols, ld, factor, $0, ldout) } }
      #expect(source.damage.isEmpty && quotient.damage.isEmpty, "divide_rows, cols \(cols): \(quotient.damage)")
      for row in 0..<rows {
        #expect(matrix.row(row) == input.row(row).map { $0 * factor[row] }, "scale_rows, cols \(cols), row \(row)")
        let expected = input.row(row).map { factor[row] == 0 ? 0 : $0 / factor[row] }
        #expect(quotient.row(row) == expected, "divide_rows, cols \(cols), row \(row)")
        #expect(source.row(row) == input.row(row))
      }
    }
  }

  @Test(arguments: KernelTable<Float>.available)
  func scaleAndDivideSpecialRows(table: KernelTable<Float>) {
    // A row whose factor is 1 keeps even a NaN's payload; a divisor of 0 gives 0, a NaN divisor NaN.
    let payload = Float(bitPattern: 0x7FA1_2345)
    var scaled: [Float] = [payload, 2, payload, 2]
    table.scaleRows(&scaled, 2, 2, 2, [1, .nan])
    #expect(scaled[0].bitPattern == payload.bitPattern && scaled[1] == 2)
    #expect(scaled[2].isNaN && scaled[3].isNaN)
    var divided: [Float] = [.nan, .infinity, 1, 2, 3, 6]
    divided.withUnsafeMutableBufferPointer {
      if let x = $0.baseAddress { table.divideRows(x, 3, 2, 2, [0, .nan, 3], x, 2) }
    }
    #expect(divided[0] == 0 && divided[1] == 0)
    #expect(divided[2].isNaN && divided[3].isNaN)
    #expect(divided[4] == 1 && divided[5] == 2)
  }

  @Test(arguments: KernelTable<Float>.available)
  func floatAllFinite(table: KernelTable<Float>) { Self.allFinite(table) }

  @Test(arguments: KernelTable<Double>.available)
  func doubleAllFinite(table: KernelTable<Double>) { Self.allFinite(table) }

  /// A NaN or an infinity is seen at every place of the matrix, and at none outside it.
  static func allFinite<T: KernelElement>(_ table: KernelTable<T>) {
    for cols in [0, 1, 3, 8, 15, 17, 35] {
      let ld = cols + 2
      var x = [T](repeating: .nan, count: 2 * ld + 1)
      for row in 0..<2 {
        for col in 0..<cols { x[row * ld + col] = col % 2 == 0 ? .greatestFiniteMagnitude : -.greatestFiniteMagnitude }
      }
      #expect(table.allFinite(x, 2, cols, ld), "cols \(cols)")
      for row in 0..<2 {
        for col in 0..<cols {
          for bad in [T.nan, .infinity, -.infinity] {
            let kept = x[row * ld + col]
            x[row * ld + col] = bad
            #expect(!table.allFinite(x, 2, cols, ld), "\(bad) at row \(row), column \(col) of \(cols)")
            x[row * ld + col] = kept
          }
        }
      }
    }
  }
}
