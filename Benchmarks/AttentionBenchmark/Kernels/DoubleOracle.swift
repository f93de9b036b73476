internal import Attention
internal import Foundation

/// Attention in Double by plain loops, for the check that the paths agree; shares no code with them but the fan-out over
/// threads.
struct DoubleOracle: Sendable {
  let problem: AttentionCase

  /// Rows of the output [rows, D], by their number (b·H + h)·L + i.
  func rows(_ rows: [Int], queries: [Float], keys: [Float], values: [Float], workers: Int) -> [Double] {
    let d = problem.headSize
    let (wideKeys, wideValues) = (keys.map(Double.init), values.map(Double.init))
    return [Double](unsafeUninitializedCapacity: rows.count * d) { output, initialized in
      output.initialize(repeating: 0)
      // A few hundred pieces: rows differ in length under a causal mask.
      let rowsPerPiece = max(1, rows.count / 256)
      // Pieces write to rows of their own.
      nonisolated(unsafe) let output = output
      wideKeys.withUnsafeBufferPointer { keys in
        wideValues.withUnsafeBufferPointer { values in
          FanOut.run(pieces: (rows.count + rowsPerPiece - 1) / rowsPerPiece, workers: workers) { piece, _ in
            var scores = [Double](repeating: 0, count: problem.keys)
            for place in (piece * rowsPerPiece)..<min((piece + 1) * rowsPerPiece, rows.count) {
              let query = queries[(rows[place] * d)..<((rows[place] + 1) * d)].map(Double.init)
              let target = UnsafeMutableBufferPointer(rebasing: output[(place * d)..<((place + 1) * d)])
              attend(rows[place], query, keys, values, &scores, target)
            }
          }
        }
      }
      initialized = rows.count * d
    }
  }

  private func attend(
    _ row: Int, _ query: [Double], _ keys: UnsafeBufferPointer<Double>, _ values: UnsafeBufferPointer<Double>,
    _ scores: inout [Double], _ output: UnsafeMutableBufferPointer<Double>
  ) {
    let (d, s) = (problem.headSize, problem.keys)
    let attended = problem.attendedKeys(query: row % problem.queries)
    // (b·H + h) / (H / G) = b·G + h / (H / G)
    let head = row / problem.queries / (problem.heads / problem.keyValueHeads)
    let scale = 1 / Double(d).squareRoot()
    var maximum = -Double.infinity
    query.withUnsafeBufferPointer { query in
      for j in 0..<attended {
        let key = UnsafeBufferPointer(rebasing: keys[((head * s + j) * d)..<((head * s + j + 1) * d)])
        scores[j] = scale * Self.dot(query, key)
        maximum = max(maximum, scores[j])
      }
    }
    var sum = 0.0
    for j in 0..<attended {
      scores[j] = exp(scores[j] - maximum)
      sum += scores[j]
    }
    for j in 0..<attended {
      let value = UnsafeBufferPointer(rebasing: values[((head * s + j) * d)..<((head * s + j + 1) * d)])
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
}
