import Attention
import Glibc

/// Attention in Double by its definition, independent of the library's paths and masks: what may be attended and what is added
/// are functions of (batch, head, query, key).
struct DoubleOracle {
  let queries: Tensor<Double>  // [B, H, L, D]
  let keys: Tensor<Double>  // [B, G, S, D]
  let values: Tensor<Double>  // [B, G, S, Dv]
  var scale: Double?
  var softcap = 0.0
  var bias: (_ b: Int, _ h: Int, _ i: Int, _ j: Int) -> Double = { _, _, _, _ in 0 }
  var attends: (_ b: Int, _ h: Int, _ i: Int, _ j: Int) -> Bool = { _, _, _, _ in true }

  init(_ queries: Tensor<Double>, _ keys: Tensor<Double>, _ values: Tensor<Double>) {
    (self.queries, self.keys, self.values) = (queries, keys, values)
  }

  /// Every stage, flat in row-major order.
  struct Stages {
    var output: [Double] = []
    var raw: [Double] = []
    var capped: [Double] = []
    var masked: [Double] = []
    var weights: [Double] = []
    var logSumExp: [Double] = []
  }

  func computed() -> Stages {
    let (batch, heads, count, d) = (queries.shape[0], queries.shape[1], queries.shape[2], queries.shape[3])
    let (shared, s, dv) = (keys.shape[1], keys.shape[2], values.shape[3])
    let (q, k, v) = (queries.elements, keys.elements, values.elements)
    let factor = scale ?? (d == 0 ? 1 : 1 / Double(d).squareRoot())
    var stages = Stages()
    for b in 0..<batch {
      for h in 0..<heads {
        let pair = b * shared + h / (heads / shared)
        for i in 0..<count {
          let query = ((b * heads + h) * count + i) * d
          var scores: [Double] = []
          for j in 0..<s {
            let key = (pair * s + j) * d
            let raw = factor * (0..<d).reduce(0.0) { $0 + q[query + $1] * k[key + $1] }
            let capped = softcap > 0 ? softcap * tanh(raw / softcap) : raw
            let added = bias(b, h, i, j)
            let isMasked = !attends(b, h, i, j) || added == -.infinity
            stages.raw.append(raw)
            stages.capped.append(capped)
            scores.append(isMasked ? -.infinity : capped + added)
          }
          stages.masked += scores
          let maximum = scores.max() ?? -.infinity
          let powers = scores.map { $0 == -.infinity ? 0 : exp($0 - maximum) }
          let sum = powers.reduce(0, +)
          let weights = powers.map { sum == 0 ? 0 : $0 / sum }
          stages.logSumExp.append(sum == 0 ? -.infinity : maximum + log(sum))
          stages.weights += weights
          for e in 0..<dv {
            stages.output.append((0..<s).reduce(0.0) { $0 + weights[$1] * v[(pair * s + $1) * dv + e] })
          }
        }
      }
    }
    return stages
  }
}
