/// Which keys a query may attend, and what is added to their scores: a value that composes by intersection.
///
/// `keep` is true where a query attends (the polarity of scaled-dot-product attention in PyTorch and ONNX).
/// Causal and window masks and position biases are relative to the query's place among the keys, which ``QueryAlignment`` gives.
///
/// ```swift
/// let mask = AttentionMask<Float>.causal & .keyLengths([7, 5])
/// ```
public struct AttentionMask<Scalar: BLASScalar>: Sendable {
  /// Whether query i attends no key after its own place: j ≤ offset + i.
  public private(set) var isCausal = false
  /// How many keys before its own place a query attends; nil: all.
  public private(set) var windowLeft: Int?
  /// How many keys after its own place a query attends; nil: all.
  public private(set) var windowRight: Int?
  /// The first keys of each batch element that are keys at all [B]; nil: all S.
  public private(set) var keyLengths: [Int]?
  /// Counts of key lengths that differed from each other.
  private(set) var keyLengthCounts: [Int] = []
  /// Masks of true = attend, each broadcastable to [B, H, L, S]; all must be true.
  public private(set) var keeps: [Tensor<Bool>] = []
  /// Added to the scores, each broadcastable to [B, H, L, S]; −∞ masks.
  public private(set) var biases: [Tensor<Scalar>] = []
  /// A rule that must let a place through; nil: none.
  public private(set) var pattern: MaskPattern?

  /// Added to the scores by distance; nil: none.
  public private(set) var positionBias: PositionBias<Scalar>?
  /// Whether there is one. Kept beside it because unspecialised code as Swift 6.3.1 optimises it answers `positionBias != nil` with
  /// true always.
  private(set) var hasPositionBias = false

  private init() {}

  /// Every query attends every key.
  public static var none: AttentionMask { AttentionMask() }

  /// j ≤ offset + i.
  public static var causal: AttentionMask {
    var mask = AttentionMask()
    mask.isCausal = true
    return mask
  }

  /// offset + i − left ≤ j ≤ offset + i + right, both ends included.
  ///
  /// - Parameters: nil or −1: unbounded on that side (ONNX opset 25 `left_window_size`, `right_window_size`). Below −1
  ///   the call that uses the mask throws.
  public static func window(left: Int?, right: Int?) -> AttentionMask {
    var mask = AttentionMask()
    mask.windowLeft = left == -1 ? nil : left
    mask.windowRight = right == -1 ? nil : right
    return mask
  }

  /// Batch element b attends keys j < lengths[b] only: padding at the end of the keys.
  ///
  /// - Parameter lengths: [B], each in 0…S.
  public static func keyLengths(_ lengths: [Int]) -> AttentionMask {
    var mask = AttentionMask()
    mask.keyLengths = lengths
    return mask
  }

  /// Attends where true.
  ///
  /// - Parameter keep: right-aligned broadcastable to [B, H, L, S]: [S], [L, S], [H, L, S], [B, 1, L, S] …
  public static func keep(_ keep: Tensor<Bool>) -> AttentionMask {
    var mask = AttentionMask()
    mask.keeps = [keep]
    return mask
  }

  /// Adds to the scores, after scale and softcap.
  ///
  /// - Parameter bias: right-aligned broadcastable to [B, H, L, S]; −∞ masks, NaN stays visible.
  public static func bias(_ bias: Tensor<Scalar>) -> AttentionMask {
    var mask = AttentionMask()
    mask.biases = [bias]
    return mask
  }

  /// Attends where a rule lets it; tiles that the rule empties cost nothing.
  public static func pattern(_ pattern: MaskPattern) -> AttentionMask {
    var mask = AttentionMask()
    mask.pattern = pattern
    return mask
  }

  /// Adds to the scores, after scale and softcap, what depends on the distance of key and query: ALiBi, T5's buckets, a table.
  ///
  /// It costs H·(L + S) numbers, as it is no matrix; beside a ``bias(_:)`` the sum of both is one, laid out in every run over the
  /// shape that they broadcast to ([H, L, S] at least).
  ///
  /// - Parameter bias: −∞ masks, NaN stays visible. Relative to the query's place among the keys as causal is, so that L ≠ S needs a
  ///   ``QueryAlignment``.
  public static func positionBias(_ bias: PositionBias<Scalar>) -> AttentionMask {
    var mask = AttentionMask()
    (mask.positionBias, mask.hasPositionBias) = (bias, true)
    return mask
  }

  /// What both allow, with the biases of both added.
  public func intersection(_ other: AttentionMask) -> AttentionMask {
    var both = self
    both.isCausal = isCausal || other.isCausal
    both.windowLeft = Self.narrower(windowLeft, other.windowLeft)
    both.windowRight = Self.narrower(windowRight, other.windowRight)
    if let mine = keyLengths, let theirs = other.keyLengths {
      both.keyLengths = zip(mine, theirs).map { min($0, $1) }
      // Different counts can't both fit B: one of them is reported when the mask is used.
      if mine.count != theirs.count { both.keyLengthCounts += [mine.count, theirs.count] }
    } else {
      both.keyLengths = keyLengths ?? other.keyLengths
    }
    both.keyLengthCounts += other.keyLengthCounts
    both.keeps += other.keeps
    both.biases += other.biases
    if let mine = pattern, let theirs = other.pattern {
      both.pattern = mine & theirs
    } else {
      both.pattern = pattern ?? other.pattern
    }
    if other.hasPositionBias, let theirs = other.positionBias {
      if hasPositionBias, let mine = positionBias {
        both.positionBias = mine + theirs
      } else {
        (both.positionBias, both.hasPositionBias) = (theirs, true)
      }
    }
    return both
  }

  /// ``intersection(_:)``
  public static func & (left: AttentionMask, right: AttentionMask) -> AttentionMask {
    left.intersection(right)
  }

  private static func narrower(_ left: Int?, _ right: Int?) -> Int? {
    guard let left, let right else { return left ?? right }
    return min(left, right)
  }

  /// Whether the keys that a query may attend depend on where it stands among them.
  var hasEdge: Bool { isCausal || windowLeft != nil || windowRight != nil }
  /// Whether the mask depends on where queries stand among the keys.
  var needsAlignment: Bool { hasEdge || hasPositionBias || pattern?.rule.needsAlignment == true }
}

extension AttentionMask: CustomStringConvertible {
  /// The parts in words, such as `causal & keyLengths[7, 5]`.
  public var description: String {
    var parts: [String] = []
    if isCausal { parts.append("causal") }
    if windowLeft != nil || windowRight != nil {
      parts.append("window(left: \(windowLeft.map(String.init) ?? "∞"), right: \(windowRight.map(String.init) ?? "∞"))")
    }
    if let keyLengths {
      parts.append(keyLengths.count <= 8 ? "keyLengths\(keyLengths)" : "keyLengths[\(keyLengths.count)]")
    }
    parts += keeps.map { "keep\($0.shape)" }
    parts += biases.map { "bias\($0.shape)" }
    if hasPositionBias, let positionBias { parts.append("positionBias(\(positionBias))") }
    if let pattern { parts.append(parts.isEmpty || !pattern.isUnion ? "\(pattern)" : "(\(pattern))") }
    return parts.isEmpty ? "none" : parts.joined(separator: " & ")
  }
}
