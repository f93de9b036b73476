internal import Glibc
internal import Tensors

/// Heads in memory to be rotated, and the rows of cosines and sines that rotate them: all checked.
///
/// The pointers are valid while the call that made it lasts.
struct RotaryRotation<Scalar: BLASScalar> {
  let source: HeadMatrices<Scalar>  // [B, H, L, D]
  /// The source's own memory, or other memory that it is copied to.
  let target: MutableHeadMatrices<Scalar>  // [B, H, L, D]
  let batch: Int
  let heads: Int
  let rows: Int
  let headSize: Int
  let positions: RowPositions
  let pairing: RotaryPairing
  /// r / 2
  let pairs: Int
  let cosines: UnsafePointer<Scalar>  // [tableCount, r/2]
  let sines: UnsafePointer<Scalar>  // [tableCount, r/2]
  let tableCount: Int
  /// For positions that the tables do not have [r/2].
  let frequencies: UnsafePointer<Double>
  let factor: Double

  /// - Complexity: 3·B·H·L·r operations, and L·r/2 cosines and sines for each batch element whose positions are not in the tables.
  func run(workers: Int) {
    let count = batch * rows
    guard workers > 1, count > 1 else { return rotate(0..<count) }
    let perPiece = (count + workers - 1) / workers
    FanOut.run(pieces: (count + perPiece - 1) / perPiece, workers: workers, callsBLAS: false) { piece, _ in
      rotate((piece * perPiece)..<min((piece + 1) * perPiece, count))
    }
  }

  /// Threads that gain more than their start costs: of some 2¹⁷ numbers each.
  static func workersWorthWaking(numbers: Int) -> Int { max(1, min(Workers.count, numbers >> 17)) }

  private func rotate(_ range: Range<Int>) {
    Self.rotate(self, range)
  }

  // Called from unspecialised code of other modules: without this, pointers move by run-time strides.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private static func rotate(_ rotation: RotaryRotation, _ range: Range<Int>) {
    let (pairs, rows) = (rotation.pairs, rotation.rows)
    for index in range {
      let (batch, row) = index.quotientAndRemainder(dividingBy: rows)
      rotation.copy(batch: batch, row: row)
      let position = rotation.positions.position(batch: batch, row: row)
      if position >= 0, position < rotation.tableCount {
        let start = position * pairs
        rotation.turn(
          batch: batch, row: row, 0..<pairs, rotation.cosines + start, rotation.sines + start)
      } else {
        rotation.turnComputing(batch: batch, row: row, position: position)
      }
    }
  }

  /// Copies a row of all heads to the target, unless it is there.
  private func copy(batch: Int, row: Int) {
    guard source.base != UnsafePointer(target.base) else { return }
    for head in 0..<heads {
      (target[batch, head] + row * target.strides.row).update(
        from: source[batch, head] + row * source.strides.row, count: headSize)
    }
  }

  /// Cosines and sines of as many pairs at a time as fit on the stack.
  private func turnComputing(batch: Int, row: Int, position: Int) {
    withUnsafeTemporaryAllocation(of: Scalar.self, capacity: 128) { scratch in
      guard let cosines = scratch.baseAddress else { return }
      let sines = cosines + 64
      var first = 0
      while first < pairs {
        let count = min(64, pairs - first)
        Self.writeRow(
          position: position, frequencies: frequencies + first, factor: factor, count: count, cosines: cosines,
          sines: sines)
        turn(batch: batch, row: row, first..<(first + count), UnsafePointer(cosines), UnsafePointer(sines))
        first += count
      }
    }
  }

  /// Angles are computed in Double, and cosines and sines rounded once.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func writeRow(
    position: Int, frequencies: UnsafePointer<Double>, factor: Double, count: Int,
    cosines: UnsafeMutablePointer<Scalar>, sines: UnsafeMutablePointer<Scalar>
  ) {
    for pair in 0..<count {
      let angle = Double(position) * frequencies[pair]
      cosines[pair] = Scalar(factor * cos(angle))
      sines[pair] = Scalar(factor * sin(angle))
    }
  }

  /// Rotates some pairs of a row of all heads, in place.
  private func turn(
    batch: Int, row: Int, _ range: Range<Int>, _ cosines: UnsafePointer<Scalar>, _ sines: UnsafePointer<Scalar>
  ) {
    let count = range.count
    for head in 0..<heads {
      let start = target[batch, head] + row * target.strides.row
      switch pairing {
      case .halves:
        let (first, second) = (start + range.lowerBound, start + (pairs + range.lowerBound))
        for pair in 0..<count {
          let (x, y) = (first[pair], second[pair])
          first[pair] = x * cosines[pair] - y * sines[pair]
          second[pair] = y * cosines[pair] + x * sines[pair]
        }
      case .interleaved:
        let numbers = start + 2 * range.lowerBound
        for pair in 0..<count {
          let (x, y) = (numbers[2 * pair], numbers[2 * pair + 1])
          numbers[2 * pair] = x * cosines[pair] - y * sines[pair]
          numbers[2 * pair + 1] = y * cosines[pair] + x * sines[pair]
        }
      }
    }
  }
}
