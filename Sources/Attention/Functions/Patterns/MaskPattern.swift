/// A mask given by a rule instead of by a value for every place, which also tells what it does to a whole block of scores: tiles
/// that it empties are neither computed nor read (on the tiled path), and tiles that it leaves whole skip it.
///
/// A pattern is relative to the queries' places among the keys, as causal and window masks are: query i stands at p = offset + i
/// (``QueryAlignment``). Patterns compose: `|` attends where either does, `&` where both do, `!` where it does not.
///
/// ```swift
/// // Longformer: a window, and eight tokens that attend to and are attended by all.
/// let longformer: MaskPattern = .window(left: 256, right: 256) | .globalTokens(8)
/// let y = try scaledDotProductAttention(queries: q, keys: k, values: v, mask: .pattern(longformer))
/// ```
///
/// Parameters out of range throw where the mask is used.
public struct MaskPattern: Sendable, CustomStringConvertible {
  let rule: any MaskRule

  init(_ rule: any MaskRule) { self.rule = rule }

  /// The rule in words, such as `window(left: 256, right: 256) | globalTokens(8)`.
  public var description: String { rule.description }

  /// Whether a reader needs parentheses around it between `&`.
  var isUnion: Bool { (rule as? CombinedRule)?.isUnion == true }

  /// Where either attends.
  public static func | (left: MaskPattern, right: MaskPattern) -> MaskPattern {
    MaskPattern(CombinedRule(.union, left.rule, right.rule))
  }

  /// Where both attend.
  public static func & (left: MaskPattern, right: MaskPattern) -> MaskPattern {
    MaskPattern(CombinedRule(.intersection, left.rule, right.rule))
  }

  /// Where it does not attend.
  public static prefix func ! (pattern: MaskPattern) -> MaskPattern { MaskPattern(ComplementRule(pattern.rule)) }
}
