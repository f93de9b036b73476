public import Tensors

/// A bias that depends on the head and on the distance d = j − p of key j from the query's place p = offset + i alone.
///
/// Along a diagonal of the score matrix it is the same, so that one number for each head and distance is kept: H·(L + S − 1) of them,
/// rather than H·L·S. The offset is that of ``QueryAlignment``, which causal and window masks are relative to as well.
///
/// ```swift
/// let mask = AttentionMask<Float>.causal & .positionBias(.alibi(headCount: 12))
/// ```
///
/// Adding two of them gives one (`+`, or both in a mask). It fits a problem or does not when a mask with it is used: that call throws.
/// The numbers are computed when first needed and kept with the value and its copies: runs of the same mask compute them once, as long
/// as all batch elements have the same offset.
public struct PositionBias<Scalar: BLASScalar>: Sendable {
  /// What is added up.
  enum Term: Sendable {
    case alibi(headCount: Int)
    case slopes([Double])
    case buckets(table: Tensor<Scalar>, PositionBuckets)
    case distances(table: Tensor<Scalar>)
  }

  let terms: [Term]
  let vectors = PositionVectors<Scalar>()

  private init(_ terms: [Term]) { self.terms = terms }

  /// Attention with linear biases: −slope·|d|, with a slope for each head from ``alibiSlopes(headCount:)``.
  ///
  /// - Parameter headCount: H.
  /// - SeeAlso: Press et al. (2022), "Train short, test long: attention with linear biases enables input length extrapolation",
  ///   section 3.
  public static func alibi(headCount: Int) -> PositionBias { PositionBias([.alibi(headCount: headCount)]) }

  /// −slope·|d|
  ///
  /// - Parameter slopes: one for each head [H], finite.
  public static func alibi(slopes: [Double]) -> PositionBias { PositionBias([.slopes(slopes)]) }

  /// A learned number for each head and bucket of distances: small distances have a bucket each, larger ones share buckets whose
  /// width grows logarithmically, and all from `maximumDistance` on are in the last.
  ///
  /// Buckets are those of the reference implementation, which computes them in Float. T5 does not scale its scores: it goes with a
  /// `scale` of 1.
  ///
  /// - Parameters:
  ///   - table: [buckets, H], or [buckets, 1] for all heads alike; `relative_attention_bias.weight` of a T5 model. −∞ masks.
  ///   - isBidirectional: whether keys after the query have the second half of the buckets (an encoder), or share the bucket of
  ///     distance 0 (a causal decoder).
  ///   - maximumDistance: 128 in T5; above half of the buckets on a side.
  /// - SeeAlso: Raffel et al. (2020), "Exploring the limits of transfer learning with a unified text-to-text transformer", section 2.1;
  ///   the transformers library's `T5Attention._relative_position_bucket`.
  public static func buckets(
    table: Tensor<Scalar>, isBidirectional: Bool, maximumDistance: Int = 128
  ) -> PositionBias {
    let buckets = PositionBuckets(
      count: table.layout.shape.first ?? 0, isBidirectional: isBidirectional, maximumDistance: maximumDistance)
    return PositionBias([.buckets(table: table, buckets)])
  }

  /// A number for each head and distance; distances beyond the table have that of its nearest end.
  ///
  /// - Parameter table: [H, 2·R + 1], or [2·R + 1] for all heads alike: from d = −R (a key R before the query) to d = R. −∞ masks.
  /// - SeeAlso: Shaw et al. (2018), "Self-attention with relative position representations", section 3.2, for the clipping.
  public static func distances(table: Tensor<Scalar>) -> PositionBias { PositionBias([.distances(table: table)]) }

  /// The sum of two, distance by distance.
  public static func + (left: PositionBias, right: PositionBias) -> PositionBias {
    PositionBias(left.terms + right.terms)
  }
}

extension PositionBias: CustomStringConvertible {
  /// The terms in words, such as `alibi[12] + distances[7]`.
  public var description: String {
    terms.map { term in
      switch term {
      case .alibi(let headCount): "alibi[\(headCount)]"
      case .slopes(let slopes): "alibi[\(slopes.count) slopes]"
      case .buckets(let table, let buckets):
        "buckets\(table.shape)" + (buckets.isBidirectional ? "" : " of the past") + " to \(buckets.maximumDistance)"
      case .distances(let table): "distances\(table.shape)"
      }
    }.joined(separator: " + ")
  }
}
