/// The sizes of an attention problem: queries [B, H, L, D], keys [B, G, S, D], values [B, G, S, Dv], output [B, H, L, Dv].
public struct AttentionShape: Sendable, Hashable {
  /// B
  public let batch: Int
  /// H: query heads.
  public let heads: Int
  /// G: key/value heads; query head h uses key/value head h / (H / G).
  public let keyValueHeads: Int
  /// L
  public let queries: Int
  /// S
  public let keys: Int
  /// D: size of a query's and a key's head.
  public let headSize: Int
  /// Dv: size of a value's head.
  public let valueHeadSize: Int

  /// - Parameters:
  ///   - batch: B.
  ///   - heads: H.
  ///   - keyValueHeads: G; nil: as many as `heads`.
  ///   - queries: L.
  ///   - keys: S.
  ///   - headSize: D.
  ///   - valueHeadSize: Dv; nil: as `headSize`.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` for a size below 0 or above 2³¹ − 1 (BLAS's integers),
  ///   ``AttentionError/headCounts(heads:keyValueHeads:)`` when H is no multiple of G,
  ///   ``AttentionError/tooLarge(name:shape:)`` when an operand's element count overflows.
  public init(
    batch: Int = 1, heads: Int = 1, keyValueHeads: Int? = nil, queries: Int, keys: Int, headSize: Int,
    valueHeadSize: Int? = nil
  ) throws(AttentionError) {
    self.batch = batch
    self.heads = heads
    self.keyValueHeads = keyValueHeads ?? heads
    self.queries = queries
    self.keys = keys
    self.headSize = headSize
    self.valueHeadSize = valueHeadSize ?? headSize
    try validate()
  }

  private func validate() throws(AttentionError) {
    try Self.check(batch, "batch")
    try Self.check(heads, "heads")
    try Self.check(keyValueHeads, "keyValueHeads")
    try Self.check(queries, "queries")
    try Self.check(keys, "keys")
    try Self.check(headSize, "headSize")
    try Self.check(valueHeadSize, "valueHeadSize")
    guard heads == 0 || (keyValueHeads > 0 && heads % keyValueHeads == 0) else {
      throw .headCounts(heads: heads, keyValueHeads: keyValueHeads)
    }
    // Rows of nothing are counted too.
    try Self.checkCount(batch, heads, queries, max(headSize, 1), "queries")
    try Self.checkCount(batch, keyValueHeads, keys, max(headSize, 1), "keys")
    try Self.checkCount(batch, keyValueHeads, keys, max(valueHeadSize, 1), "values")
    try Self.checkCount(batch, heads, queries, max(valueHeadSize, 1), "output")
  }

  private static func check(_ value: Int, _ name: String) throws(AttentionError) {
    guard value >= 0, value <= Int(Int32.max) else {
      throw .argument(name: name, expected: "0...\(Int32.max)", actual: "\(value)")
    }
  }

  /// Half of the address space, in the largest element: what strides and byte counts can still be computed for.
  static func checkCount(_ a: Int, _ b: Int, _ c: Int, _ d: Int, _ name: String) throws(AttentionError) {
    let (ab, overflows) = a.multipliedReportingOverflow(by: b)  // two factors below 2³¹ never overflow
    let (cd, overflowsToo) = c.multipliedReportingOverflow(by: d)
    let (all, overflowsAll) = ab.multipliedReportingOverflow(by: cd)
    guard !overflows, !overflowsToo, !overflowsAll, all <= Int.max / 16 else {
      throw .tooLarge(name: name, shape: [a, b, c, d])
    }
  }

  /// The same but for Dv.
  func with(valueHeadSize: Int) throws(AttentionError) -> AttentionShape {
    try AttentionShape(
      batch: batch, heads: heads, keyValueHeads: keyValueHeads, queries: queries, keys: keys, headSize: headSize,
      valueHeadSize: valueHeadSize)
  }

  /// H / G: how many query heads share a key/value head.
  public var groupSize: Int { keyValueHeads == 0 ? 0 : heads / keyValueHeads }

  /// Whether there is a row of scores at all.
  var hasRows: Bool { batch > 0 && heads > 0 && queries > 0 }

  /// Whether the output holds nothing.
  var isEmpty: Bool { !hasRows || valueHeadSize == 0 }

  /// 2·B·H·L·S·(D + Dv): the multiplications and additions of both products, without a mask.
  public var floatingPointOperations: Double {
    2 * Double(batch) * Double(heads) * Double(queries) * Double(keys) * (Double(headSize) + Double(valueHeadSize))
  }

  /// [B, H, L, S]
  var scoresShape: [Int] { [batch, heads, queries, keys] }
}
