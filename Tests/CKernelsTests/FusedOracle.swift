import Foundation

/// Attention of a ``FusedProblem`` in Double, and how far its kernels may be off.
struct FusedOracle<T: KernelElement> {
  private(set) var output: [[Double]] = []
  private(set) var logSumExp: [Double] = []
  /// What is allowed for each row's output, and for its log-sum-exp.
  private(set) var allowed: [Double] = []

  init(_ problem: FusedProblem<T>) {
    let (d, dv, scale) = (problem.queries.cols, problem.values.cols, Double(problem.scale))
    let keys = (0..<problem.keys.rows).map { problem.keys.row($0).map(Double.init) }
    let values = (0..<problem.keys.rows).map { problem.values.row($0).map(Double.init) }
    for row in 0..<problem.queries.rows {
      let query = problem.queries.row(row).map(Double.init)
      var scores: [(key: Int, score: Double)] = []
      var magnitude = 1.0
      for key in 0..<keys.count {
        var (score, size) = (0.0, 0.0)
        for index in 0..<d {
          let product = query[index] * keys[key][index] * scale
          score += product
          size += product.magnitude
        }
        guard let final = Self.applied(problem.rules, score, row: row, key: key) else { continue }
        scores.append((key, final))
        magnitude = max(magnitude, size + final.magnitude)
      }
      let maximum = scores.reduce(-Double.infinity) { max($0, $1.score) }
      var (sum, weighted) = (0.0, [Double](repeating: 0, count: dv))
      for (key, score) in scores where maximum > -.infinity {
        let power = exp(score - maximum)
        sum += power
        for index in 0..<dv { weighted[index] += power * values[key][index] }
      }
      output.append(sum == 0 ? weighted : weighted.map { $0 / sum })
      logSumExp.append(sum == 0 ? -.infinity : maximum + log(sum))
      // A score is off by (d + 8) roundings of what is added up for it; a weight by twice that and a few of its own; a sum of
      // them by one more for each key (Higham 2002, section 3.1: the values are at most 1).
      let ulp = Double(T.ulpOfOne) / 2
      allowed.append(ulp * (2 * Double(d + 8) * magnitude + Double(keys.count) + 16))
    }
  }

  /// The score after the rules; nil where masked.
  private static func applied(_ rules: Rules<T>?, _ score: Double, row: Int, key: Int) -> Double? {
    guard let rules else { return score }
    if let first = rules.first, key < Int(first[row]) { return nil }
    if let end = rules.end, key >= Int(end[row]) { return nil }
    if let keep = rules.keep, keep[row * rules.keepStride + key] == 0 { return nil }
    var score = score
    if rules.softcap > 0 { score = Double(rules.softcap) * tanh(score / Double(rules.softcap)) }
    if let bias = rules.bias {
      let term = Double(bias[row * rules.biasStride + key])
      if term == -.infinity { return nil }
      score += term
    }
    return score
  }

  /// The worst element beyond what is allowed, in words; nil if there is none.
  func complaint(_ answer: FusedProblem<T>.Answer) -> String? {
    for row in output.indices {
      for index in output[row].indices {
        let error = (Double(answer.output[row][index]) - output[row][index]).magnitude
        if !(error <= allowed[row]) {
          return
            "output [\(row), \(index)]: \(answer.output[row][index]), expected \(output[row][index]) ± \(allowed[row])"
        }
      }
      let (actual, expected) = (Double(answer.logSumExp[row]), logSumExp[row])
      let bound = allowed[row] + Double(T.ulpOfOne) * 4 * expected.magnitude
      if !(actual == expected || (actual - expected).magnitude <= bound) {
        return "log-sum-exp [\(row)]: \(actual), expected \(expected) ± \(bound)"
      }
    }
    return nil
  }
}
