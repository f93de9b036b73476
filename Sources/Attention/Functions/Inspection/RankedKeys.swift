internal import Tensors

/// The keys of each row's greatest weights, found while the weights go by in ascending order of keys: `count` a row, descending;
/// weight 0 and key −1 where there are fewer.
struct RankedKeys<Scalar: BLASScalar> {
  /// [rows, count], at first 0; nil: nothing is ranked.
  let weights: UnsafeMutablePointer<Scalar>?
  /// [rows, count], at first −1.
  let keys: UnsafeMutablePointer<Int>?
  let count: Int

  /// Ranks some more weights of a row; those that are 0 are passed over.
  ///
  /// - Parameters:
  ///   - values: the weights.
  ///   - columns: how many.
  ///   - firstKey: the key of the first; keys of a row come in ascending order.
  ///   - row: among the rows of all.
  /// - Complexity: a comparison a weight, and `count` steps for each that ranks.
  func insert(_ values: UnsafePointer<Scalar>, columns: Int, firstKey: Int, row: Int) {
    guard let weights, let keys else { return }
    let (rowWeights, rowKeys) = (weights + row * count, keys + row * count)
    for column in 0..<columns {
      let value = values[column]
      if value == 0 { continue }
      // An equal one stays behind those with lower keys.
      var place = count
      while place > 0, rowKeys[place - 1] < 0 || Self.ranks(value, above: rowWeights[place - 1]) { place -= 1 }
      if place == count { continue }
      var last = count - 1
      while last > place {
        rowWeights[last] = rowWeights[last - 1]
        rowKeys[last] = rowKeys[last - 1]
        last -= 1
      }
      rowWeights[place] = value
      rowKeys[place] = firstKey + column
    }
  }

  /// NaN ranks above every number.
  private static func ranks(_ left: Scalar, above right: Scalar) -> Bool {
    left > right || (left.isNaN && !right.isNaN)
  }
}
