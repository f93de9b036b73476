internal import Attention
internal import Foundation

/// Attention in Double by loops, for the check that the paths agree; it shares no code with them but the fan-out over threads.
struct DoubleOracle: Sendable {
  let problem: AttentionCase

  /// Rows of the output [rows, D], by their number (b·H + h)·L + i.
  func rows(_ rows: [Int], queries: [Double], keys: [Double], values: [Double], workers: Int) -> [Double] {
    let d = problem.headSize
    return Self.fillRows(rows.count, of: d, workers: workers) { place, output in
      let row = rows[place]
      var scores = [Double](repeating: 0, count: problem.attendedKeys(query: row % problem.queries).count)
      queries.withUnsafeBufferPointer { queries in
        keys.withUnsafeBufferPointer { keys in
          values.withUnsafeBufferPointer { values in
            attend(row, queries, keys, values, &scores, output)
          }
        }
      }
    }
  }

  private func attend(
    _ row: Int, _ queries: UnsafeBufferPointer<Double>, _ keys: UnsafeBufferPointer<Double>,
    _ values: UnsafeBufferPointer<Double>, _ scores: inout [Double], _ output: UnsafeMutableBufferPointer<Double>
  ) {
    let d = problem.headSize
    // (b·H + h) / (H / G) = b·G + h / (H / G)
    let head = row / problem.queries / (problem.heads / problem.keyValueHeads)
    let first = head * problem.keys + problem.attendedKeys(query: row % problem.queries).lowerBound
    let query = UnsafeBufferPointer(rebasing: queries[(row * d)..<((row + 1) * d)])
    let scale = 1 / Double(d).squareRoot()
    var maximum = -Double.infinity
    for j in scores.indices {
      let key = UnsafeBufferPointer(rebasing: keys[((first + j) * d)..<((first + j + 1) * d)])
      scores[j] = scale * Self.dot(query, key)
      maximum = max(maximum, scores[j])
    }
    var sum = 0.0
    for j in scores.indices {
      scores[j] = exp(scores[j] - maximum)
      sum += scores[j]
    }
    for j in scores.indices {
      let value = UnsafeBufferPointer(rebasing: values[((first + j) * d)..<((first + j + 1) * d)])
      let weight = scores[j] / sum
      for e in 0..<d { output[e] += weight * value[e] }
    }
  }

  /// Four sums, as one alone would be a chain of additions waiting for each other.
  static func dot(_ x: UnsafeBufferPointer<Double>, _ y: UnsafeBufferPointer<Double>) -> Double {
    var (s0, s1, s2, s3) = (0.0, 0.0, 0.0, 0.0)
    var e = 0
    while e + 4 <= x.count {
      s0 += x[e] * y[e]
      s1 += x[e + 1] * y[e + 1]
      s2 += x[e + 2] * y[e + 2]
      s3 += x[e + 3] * y[e + 3]
      e += 4
    }
    while e < x.count {
      s0 += x[e] * y[e]
      e += 1
    }
    return (s0 + s1) + (s2 + s3)
  }

  /// A matrix [rows, size], each row computed by `body`, which gets zeros.
  static func fillRows(
    _ rowCount: Int, of size: Int, workers: Int, _ body: (_ row: Int, UnsafeMutableBufferPointer<Double>) -> Void
  ) -> [Double] {
    [Double](unsafeUninitializedCapacity: rowCount * size) { buffer, initialized in
      buffer.initialize(repeating: 0)
      // Many small pieces, as rows differ in length under a causal mask.
      let rowsPerPiece = max(1, rowCount / 256)
      let matrix = buffer
      FanOut.run(pieces: (rowCount + rowsPerPiece - 1) / rowsPerPiece, workers: workers) { piece, _ in
        for row in (piece * rowsPerPiece)..<min((piece + 1) * rowsPerPiece, rowCount) {
          body(row, UnsafeMutableBufferPointer(rebasing: matrix[(row * size)..<((row + 1) * size)]))
        }
      }
      initialized = rowCount * size
    }
  }
}
