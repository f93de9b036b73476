internal import Tensors

// PyTorch's nn.MultiheadAttention says which keys to ignore, the opposite of everything else here, hence the names.
extension AttentionMask {
  /// The `attn_mask` of PyTorch's `nn.MultiheadAttention` as BOOL: **true = ignore**.
  ///
  /// - Parameters:
  ///   - mask: [L, S], or [B·H, L, S] with index b·H + h; a size of 1 repeats.
  ///   - headCount: H.
  /// - Throws: ``AttentionError/rank(name:expected:shape:)``, ``AttentionError/shape(name:expected:actual:)``; what
  ///   does not fit B, L or S is thrown by the call that uses the mask.
  /// - Complexity: one inverted copy of the mask.
  public static func ignoring(
    torchAttentionMask mask: Tensor<Bool>, headCount: Int
  ) throws(AttentionError) -> AttentionMask {
    .keep(try inverted(fitted(attentionMask: mask, headCount: headCount)))
  }

  /// The `key_padding_mask` of PyTorch's `nn.MultiheadAttention` as BOOL: **true = ignore**.
  ///
  /// - Parameter mask: [B, S], or [S] for a single sequence; a size of 1 repeats.
  /// - Throws: ``AttentionError/rank(name:expected:shape:)``.
  public static func ignoring(torchKeyPaddingMask mask: Tensor<Bool>) throws(AttentionError) -> AttentionMask {
    .keep(try inverted(fitted(keyPaddingMask: mask)))
  }

  /// The `attn_mask` of PyTorch's `nn.MultiheadAttention` as numbers, which are added to the scores.
  ///
  /// - Parameters:
  ///   - mask: [L, S], or [B·H, L, S] with index b·H + h; a size of 1 repeats.
  ///   - headCount: H.
  /// - Throws: as ``ignoring(torchAttentionMask:headCount:)``.
  public static func adding(
    torchAttentionMask mask: Tensor<Scalar>, headCount: Int
  ) throws(AttentionError) -> AttentionMask {
    .bias(try fitted(attentionMask: mask, headCount: headCount))
  }

  /// The `key_padding_mask` of PyTorch's `nn.MultiheadAttention` as numbers, which are added to the scores.
  ///
  /// - Parameter mask: [B, S], or [S] for a single sequence; a size of 1 repeats.
  /// - Throws: ``AttentionError/rank(name:expected:shape:)``.
  public static func adding(torchKeyPaddingMask mask: Tensor<Scalar>) throws(AttentionError) -> AttentionMask {
    .bias(try fitted(keyPaddingMask: mask))
  }

  /// [L, S] as it is; [B·H, L, S] → [B, H, L, S]; [1, L, S] → [1, 1, L, S].
  private static func fitted<Element: TensorElement>(
    attentionMask mask: Tensor<Element>, headCount: Int
  ) throws(AttentionError) -> Tensor<Element> {
    let shape = mask.shape
    switch shape.count {
    case 2:
      return mask
    case 3 where shape[0] == 1:
      return try rethrowing { () throws(TensorError) in try mask.insertingAxis(0) }
    case 3:
      guard headCount >= 1, shape[0] % headCount == 0 else {
        throw .shape(name: "attention mask", expected: "[B·\(headCount), L, S] for \(headCount) heads", actual: shape)
      }
      return try rethrowing { () throws(TensorError) in
        try mask.reshaped(to: [shape[0] / headCount, headCount, shape[1], shape[2]])
      }
    default:
      throw .rank(name: "attention mask", expected: "2: [L, S], or 3: [B·H, L, S]", shape: shape)
    }
  }

  /// [B, S] → [B, 1, 1, S]; [S] as it is.
  private static func fitted<Element: TensorElement>(
    keyPaddingMask mask: Tensor<Element>
  ) throws(AttentionError) -> Tensor<Element> {
    switch mask.rank {
    case 1:
      return mask
    case 2:
      return try rethrowing { () throws(TensorError) in try mask.insertingAxis(1).insertingAxis(1) }
    default:
      throw .rank(name: "key padding mask", expected: "2: [B, S], or 1: [S]", shape: mask.shape)
    }
  }

  private static func inverted(_ mask: Tensor<Bool>) throws(AttentionError) -> Tensor<Bool> {
    let keep = mask.elements.map { !$0 }
    return try rethrowing { () throws(TensorError) in try Tensor(keep, shape: mask.shape) }
  }
}
