internal import Foundation

/// ``NaiveAttention`` with its loops written for the compiler's vectoriser: several independent sums, so that no addition waits
/// for the one before it, and rows behind pointers, whose indices need no checks.
///
/// It shows how much of the gain over the naive kernel is vectors alone, without cache blocking or a BLAS. Swift compiles for
/// the least of the architecture (SSE2 on x86-64: four lanes, no fused multiply-add) unless told otherwise.
struct UnrolledAttention: Sendable {
  let problem: AttentionCase

  /// The whole output [B, H, L, D] of queries [B, H, L, D], keys and values [B, G, S, D].
  func callAsFunction(queries: [Float], keys: [Float], values: [Float], into output: inout [Float]) {
    let (d, s) = (problem.headSize, problem.keys)
    let groupSize = problem.heads / problem.keyValueHeads
    let scale = 1 / Float(d).squareRoot()
    var scores = [Float](repeating: 0, count: s)
    queries.withUnsafeBufferPointer { queries in
      keys.withUnsafeBufferPointer { keys in
        values.withUnsafeBufferPointer { values in
          output.withUnsafeMutableBufferPointer { output in
            scores.withUnsafeMutableBufferPointer { scores in
              guard let queries = queries.baseAddress, let keys = keys.baseAddress, let values = values.baseAddress,
                let output = output.baseAddress, let scores = scores.baseAddress
              else { return }
              for row in 0..<problem.rowCount {
                // (b·H + h) / (H / G) = b·G + h / (H / G)
                let head = row / problem.queries / groupSize
                Self.attend(
                  queries + row * d, keys + head * s * d, values + head * s * d, output + row * d, scores,
                  problem.attendedKeys(query: row % problem.queries), d, scale)
              }
            }
          }
        }
      }
    }
  }

  private static func attend(
    _ query: UnsafePointer<Float>, _ keys: UnsafePointer<Float>, _ values: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, _ scores: UnsafeMutablePointer<Float>, _ attended: Range<Int>, _ d: Int,
    _ scale: Float
  ) {
    var maximum = -Float.infinity
    for j in attended {
      scores[j] = scale * dot(query, keys + j * d, d)
      maximum = max(maximum, scores[j])
    }
    var sum: Float = 0
    for j in attended {
      scores[j] = exp(scores[j] - maximum)
      sum += scores[j]
    }
    for e in 0..<d { output[e] = 0 }
    for j in attended {
      let weight = scores[j] / sum
      let value = values + j * d
      for e in 0..<d { output[e] += weight * value[e] }
    }
  }

  @inline(__always)
  private static func dot(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int) -> Float {
    var (s0, s1, s2, s3): (Float, Float, Float, Float) = (0, 0, 0, 0)
    var (s4, s5, s6, s7): (Float, Float, Float, Float) = (0, 0, 0, 0)
    var e = 0
    while e + 8 <= count {
      s0 += x[e] * y[e]
      s1 += x[e + 1] * y[e + 1]
      s2 += x[e + 2] * y[e + 2]
      s3 += x[e + 3] * y[e + 3]
      s4 += x[e + 4] * y[e + 4]
      s5 += x[e + 5] * y[e + 5]
      s6 += x[e + 6] * y[e + 6]
      s7 += x[e + 7] * y[e + 7]
      e += 8
    }
    while e < count {
      s0 += x[e] * y[e]
      e += 1
    }
    return ((s0 + s4) + (s1 + s5)) + ((s2 + s6) + (s3 + s7))
  }
}
