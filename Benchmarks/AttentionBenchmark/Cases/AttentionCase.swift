internal import Attention

/// One attention problem to measure: queries [B, H, L, D], keys and values [B, G, S, D], in Float.
struct AttentionCase: Equatable, Sendable {
  var name: String
  /// B
  var batch: Int
  /// H
  var heads: Int
  /// G
  var keyValueHeads: Int
  /// L
  var queries: Int
  /// S
  var keys: Int
  /// D, of values too.
  var headSize: Int
  /// Query i attends keys j ≤ i only, also where L ≠ S (aligned at the start).
  var isCausal: Bool

  init(
    _ name: String, batch: Int, heads: Int, keyValueHeads: Int, queries: Int, keys: Int, headSize: Int,
    isCausal: Bool = false
  ) {
    self.name = name
    (self.batch, self.heads, self.keyValueHeads) = (batch, heads, keyValueHeads)
    (self.queries, self.keys, self.headSize, self.isCausal) = (queries, keys, headSize, isCausal)
  }

  /// How many keys query `index` attends.
  func attendedKeys(query index: Int) -> Int {
    isCausal ? min(index + 1, keys) : keys
  }

  /// The pairs of query and key that count, of one head: L·S, and under a causal mask the triangle L·(L + 1)/2 for L ≤ S,
  /// with (L − S)·S below it for L > S.
  var attendedPairs: Double {
    let (l, s) = (Double(queries), Double(keys))
    guard isCausal else { return l * s }
    return queries <= keys ? l * (l + 1) / 2 : s * (s + 1) / 2 + (l - s) * s
  }

  /// 4·B·H·D for each pair: a multiplication and an addition in Q·Kᵀ and in P·V; exponentials are not counted.
  var usefulOperations: Double {
    4 * Double(batch * heads) * attendedPairs * Double(headSize)
  }

  /// Query rows of all heads: B·H·L.
  var rowCount: Int { batch * heads * queries }

  func shape() throws(AttentionError) -> AttentionShape {
    try AttentionShape(
      batch: batch, heads: heads, keyValueHeads: keyValueHeads, queries: queries, keys: keys, headSize: headSize)
  }

  var mask: AttentionMask<Float> { isCausal ? .causal : .none }
}

extension AttentionCase {
  /// Shapes of well-known models, and of decoding with them.
  static let all: [AttentionCase] = [
    square("minilm", 8, 12, 12, 128, 32),
    square("bert128", 8, 12, 12, 128, 64),
    square("bert512", 1, 12, 12, 512, 64),
    square("vit", 4, 12, 12, 197, 64),
    square("whisper", 1, 8, 8, 1500, 64),
    square("gpt2", 1, 12, 12, 1024, 64, isCausal: true),
    square("llama1b", 1, 32, 8, 2048, 64, isCausal: true),
    square("mistral", 1, 32, 8, 1024, 128, isCausal: true),
    square("long8k", 1, 8, 8, 8192, 64),
    AttentionCase("cross", batch: 1, heads: 8, keyValueHeads: 8, queries: 64, keys: 1500, headSize: 64),
    AttentionCase("decode4k", batch: 1, heads: 32, keyValueHeads: 8, queries: 1, keys: 4096, headSize: 128),
    AttentionCase("decode1k", batch: 1, heads: 12, keyValueHeads: 12, queries: 1, keys: 1024, headSize: 64),
    AttentionCase("decodeB8", batch: 8, heads: 32, keyValueHeads: 8, queries: 1, keys: 2048, headSize: 64),
  ]

  private static func square(
    _ name: String, _ batch: Int, _ heads: Int, _ keyValueHeads: Int, _ length: Int, _ headSize: Int,
    isCausal: Bool = false
  ) -> AttentionCase {
    AttentionCase(
      name, batch: batch, heads: heads, keyValueHeads: keyValueHeads, queries: length, keys: length,
      headSize: headSize, isCausal: isCausal)
  }
}
