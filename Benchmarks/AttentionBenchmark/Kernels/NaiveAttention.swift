internal import Foundation

/// Attention without BLAS: softmax(Q·Kᵀ/√D)·V in plain loops over Float, one row after another, on one thread.
///
/// This is what the other paths' speed is compared with: the equation written down, with what any Swift programmer knows to do
/// for speed (concrete types, buffers instead of arrays, neighbours in memory in the innermost loop, no work on masked keys).
/// Floating-point sums are added in the order written, as the language demands, so the compiler may not
/// make vectors of `score`; ``UnrolledAttention`` is what comes of helping it.
///
/// - SeeAlso: Vaswani et al. (2017), "Attention is all you need", equation 1.
struct NaiveAttention: Sendable {
  let problem: AttentionCase

  /// The whole output [B, H, L, D] of queries [B, H, L, D], keys and values [B, G, S, D].
  func callAsFunction(queries: [Float], keys: [Float], values: [Float], into output: inout [Float]) {
    var scores = [Float](repeating: 0, count: problem.keys)
    for row in 0..<problem.rowCount {
      attend(row, queries, keys, values, &output, at: row, &scores)
    }
  }

  /// Some rows of the output [rows, D], by their number (b·H + h)·L + i.
  func rows(_ rows: [Int], queries: [Float], keys: [Float], values: [Float]) -> [Float] {
    var output = [Float](repeating: 0, count: rows.count * problem.headSize)
    var scores = [Float](repeating: 0, count: problem.keys)
    for (place, row) in rows.enumerated() {
      attend(row, queries, keys, values, &output, at: place, &scores)
    }
    return output
  }

  /// One query of one head: writes row `place` of `output`.
  private func attend(
    _ row: Int, _ queries: [Float], _ keys: [Float], _ values: [Float], _ output: inout [Float], at place: Int,
    _ scores: inout [Float]
  ) {
    let d = problem.headSize
    let (batchAndHead, i) = row.quotientAndRemainder(dividingBy: problem.queries)
    let (batch, head) = batchAndHead.quotientAndRemainder(dividingBy: problem.heads)
    let keyValueHead = batch * problem.keyValueHeads + head / (problem.heads / problem.keyValueHeads)
    let attended = problem.attendedKeys(query: i)
    let scale = 1 / Float(d).squareRoot()
    let query = row * d
    let firstKey = keyValueHead * problem.keys * d
    let out = place * d

    queries.withUnsafeBufferPointer { queries in
      keys.withUnsafeBufferPointer { keys in
        values.withUnsafeBufferPointer { values in
          output.withUnsafeMutableBufferPointer { output in
            scores.withUnsafeMutableBufferPointer { scores in
              var maximum = -Float.infinity
              for j in attended {
                let key = firstKey + j * d
                var score: Float = 0
                for e in 0..<d { score += queries[query + e] * keys[key + e] }
                scores[j] = score * scale
                maximum = max(maximum, scores[j])
              }

              var sum: Float = 0
              for j in attended {
                scores[j] = exp(scores[j] - maximum)
                sum += scores[j]
              }

              for e in 0..<d { output[out + e] = 0 }
              for j in attended {
                let value = firstKey + j * d
                let weight = scores[j] / sum
                for e in 0..<d { output[out + e] += weight * values[value + e] }
              }
            }
          }
        }
      }
    }
  }
}
