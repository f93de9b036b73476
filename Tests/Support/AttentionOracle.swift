import Glibc

/// Attention straight from its equation, in Double, on plain arrays: what every path of the package is held to, sharing
/// nothing with them.
///
/// scores = scale·Q·Kᵀ, capped = c·tanh(scores/c), masked = capped + bias where attended and −∞ elsewhere, weights = softmax,
/// output = weights·V (Vaswani et al. 2017, section 3.2.1; ONNX Attention, opset 24, for the order). A row with nothing to
/// attend gives output 0, weights 0 and log-sum-exp −∞.
public struct AttentionOracle {
  public var batch = 1  // B
  public var heads = 1  // H
  public var keyValueHeads = 1  // G
  public var queryCount = 1  // L
  public var keyCount = 1  // S
  public var headSize = 1  // D
  public var valueHeadSize = 1  // Dv
  public var queries: [Double] = []  // [B, H, L, D]
  public var keys: [Double] = []  // [B, G, S, D]
  public var values: [Double] = []  // [B, G, S, Dv]
  /// nil: 1/√D.
  public var scale: Double?
  /// 0: none.
  public var softcap = 0.0
  /// Whether query i of head h attends key j; nil: all.
  public var isAttended: ((_ batch: Int, _ head: Int, _ query: Int, _ key: Int) -> Bool)?
  /// Added to the score; −∞ masks. nil: nothing.
  public var bias: ((_ batch: Int, _ head: Int, _ query: Int, _ key: Int) -> Double)?

  public init() {}

  /// The type that every operation is rounded to.
  public enum Arithmetic: Sendable { case double, float }

  /// All that attention can give, row-major.
  public struct Answer: Sendable {
    public var rawScores: [Double]  // [B, H, L, S]
    public var cappedScores: [Double]  // [B, H, L, S]
    public var maskedScores: [Double]  // [B, H, L, S]
    public var weights: [Double]  // [B, H, L, S]
    public var logSumExp: [Double]  // [B, H, L]
    public var output: [Double]  // [B, H, L, Dv]
  }

  /// - Parameter arithmetic: `.double`: the exact answer, for our purposes. `.float`: what the same plain loops give in Float,
  ///   whose error is the measure of what Float can do.
  /// - Complexity: B·H·L·S·(D + Dv) multiplications, one after the other.
  public func solve(_ arithmetic: Arithmetic = .double) -> Answer {
    let inFloat = arithmetic == .float
    let (scoreCount, rowCount) = (batch * heads * queryCount * keyCount, batch * heads * queryCount)
    var answer = Answer(
      rawScores: [Double](repeating: 0, count: scoreCount), cappedScores: [], maskedScores: [],
      weights: [Double](repeating: 0, count: scoreCount),
      logSumExp: [Double](repeating: -.infinity, count: rowCount),
      output: [Double](repeating: 0, count: rowCount * valueHeadSize))
    answer.rawScores.withUnsafeMutableBufferPointer { scores in
      forEachHead { batch, head, keyValueHead in
        writeScores(scores, batch: batch, head: head, keyValueHead: keyValueHead, inFloat: inFloat)
      }
    }
    answer.cappedScores = softcap > 0 ? answer.rawScores.map { capped($0, inFloat: inFloat) } : answer.rawScores
    answer.maskedScores = answer.cappedScores
    forEachHead { batch, head, keyValueHead in
      for query in 0..<queryCount {
        let row = (batch * heads + head) * queryCount + query
        mask(&answer.maskedScores, at: row * keyCount, batch: batch, head: head, query: query, inFloat: inFloat)
        softmax(&answer, row: row, inFloat: inFloat)
        addValues(&answer, row: row, from: (batch * keyValueHeads + keyValueHead) * keyCount, inFloat: inFloat)
      }
    }
    return answer
  }

  /// Query head h uses key/value head h / (H / G).
  private func forEachHead(_ body: (_ batch: Int, _ head: Int, _ keyValueHead: Int) -> Void) {
    for batch in 0..<batch {
      for head in 0..<heads { body(batch, head, head / (heads / keyValueHeads)) }
    }
  }
}

// Loops over elements count with `while` and read raw pointers: the tests are built without optimisation, where ranges and
// arrays cost ten times the arithmetic.
extension AttentionOracle {
  private func writeScores(
    _ scores: UnsafeMutableBufferPointer<Double>, batch: Int, head: Int, keyValueHead: Int, inFloat: Bool
  ) {
    let factor = scale ?? (headSize == 0 ? 1 : 1 / Double(headSize).squareRoot())
    queries.withUnsafeBufferPointer { queries in
      keys.withUnsafeBufferPointer { keys in
        guard let queries = queries.baseAddress, let keys = keys.baseAddress, let scores = scores.baseAddress else {
          return
        }
        let firstKey = keys + (batch * keyValueHeads + keyValueHead) * keyCount * headSize
        var row = (batch * heads + head) * queryCount
        let end = row + queryCount
        while row < end {
          let query = queries + row * headSize
          var key = 0
          while key < keyCount {
            scores[row * keyCount + key] = product(query, firstKey + key * headSize, factor, inFloat: inFloat)
            key += 1
          }
          row += 1
        }
      }
    }
  }

  private func product(
    _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ factor: Double, inFloat: Bool
  ) -> Double {
    var index = 0
    if inFloat {
      var sum: Float = 0
      while index < headSize {
        sum = sum + Float(x[index]) * Float(y[index])
        index = index &+ 1
      }
      return Double(sum * Float(factor))
    }
    var sum = 0.0
    while index < headSize {
      sum = sum + x[index] * y[index]
      index = index &+ 1
    }
    return sum * factor
  }

  private func capped(_ score: Double, inFloat: Bool) -> Double {
    guard inFloat else { return softcap * tanh(score / softcap) }
    let cap = Float(softcap)
    return Double(cap * Float(tanh(Double(Float(score) / cap))))
  }

  private func mask(
    _ scores: inout [Double], at start: Int, batch: Int, head: Int, query: Int, inFloat: Bool
  ) {
    if isAttended == nil, bias == nil { return }
    for key in 0..<keyCount {
      if let isAttended, !isAttended(batch, head, query, key) {
        scores[start + key] = -.infinity
      } else if let bias {
        let sum = scores[start + key] + bias(batch, head, query, key)
        scores[start + key] = inFloat ? Double(Float(sum)) : sum
      }
    }
  }

  /// Weights and log-sum-exp of a row whose scores are final.
  private func softmax(_ answer: inout Answer, row: Int, inFloat: Bool) {
    let start = row * keyCount
    var maximum = -Double.infinity
    for key in start..<(start + keyCount) { maximum = max(maximum, answer.maskedScores[key]) }
    guard maximum > -.infinity else { return }
    var sum = 0.0
    for key in start..<(start + keyCount) where answer.maskedScores[key] > -.infinity {
      let difference = answer.maskedScores[key] - maximum
      let power = inFloat ? Double(Float(exp(Double(Float(difference))))) : exp(difference)
      answer.weights[key] = power
      sum = inFloat ? Double(Float(sum + power)) : sum + power
    }
    for key in start..<(start + keyCount) {
      let weight = answer.weights[key] / sum
      answer.weights[key] = inFloat ? Double(Float(weight)) : weight
    }
    let logarithm = inFloat ? Double(Float(log(sum))) : log(sum)
    answer.logSumExp[row] = inFloat ? Double(Float(maximum + logarithm)) : maximum + logarithm
  }

  private func addValues(_ answer: inout Answer, row: Int, from firstValue: Int, inFloat: Bool) {
    answer.output.withUnsafeMutableBufferPointer { output in
      values.withUnsafeBufferPointer { values in
        answer.weights.withUnsafeBufferPointer { weights in
          guard let values = values.baseAddress, let weights = weights.baseAddress, let output = output.baseAddress
          else { return }
          let target = output + row * valueHeadSize
          var key = 0
          while key < keyCount {
            let weight = weights[row * keyCount + key]
            // A masked value has no part in the sum, whatever it is.
            if weight != 0 {
              add(weight, values + (firstValue + key) * valueHeadSize, to: target, inFloat: inFloat)
            }
            key += 1
          }
        }
      }
    }
  }

  private func add(
    _ weight: Double, _ value: UnsafePointer<Double>, to target: UnsafeMutablePointer<Double>, inFloat: Bool
  ) {
    var index = 0
    if inFloat {
      let factor = Float(weight)
      while index < valueHeadSize {
        target[index] = Double(Float(target[index]) + factor * Float(value[index]))
        index = index &+ 1
      }
    } else {
      while index < valueHeadSize {
        target[index] = target[index] + weight * value[index]
        index = index &+ 1
      }
    }
  }
}
