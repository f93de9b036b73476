/// Figures about the weights, one for each query or for each key.
///
/// The weights are those that multiply the values: after sinks, probability program and dropout. What a figure is of an
/// ordinary row, of one with nothing to attend and of one that holds NaN, ``AttentionInsight`` says.
public struct AttentionFigureSet: OptionSet, Sendable, Hashable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// log Σⱼ e^score of each query [B, H, L], with its head's sink among the scores.
  public static let logSumExp = AttentionFigureSet(rawValue: 1)
  /// −Σⱼ wⱼ·ln wⱼ of each query's weights [B, H, L], in nats.
  public static let entropy = AttentionFigureSet(rawValue: 2)
  /// The greatest weight of each query and its key [B, H, L].
  public static let maximum = AttentionFigureSet(rawValue: 4)
  /// How much each key is attended: its weights summed over the queries [B, H, S].
  public static let keyTotals = AttentionFigureSet(rawValue: 8)

  /// Those that need the weights themselves, not only the sum under them.
  static let ofWeights: AttentionFigureSet = [.entropy, .maximum, .keyTotals]
}

/// Rows of weights, by their heads and queries.
public struct WeightSelection: Sendable, Hashable {
  /// Query heads, in the order in which they are wanted, each in 0 ..< H; nil: all.
  public var heads: [Int]?
  /// Queries, in the order in which they are wanted, each in 0 ..< L; nil: all.
  public var queries: [Int]?

  public init(heads: [Int]? = nil, queries: [Int]? = nil) {
    self.heads = heads
    self.queries = queries
  }
}

/// What is to be found out about the weights of an attention, without a matrix of them.
///
/// ```swift
/// let insight = try inspectAttention(
///   AttentionInspection([.entropy, .keyTotals], topKeys: 3), queries: q, keys: k, mask: .causal)
/// ```
public struct AttentionInspection: Sendable, Hashable {
  public var figures: AttentionFigureSet
  /// k: how many keys of each query, those of the greatest weights; nil: none. 1 or more.
  public var topKeys: Int?
  /// Rows of weights to give as they are; nil: none.
  public var weights: WeightSelection?

  /// - Parameters:
  ///   - figures: one number for each query, or for each key.
  ///   - topKeys: k; nil: no ranking.
  ///   - weights: rows of weights; nil: none.
  public init(_ figures: AttentionFigureSet = [], topKeys: Int? = nil, weights: WeightSelection? = nil) {
    self.figures = figures
    self.topKeys = topKeys
    self.weights = weights
  }

  /// Whether there is more to do than to sum the exponentials.
  var needsWeights: Bool { !figures.isDisjoint(with: .ofWeights) || topKeys != nil || weights != nil }

  /// Whether every query has a part in it, not only those whose weights are selected.
  var needsAllQueries: Bool { !figures.isEmpty || topKeys != nil }

  func validate(for shape: AttentionShape) throws(AttentionError) {
    if let topKeys {
      guard topKeys >= 1 else {
        throw .argument(name: "topKeys", expected: "1 or more", actual: "\(topKeys)")
      }
      guard topKeys <= Int(Int32.max) else {
        throw .argument(name: "topKeys", expected: "1...\(Int32.max)", actual: "\(topKeys)")
      }
      try AttentionShape.checkCount(shape.batch, shape.heads, shape.queries, topKeys, "topKeys")
    }
    guard let weights else { return }
    try Self.check(weights.heads, "head of weights", below: shape.heads)
    try Self.check(weights.queries, "query of weights", below: shape.queries)
    try AttentionShape.checkCount(
      shape.batch, weights.heads?.count ?? shape.heads, weights.queries?.count ?? shape.queries, shape.keys, "weights")
  }

  private static func check(_ indices: [Int]?, _ name: String, below count: Int) throws(AttentionError) {
    for index in indices ?? [] where index < 0 || index >= count {
      throw .argument(name: name, expected: "0..<\(count)", actual: "\(index)")
    }
  }
}
