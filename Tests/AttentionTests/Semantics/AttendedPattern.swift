import Attention
import Glibc
import Testing

/// Expects that queries attend exactly the keys that have a 1: `"110/111"` says it for two queries and three keys, one string
/// for each batch element, the same for every head.
///
/// Queries are 0 and values are the rows of the identity, so that an output row is its own weights: 1/n for the n attended keys,
/// exactly 0 elsewhere, all 0 for an empty row. Checked without details, and by every detail at once.
func expectAttended(
  _ patterns: [String], _ way: Way, mask: AttentionMask<Double>, alignment: QueryAlignment? = nil, heads: Int = 2,
  checksDetails: Bool = true, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let rows = patterns.map { $0.split(separator: "/").map { $0.map { $0 == "1" } } }
  let (batch, queries, keys) = (rows.count, rows[0].count, rows[0][0].count)
  let q = try Tensor<Double>(zeros: [batch, heads, queries, 2])
  let k = try numbers([batch, heads, keys, 2])
  let identity = (0..<keys * keys).map { $0 / keys == $0 % keys ? 1.0 : 0 }
  let v = try Tensor(identity, shape: [1, 1, keys, keys]).broadcast(to: [batch, heads, keys, keys])

  var (weights, scores, logSumExp): ([Double], [Double], [Double]) = ([], [], [])
  for element in rows {
    for _ in 0..<heads {
      for row in element {
        let attended = row.filter { $0 }.count
        weights += row.map { $0 ? 1 / Double(attended) : 0 }
        scores += row.map { $0 ? 0 : -.infinity }
        logSumExp.append(log(Double(attended)))
      }
    }
  }
  func expectWeights(_ actual: Tensor<Double>?, _ what: String) {
    let drawn = (actual?.elements ?? []).enumerated().map { index, weight in
      (weight == 0 ? "0" : "1") + ((index + 1) % keys == 0 ? "/" : "")
    }
    let expected = weights.enumerated().map { index, weight in
      (weight == 0 ? "0" : "1") + ((index + 1) % keys == 0 ? "/" : "")
    }
    #expect(drawn.joined() == expected.joined(), "\(what), \(mask)", sourceLocation: sourceLocation)
    expectClose(actual, weights, way, what, sourceLocation: sourceLocation)
  }

  let plain = try way.attend(q, k, v, mask: mask, alignment: alignment)
  expectWeights(plain.output, "output without details")
  guard checksDetails else { return }
  let full = try way.attend(q, k, v, mask: mask, alignment: alignment, details: .all)
  expectWeights(full.output, "output with details")
  expectWeights(full.weights, "weights")
  expectClose(full.maskedScores, scores, way, "masked scores", sourceLocation: sourceLocation)
  expectClose(full.logSumExp, logSumExp, way, "log-sum-exp", sourceLocation: sourceLocation)
}
