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
  /// A causal query attends so many keys at most, its own place among them; nil: all before it too.
  var window: Int?

  init(
    _ name: String, batch: Int, heads: Int, keyValueHeads: Int, queries: Int, keys: Int, headSize: Int,
    isCausal: Bool = false, window: Int? = nil
  ) {
    self.name = name
    (self.batch, self.heads, self.keyValueHeads) = (batch, heads, keyValueHeads)
    (self.queries, self.keys, self.headSize) = (queries, keys, headSize)
    (self.isCausal, self.window) = (isCausal || window != nil, window)
  }

  /// The keys that query `index` attends.
  func attendedKeys(query index: Int) -> Range<Int> {
    guard isCausal else { return 0..<keys }
    let end = min(index + 1, keys)
    return min(window.map { max(0, index + 1 - $0) } ?? 0, end)..<end
  }

  /// The pairs of query and key that count, of one head: L·S, and under a causal mask the triangle L·(L + 1)/2 for L ≤ S,
  /// with (L − S)·S below it for L > S; of a window its band.
  var attendedPairs: Double {
    if window != nil { return (0..<queries).reduce(0) { $0 + Double(attendedKeys(query: $1).count) } }
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

  var mask: AttentionMask<Float> {
    if let window { return .window(left: window - 1, right: 0) }
    return isCausal ? .causal : .none
  }

  /// At most so many queries are decoding: they need no more time than reading their keys does.
  static let decodingLimit = 16

  /// Numbers of keys, and as many of values, that decoding must read: those attended at all, of all heads. nil: no decoding.
  var decodedKeyCount: Int? {
    guard queries <= Self.decodingLimit else { return nil }
    let attended = attendedKeys(query: queries - 1).upperBound - attendedKeys(query: 0).lowerBound
    return batch * keyValueHeads * attended * headSize
  }
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
