import Attention
import Glibc
import Support

/// The figures of an inspection from a whole matrix of weights, straight from their definitions.
struct WeightFigures {
  var entropy: [Double] = []  // [rows]
  var topKeys: [Int] = []  // [rows, k]
  var topWeights: [Double] = []  // [rows, k]
  var keyTotals: [Double] = []  // [matrices, S]

  /// - Parameters:
  ///   - weights: matrices [matrices, rows, keys].
  ///   - rows: L.
  ///   - keys: S.
  ///   - k: how many of a row.
  init(_ weights: [Double], rows: Int, keys: Int, k: Int) {
    let matrices = rows * keys == 0 ? 0 : weights.count / (rows * keys)
    keyTotals = [Double](repeating: 0, count: matrices * keys)
    weights.withUnsafeBufferPointer { weights in
      for row in 0..<(matrices * rows) {
        addRow(UnsafeBufferPointer(rebasing: weights[row * keys..<(row + 1) * keys]), matrix: row / rows, k: k)
      }
    }
  }

  // Counts with `while`: tests are built without optimisation.
  private mutating func addRow(_ row: UnsafeBufferPointer<Double>, matrix: Int, k: Int) {
    var sum = 0.0
    var key = 0
    while key < row.count {
      if row[key] != 0 {
        sum -= row[key] * log(row[key])
        keyTotals[matrix * row.count + key] += row[key]
      }
      key = key &+ 1
    }
    entropy.append(sum)
    var last = (weight: Double.infinity, key: -1)
    for _ in 0..<k {
      var best = (weight: -Double.infinity, key: -1)
      key = 0
      while key < row.count {
        let weight = row[key]
        let isLeft = weight != 0 && (weight < last.weight || weight == last.weight && key > last.key)
        if isLeft, weight > best.weight { best = (weight, key) }
        key = key &+ 1
      }
      guard best.key >= 0 else {
        topKeys.append(-1)
        topWeights.append(0)
        continue
      }
      topKeys.append(best.key)
      topWeights.append(best.weight)
      last = best
    }
  }
}

/// Everything that an inspection can find, with some rows of weights out of order.
extension AttentionInspection {
  static func everything(topKeys: Int, weights: WeightSelection = WeightSelection()) -> AttentionInspection {
    AttentionInspection([.logSumExp, .entropy, .maximum, .keyTotals], topKeys: topKeys, weights: weights)
  }
}

extension AttentionInsight {
  /// Whether two hold the same bits.
  func isBitwiseEqual(to other: AttentionInsight) -> Bool {
    func same(_ path: KeyPath<AttentionInsight, Tensor<Scalar>?>) -> Bool {
      guard let mine = self[keyPath: path], let theirs = other[keyPath: path] else {
        return self[keyPath: path] == nil && other[keyPath: path] == nil
      }
      return mine.isBitwiseEqual(to: theirs)
    }
    return same(\.logSumExp) && same(\.entropy) && same(\.maximumWeight) && same(\.keyTotals) && same(\.topWeights)
      && same(\.weights) && maximumKey == other.maximumKey && topKeys == other.topKeys
  }

  /// What is farther from the figures of a whole matrix than allowed; empty: nothing.
  ///
  /// - Parameters:
  ///   - weights: [B, H, L, S], every one of which `self` has too.
  ///   - logSumExp: [B, H, L].
  ///   - shape: [B, H, L, S].
  ///   - k: of the top keys.
  ///   - absolute: allowed everywhere.
  ///   - relative: allowed beside it, of what is expected.
  func differences(
    fromWeights weights: [Double], logSumExp: [Double], shape: [Int], k: Int, absolute: Double, relative: Double
  ) -> [String] {
    let (rows, keys) = (Array(shape.prefix(3)), shape[3])
    let figures = WeightFigures(weights, rows: shape[2], keys: keys, k: k)
    func compared(_ tensor: Tensor<Scalar>?, _ expected: [Double], _ shape: [Int]) -> Comparison {
      Comparison(tensor, expected, shape: shape, absolute: absolute, relative: relative)
    }
    let first = stride(from: 0, to: figures.topWeights.count, by: k)
    var comparisons = [
      ("logSumExp", compared(self.logSumExp, logSumExp, rows)), ("entropy", compared(entropy, figures.entropy, rows)),
      ("maximum", compared(maximumWeight, first.map { figures.topWeights[$0] }, rows)),
      ("top weights", compared(topWeights, figures.topWeights, rows + [k])),
      ("key totals", compared(keyTotals, figures.keyTotals, [shape[0], shape[1], keys])),
      ("weights", compared(self.weights, weights, shape)),
    ]
    // A key is right where its weight is: those of equal weight up to rounding may change places.
    func weightsAt(_ found: [Int], perRow: Int) -> [Double] {
      found.enumerated().map { $1 < 0 ? 0 : weights[$0 / perRow * keys + $1] }
    }
    if let topKeys, let topWeights, let maximumKey, let maximumWeight {
      comparisons += [
        ("top keys", compared(topWeights, weightsAt(topKeys.elements, perRow: k), rows + [k])),
        ("maximum key", compared(maximumWeight, weightsAt(maximumKey.elements, perRow: 1), rows)),
      ]
      if Scalar.self == Double.self, topKeys.elements != figures.topKeys { comparisons.append(("keys", .failed)) }
      let isFirst = maximumKey.elements == first.map { topKeys.elements[$0] }
      if !isFirst { comparisons.append(("maximum key is not the first top key", .failed)) }
      for row in 0..<first.underestimatedCount {
        let found = topKeys.elements[row * k..<(row + 1) * k].filter { $0 >= 0 }
        if Set(found).count != found.count { comparisons.append(("keys twice in row \(row)", .failed)) }
      }
    } else {
      comparisons.append(("keys are missing", .failed))
    }
    return comparisons.filter { !$0.1.isWithin }.map { "\($0.0): \($0.1)" }
  }
}

extension Comparison {
  fileprivate static var failed: Comparison { Comparison([1], [0], shape: [1]) }
}
