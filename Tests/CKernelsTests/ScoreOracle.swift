import Foundation

/// Scores after the rules and their softmax, element by element in Double. nil is a masked element.
struct ScoreOracle<T: KernelElement> {
  private(set) var scores: [[Double?]]

  init(_ input: GuardedMatrix<T>, _ rules: Rules<T>) {
    scores = (0..<input.rows).map { row in
      (0..<input.cols).map { col in
        guard col >= Int(rules.first?[row] ?? 0), col < Int(rules.end?[row] ?? Int32(input.cols)) else { return nil }
        if let keep = rules.keep, keep[row * rules.keepStride + col] == 0 { return nil }
        var score = Double(input[row, col])
        if rules.softcap > 0 { score = Double(rules.softcap) * tanh(score / Double(rules.softcap)) }
        if let bias = rules.bias {
          let term = Double(bias[row * rules.biasStride + col])
          if term == -.infinity { return nil }
          score += term
        }
        return score
      }
    }
  }

  /// The greatest score; -infinity where there is none.
  func maximum(_ row: Int) -> Double { scores[row].reduce(-.infinity) { max($0, $1 ?? -.infinity) } }

  /// The sum of e^(score - shift).
  func sum(_ row: Int, shift: Double) -> Double {
    scores[row].reduce(0) { $0 + ($1.map { exp($0 - shift) } ?? 0) }
  }

  func logSumExp(_ row: Int) -> Double {
    let maximum = maximum(row)
    return maximum == -.infinity ? -.infinity : maximum + log(sum(row, shift: maximum))
  }

  func softmax(_ row: Int) -> [Double] {
    let logSumExp = logSumExp(row)
    return scores[row].map { score in
      guard let score, logSumExp != -.infinity else { return 0 }
      return exp(score - logSumExp)
    }
  }

  /// A bound on the absolute error of one score of this tile: of the softcap 4 ULP of tanh, one of each product and
  /// quotient, of the bias half a ULP of the sum.
  func scoreError(_ rules: Rules<T>) -> Double {
    let largest = scores.joined().reduce(0) { max($0, ($1 ?? 0).magnitude) }
    let epsilon = Double(T.ulpOfOne)
    let capError = rules.softcap > 0 ? 6 * epsilon * Double(rules.softcap) : 0
    return capError + (rules.bias == nil ? 0 : epsilon * largest / 2)
  }

  /// A bound on the relative error of e^(score - maximum): that of both scores, half a ULP of their difference (at most
  /// `gap` for what counts), 2 ULP of exp.
  func exponentialError(_ rules: Rules<T>, gap: Double) -> Double {
    2 * scoreError(rules) + Double(T.ulpOfOne) * (gap / 2 + 2)
  }

  /// A bound on the relative error of a sum of `count` exponentials in at least 8 partial sums.
  func sumError(_ rules: Rules<T>, gap: Double, count: Int) -> Double {
    exponentialError(rules, gap: gap) + Double(T.ulpOfOne) * (Double(count) / 8 + 4) / 2
  }
}
