import Foundation

/// Attention by plain loops over arrays, for one head: what the walkthrough's numbers are held to.
struct PlainAttention {
  let scores: [[Double]]
  let weights: [[Double]]
  let output: [[Double]]

  init(queries: [[Double]], keys: [[Double]], values: [[Double]]) {
    let scale = 1 / Double(queries[0].count).squareRoot()
    scores = queries.map { query in keys.map { key in scale * zip(query, key).reduce(0) { $0 + $1.0 * $1.1 } } }
    weights = scores.map { row in
      let exponentials = row.map { exp($0) }
      let sum = exponentials.reduce(0, +)
      return exponentials.map { $0 / sum }
    }
    output = weights.map { row in
      values[0].indices.map { feature in zip(row, values).reduce(0) { $0 + $1.0 * $1.1[feature] } }
    }
  }
}

extension [[Double]] {
  /// Some features of each row.
  func features(_ range: Range<Int>) -> [[Double]] { map { [Double]($0[range]) } }
}
