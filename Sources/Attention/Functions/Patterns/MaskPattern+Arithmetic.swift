/// Patterns whose rows are known by arithmetic: they take no memory, and empty tiles cost nothing.
extension MaskPattern {
  /// Blocks of `size` places one after the other; query and key in the same block: ⌊p / size⌋ = ⌊j / size⌋.
  ///
  /// - Parameter size: 1 or more.
  /// - SeeAlso: Liu et al. (2018), "Generating Wikipedia by summarizing long sequences", section 4.2.3, "Local attention".
  public static func blockLocal(size: Int) -> MaskPattern { MaskPattern(BlockLocalRule(size)) }

  /// j ≤ p, as ``AttentionMask/causal``: for use with `|` and `!`.
  public static var causal: MaskPattern { MaskPattern(DistanceRule(.causal, left: nil, right: 0, step: 1)) }

  /// p − left ≤ j ≤ p + right, as ``AttentionMask/window(left:right:)``: for use with `|` and `!`.
  ///
  /// - Parameters: nil or −1: unbounded on that side.
  public static func window(left: Int?, right: Int?) -> MaskPattern {
    MaskPattern(DistanceRule(.window, left: left, right: right, step: 1))
  }

  /// Every `dilation`-th key of a window, the query's own place among them: p − left ≤ j ≤ p + right, and j − p a multiple of
  /// `dilation`.
  ///
  /// - Parameters:
  ///   - left: how far before its place a query attends; nil or −1: unbounded.
  ///   - right: how far after it; nil or −1: unbounded.
  ///   - dilation: 1 or more; 1 is a window.
  /// - SeeAlso: Beltagy et al. (2020), "Longformer", section 3.1, "Dilated sliding window".
  public static func dilatedWindow(left: Int?, right: Int?, dilation: Int) -> MaskPattern {
    MaskPattern(DistanceRule(.dilatedWindow, left: left, right: right, step: dilation))
  }

  /// j − p a multiple of `stride`.
  ///
  /// "Strided" attention of Sparse Transformers, in one head, is
  /// `(.window(left: l, right: 0) | .strided(l)) & .causal`.
  ///
  /// - Parameter stride: 1 or more.
  /// - SeeAlso: Child et al. (2019), "Generating long sequences with sparse transformers", section 4.3.
  public static func strided(_ stride: Int) -> MaskPattern {
    MaskPattern(DistanceRule(.strided, left: nil, right: nil, step: stride))
  }

  /// Every query attends the last `count` keys of each block of `size`: j mod size ≥ size − count.
  ///
  /// "Fixed" attention of Sparse Transformers, in one head, is
  /// `(.blockLocal(size: l) | .blockSummaries(size: l, count: c)) & .causal`.
  ///
  /// - Parameters:
  ///   - size: 1 or more.
  ///   - count: 0…size.
  /// - SeeAlso: Child et al. (2019), "Generating long sequences with sparse transformers", section 4.3.
  public static func blockSummaries(size: Int, count: Int) -> MaskPattern {
    MaskPattern(BlockSummariesRule(size: size, count: count))
  }

  /// The first tokens attend to all and are attended by all: 0 ≤ p < count or j < count.
  ///
  /// - Parameter count: 0 or more.
  /// - SeeAlso: Beltagy et al. (2020), "Longformer", section 3.1, "Global attention".
  public static func globalTokens(_ count: Int) -> MaskPattern { MaskPattern(GlobalTokensRule(count)) }
}
