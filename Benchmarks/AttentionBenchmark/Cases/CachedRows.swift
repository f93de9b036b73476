internal import Attention

/// The keys and values that a layer's cache holds before the rows to be measured come.
struct CachedRows: Sendable {
  /// [B, H, cached, D]
  var keys: [Float]
  /// [B, H, cached, D]
  var values: [Float]

  static let none = CachedRows(keys: [], values: [])

  private init(keys: [Float], values: [Float]) { (self.keys, self.values) = (keys, values) }

  /// Rows drawn at random.
  init(_ layer: LayerCase, numbers: inout Xoshiro256) throws(AttentionError) {
    let count = layer.batch * layer.cachedKeys * layer.embeddingSize
    keys = try numbers.normal(count)
    values = try numbers.normal(count)
  }

  /// [B, H, cached, D]
  static func shape(_ layer: LayerCase) -> [Int] {
    [layer.batch, layer.heads, layer.cachedKeys, layer.embeddingSize / layer.heads]
  }
}

extension LayerCase {
  /// Where element `column` of row b·L + i of [B, L, E] stands in [B, H, L, D].
  func placeInHeads(row: Int, column: Int) -> Int { place(row, column, of: length, after: 0) }

  /// Where it stands in [B, H, S, D], behind the cached rows.
  func placeAmongKeys(row: Int, column: Int) -> Int { place(row, column, of: keys, after: cachedKeys) }

  private func place(_ row: Int, _ column: Int, of count: Int, after held: Int) -> Int {
    let d = embeddingSize / heads
    let (batch, i) = row.quotientAndRemainder(dividingBy: length)
    let (head, e) = column.quotientAndRemainder(dividingBy: d)
    return ((batch * heads + head) * count + held + i) * d + e
  }

  /// Heads of `count` rows [B, H, count, D] that begin with those held [B, H, cached, D]; zeros behind them.
  func makeRoom<Scalar: BLASScalar>(for held: [Scalar], count: Int) -> [Scalar] {
    let (d, pairs) = (embeddingSize / heads, batch * heads)
    let heldCount = held.count / pairs
    guard heldCount > 0 else { return [Scalar](repeating: 0, count: pairs * count * d) }
    let zeros = [Scalar](repeating: 0, count: count * d - heldCount)
    return (0..<pairs).flatMap { held[($0 * heldCount)..<(($0 + 1) * heldCount)] + zeros }
  }
}
