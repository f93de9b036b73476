import CKernels
import Foundation

/// Some rows of queries against some keys and values, each a matrix with guards around it.
struct FusedProblem<T: KernelElement> {
  var queries: GuardedMatrix<T>
  var keys: GuardedMatrix<T>
  var values: GuardedMatrix<T>
  /// For all rows and all keys.
  var rules: Rules<T>?
  var valuesAreFinite = true
  /// Whether few rows are to have the bits of many.
  var hasSameBits = true
  var scale: T = 0.3
  /// Of as many rows each, one after the other; must divide the rows.
  var heads = 1

  init(
    rows: Int, keys keyCount: Int, headSize: Int, valueHeadSize: Int, gap: Int = 0, offset: Int = 0,
    _ numbers: inout Numbers
  ) {
    queries = GuardedMatrix(rows: rows, cols: headSize, gap: gap, offset: offset) { _, _ in numbers.next(-2, 2) }
    keys = GuardedMatrix(rows: keyCount, cols: headSize, gap: gap, offset: offset) { _, _ in numbers.next(-2, 2) }
    values = GuardedMatrix(rows: keyCount, cols: valueHeadSize, gap: gap, offset: offset) { _, _ in
      numbers.next(-1, 1)
    }
  }

  /// Softcap and bias are in natural units.
  var isNatural: Bool { (rules?.softcap ?? 0) > 0 || rules?.bias != nil }

  /// What the rows get.
  struct Answer: Equatable {
    var output: [[T]]
    var logSumExp: [T]
  }

  /// The rules of some rows and keys alone.
  func rules(rows: Range<Int>, keys: Range<Int>) -> Rules<T>? {
    guard let rules else { return nil }
    var part = Rules<T>(softcap: rules.softcap)
    func cut<Member>(_ members: [Member], stride: Int) -> [Member] {
      (stride == 0 ? 0..<1 : rows).flatMap { row in
        members[row * stride + keys.lowerBound..<row * stride + keys.upperBound]
      }
    }
    if let bias = rules.bias {
      part.bias = cut(bias, stride: rules.biasStride)
      part.biasStride = rules.biasStride == 0 ? 0 : keys.count
    }
    if let keep = rules.keep {
      part.keep = cut(keep, stride: rules.keepStride)
      part.keepStride = rules.keepStride == 0 ? 0 : keys.count
    }
    let limit = Int32(keys.count)
    let start = Int32(keys.lowerBound)
    if let first = rules.first { part.first = rows.map { min(max(first[$0] - start, 0), limit) } }
    if let end = rules.end { part.end = rows.map { min(max(end[$0] - start, 0), limit) } }
    return part
  }

  /// Runs the kernels, `rowsPerBlock` rows in a block; tile by tile, or each tile alone and merged at the end.
  mutating func attend(_ table: FusedTable<T>, rowsPerBlock: Int? = nil, tilesApart: Bool = false) -> Answer {
    let (rowCount, keyCount, dv) = (queries.rows, keys.rows, values.cols)
    var output = GuardedMatrix<T>(rows: rowCount, cols: dv, gap: 3, offset: 1) { _, _ in 77 }
    var logSumExp = [T](repeating: 55, count: rowCount)
    let (ldq, ldk, ldv, ldo) = (queries.ld, keys.ld, values.ld, output.ld)
    let perHead = rowCount / heads
    let copy = self
    keys.withPointer { keys in
      values.withPointer { values in
        queries.withPointer { queries in
          output.withPointer { output in
            var start = 0
            while start < rowCount {
              let rows = start..<min(start + (rowsPerBlock ?? table.width), rowCount)
              copy.attend(table, rows: rows, tilesApart: tilesApart, queries, ldq, keys, ldk, values, ldv, keyCount) {
                table.finish($0, output, (inner: perHead, stride: ldo, outer: perHead * ldo), start, &logSumExp[start])
              }
              start = rows.upperBound
            }
          }
        }
      }
    }
    if !output.damage.isEmpty || !queries.damage.isEmpty || !keys.damage.isEmpty || !values.damage.isEmpty {
      logSumExp[0] = .signalingNaN
    }
    return Answer(output: (0..<rowCount).map(output.row), logSumExp: logSumExp)
  }

  private func attend(
    _ table: FusedTable<T>, rows: Range<Int>, tilesApart: Bool, _ queries: UnsafePointer<T>, _ ldq: Int,
    _ keys: UnsafePointer<T>, _ ldk: Int, _ values: UnsafePointer<T>, _ ldv: Int, _ keyCount: Int,
    finish: (FusedBlock<T>) -> Void
  ) {
    let total = FusedMemory<T>(table, headSize: self.queries.cols, valueHeadSize: self.values.cols)
    let part = FusedMemory<T>(table, headSize: self.queries.cols, valueHeadSize: self.values.cols)
    let factor = isNatural ? scale : scale * T(1.4426950408889634)
    var block = total.block(rows: rows.count, isNatural: isNatural, hasSameBits: hasSameBits)
    table.packQueries(
      block, queries, (inner: self.queries.rows / heads, stride: ldq, outer: self.queries.rows / heads * ldq),
      rows.lowerBound, factor)
    var start = 0
    while start < keyCount {
      let tile = start..<min(start + Int(FUSED_TILE_KEYS), keyCount)
      let rules = rules(rows: rows, keys: tile)
      let (k, v) = (keys + start * ldk, values + start * ldv)
      if tilesApart {
        var alone = part.block(rows: rows.count, isNatural: isNatural, hasSameBits: hasSameBits)
        alone.queries = block.queries
        table.step(&alone, k, ldk, v, ldv, tile.count, rules, valuesAreFinite)
        table.merge(&block, alone)
      } else {
        table.step(&block, k, ldk, v, ldv, tile.count, rules, valuesAreFinite)
      }
      start = tile.upperBound
    }
    withExtendedLifetime((total, part)) { finish(block) }
  }
}

/// Memory for a block, NaN wherever the kernels have not written.
final class FusedMemory<T: KernelElement> {
  private let memory: UnsafeMutablePointer<T>
  private let places: [Int]
  private let width: Int
  private let (headSize, valueHeadSize): (Int, Int)

  init(_ table: FusedTable<T>, headSize: Int, valueHeadSize: Int) {
    let sizes = [
      table.queriesSize(headSize), table.width, table.width, table.accumulatorSize(valueHeadSize),
      table.scratchSize(headSize, valueHeadSize),
    ]
    places = sizes.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) }
    width = table.width
    (self.headSize, self.valueHeadSize) = (headSize, valueHeadSize)
    memory = .allocate(capacity: sizes.reduce(0, +))
    memory.initialize(repeating: .nan, count: sizes.reduce(0, +))
  }

  deinit { memory.deallocate() }

  func block(rows: Int, isNatural: Bool, hasSameBits: Bool = true) -> FusedBlock<T> {
    let (maximum, sum) = (memory + places[1], memory + places[2])
    maximum.update(repeating: -.infinity, count: width)
    sum.update(repeating: 0, count: width)
    return FusedBlock(
      rows: rows, headSize: headSize, valueHeadSize: valueHeadSize, isNatural: isNatural,
      hasSameBits: hasSameBits, queries: memory, maximum: maximum, sum: sum, accumulator: memory + places[3],
      scratch: memory + places[4])
  }
}
