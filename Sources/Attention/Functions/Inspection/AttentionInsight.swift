public import Tensors

/// What an ``AttentionInspection`` found; what was not asked for is nil.
///
/// All figures are of the weights w that multiply the values, after sinks, probability program and dropout: the same numbers
/// as from a whole matrix of them ([B, H, L, S], ``AttentionDetailSet/weights``), within rounding.
///
/// A weight of 0 is no weight: a key that is masked, dropped or too far below the maximum for the type (104 in Float, 746 in
/// Double) is neither a maximum nor among the top keys. A query without weights has entropy 0, maximum 0 at key −1, top keys −1
/// of weight 0, and adds nothing to any key. A sink's share belongs to no key.
///
/// A query that has a NaN weight (an attended NaN or +∞ among its scores makes all of them NaN) has entropy NaN; NaN ranks
/// above every number, as in PyTorch's `max` and `topk`; and it makes the totals of the keys that it attends NaN.
public struct AttentionInsight<Scalar: BLASScalar>: Sendable {
  /// log Σⱼ e^score [B, H, L], with the head's sink among the scores; −∞ for a query with nothing to attend, and no sink.
  public internal(set) var logSumExp: Tensor<Scalar>?
  /// −Σⱼ wⱼ·ln wⱼ over the keys [B, H, L], in nats, 0·ln 0 = 0: from 0 (all on one key) to ln S (uniform).
  ///
  /// Nothing is normalised anew: with a sink the weights sum to less than 1 and its own share adds no term; with dropout
  /// weights above 1 add negative terms; a probability program's negative weights make it NaN.
  public internal(set) var entropy: Tensor<Scalar>?
  /// The greatest weight [B, H, L].
  public internal(set) var maximumWeight: Tensor<Scalar>?
  /// The key of the greatest weight [B, H, L], the first of several; −1: none.
  public internal(set) var maximumKey: Tensor<Int>?
  /// Σᵢ wᵢⱼ: how much each key is attended by all queries [B, H, S]. They sum to L for each head where every query attends
  /// something, without sinks, dropout and probability programs.
  public internal(set) var keyTotals: Tensor<Scalar>?
  /// The keys of the k greatest weights, in descending order, equal ones by ascending key [B, H, L, k]; −1 beyond the last.
  public internal(set) var topKeys: Tensor<Int>?
  /// Their weights [B, H, L, k]; 0 beyond the last.
  public internal(set) var topWeights: Tensor<Scalar>?
  /// The rows of weights that were selected [B, heads, queries, S], in the order of the selection.
  public internal(set) var weights: Tensor<Scalar>?

  /// Memory for what is asked for, filled with what a query without weights has.
  init(_ inspection: AttentionInspection, shape: AttentionShape) throws(AttentionError) {
    func filled<Element: TensorElement>(
      _ isWanted: Bool, with value: Element, _ sizes: [Int]
    ) throws(AttentionError) -> Tensor<Element>? {
      guard isWanted else { return nil }
      return try rethrowing { () throws(TensorError) in try Tensor<Element>(repeating: value, shape: sizes) }
    }
    let (figures, rows) = (inspection.figures, [shape.batch, shape.heads, shape.queries])
    logSumExp = try filled(figures.contains(.logSumExp), with: -.infinity, rows)
    entropy = try filled(figures.contains(.entropy), with: 0, rows)
    maximumWeight = try filled(figures.contains(.maximum), with: 0, rows)
    maximumKey = try filled(figures.contains(.maximum), with: -1, rows)
    keyTotals = try filled(figures.contains(.keyTotals), with: 0, [shape.batch, shape.heads, shape.keys])
    if let count = inspection.topKeys {
      topKeys = try filled(true, with: -1, rows + [count])
      topWeights = try filled(true, with: 0, rows + [count])
    }
    if let selection = inspection.weights {
      let (heads, queries) = (selection.heads?.count ?? shape.heads, selection.queries?.count ?? shape.queries)
      weights = try filled(true, with: 0, [shape.batch, heads, queries, shape.keys])
    }
  }
}
