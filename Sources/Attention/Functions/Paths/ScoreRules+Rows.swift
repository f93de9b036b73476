internal import Tensors

/// What rules say of single rows and places, away from the kernels.
extension ScoreRules where Scalar: BLASScalar {
  /// The columns that a row's range leaves it.
  private func range(row: Int, columns: Int) -> Range<Int> {
    let low = first.map { Int($0[row]) } ?? 0
    return low..<max(low, end.map { Int($0[row]) } ?? columns)
  }

  /// Whether a place is attended (a bias of −∞ masks).
  func attends(row: Int, column: Int) -> Bool {
    if let first, column < Int(first[row]) { return false }
    if let end, column >= Int(end[row]) { return false }
    if let keep, !keep[row * keepStride + column] { return false }
    if let bias, bias[row * biasStride + column] == -.infinity { return false }
    return true
  }

  /// Sets the masked places of a row to 0.
  func clearMasked(_ target: UnsafeMutablePointer<Scalar>, row: Int, columns: Int) {
    let range = range(row: row, columns: columns)
    target.update(repeating: 0, count: range.lowerBound)
    (target + range.upperBound).update(repeating: 0, count: columns - range.upperBound)
    if let keep {
      let kept = keep + row * keepStride
      for column in range where !kept[column] { target[column] = 0 }
    }
    if let bias {
      let added = bias + row * biasStride
      for column in range where added[column] == -.infinity { target[column] = 0 }
    }
  }
}
