import Glibc

/// Attention straight from its equation, in Double, on plain arrays: what every path of the package is held to, sharing
/// nothing with them.
///
/// scores = scale·Q·Kᵀ, capped = c·tanh(scores/c), masked = score(capped) + bias where attended and −∞ elsewhere,
/// weights = probability(softmax), output = weights·V (Vaswani et al. 2017, section 3.2.1; ONNX Attention, opset 24, for the order). A row with nothing to
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

  /// Changes a capped score, before bias and mask; −∞ masks. nil: nothing.
  public var score: ((_ score: Double, _ batch: Int, _ head: Int, _ query: Int, _ key: Int) -> Double)?
  /// Changes a weight; those of masked places stay 0. nil: nothing.
  public var probability: ((_ weight: Double, _ batch: Int, _ head: Int, _ query: Int, _ key: Int) -> Double)?

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
        finishRow(&answer, batch: batch, head: head, keyValueHead: keyValueHead, query: query, inFloat: inFloat)
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

  private func finishRow(
    _ answer: inout Answer, batch: Int, head: Int, keyValueHead: Int, query: Int, inFloat: Bool
  ) {
    let row = (batch * heads + head) * queryCount + query
    let firstValue = (batch * keyValueHeads + keyValueHead) * keyCount * valueHeadSize
    answer.maskedScores.withUnsafeMutableBufferPointer { scores in
      answer.weights.withUnsafeMutableBufferPointer { weights in
        guard let scores = scores.baseAddress, let weights = weights.baseAddress else { return }
        let (scoreRow, weightRow) = (scores + row * keyCount, weights + row * keyCount)
        mask(scoreRow, batch: batch, head: head, query: query, inFloat: inFloat)
        answer.logSumExp[row] = softmax(scoreRow, into: weightRow, inFloat: inFloat)
        change(weightRow, scores: scoreRow, batch: batch, head: head, query: query, inFloat: inFloat)
        answer.output.withUnsafeMutableBufferPointer { output in
          values.withUnsafeBufferPointer { values in
            guard let output = output.baseAddress, let values = values.baseAddress else { return }
            addValues(weightRow, values + firstValue, to: output + row * valueHeadSize, inFloat: inFloat)
          }
        }
      }
    }
  }

  private func capped(_ score: Double, inFloat: Bool) -> Double {
    guard inFloat else { return softcap * tanh(score / softcap) }
    let cap = Float(softcap)
    return Double(cap * Float(tanh(Double(Float(score) / cap))))
  }

  private func mask(
    _ scores: UnsafeMutablePointer<Double>, batch: Int, head: Int, query: Int, inFloat: Bool
  ) {
    if isAttended == nil, bias == nil, score == nil { return }
    var key = 0
    while key < keyCount {
      if let score {
        let changed = score(scores[key], batch, head, query, key)
        scores[key] = inFloat ? Double(Float(changed)) : changed
      }
      if let isAttended, !isAttended(batch, head, query, key) {
        scores[key] = -.infinity
      } else if let bias, scores[key] > -.infinity {
        let sum = scores[key] + bias(batch, head, query, key)
        scores[key] = inFloat ? Double(Float(sum)) : sum
      }
      key = key &+ 1
    }
  }

  /// The probability program on a row of weights; masked ones stay 0.
  private func change(
    _ weights: UnsafeMutablePointer<Double>, scores: UnsafePointer<Double>, batch: Int, head: Int, query: Int,
    inFloat: Bool
  ) {
    guard let probability else { return }
    var key = 0
    while key < keyCount {
      if scores[key] > -.infinity {
        let changed = probability(weights[key], batch, head, query, key)
        weights[key] = inFloat ? Double(Float(changed)) : changed
      }
      key = key &+ 1
    }
  }

  /// Weights of a row of final scores.
  ///
  /// - Returns: log-sum-exp.
  private func softmax(
    _ scores: UnsafePointer<Double>, into weights: UnsafeMutablePointer<Double>, inFloat: Bool
  ) -> Double {
    let nothing = -Double.infinity
    var maximum = nothing
    var key = 0
    while key < keyCount {
      if scores[key] > maximum { maximum = scores[key] }
      key = key &+ 1
    }
    guard maximum > nothing else { return nothing }
    var sum = 0.0
    key = 0
    while key < keyCount {
      if scores[key] > nothing {
        let difference = scores[key] - maximum
        let power = inFloat ? Double(Float(exp(Double(Float(difference))))) : exp(difference)
        weights[key] = power
        sum = inFloat ? Double(Float(sum + power)) : sum + power
      }
      key = key &+ 1
    }
    key = 0
    while key < keyCount {
      weights[key] = inFloat ? Double(Float(weights[key] / sum)) : weights[key] / sum
      key = key &+ 1
    }
    return inFloat ? Double(Float(maximum + Double(Float(log(sum))))) : maximum + log(sum)
  }

  private func addValues(
    _ weights: UnsafePointer<Double>, _ firstValue: UnsafePointer<Double>, to target: UnsafeMutablePointer<Double>,
    inFloat: Bool
  ) {
    var key = 0
    while key < keyCount {
      // A masked value has no part in the sum, whatever it is.
      if weights[key] != 0 { add(weights[key], firstValue + key * valueHeadSize, to: target, inFloat: inFloat) }
      key = key &+ 1
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
