internal import Attention

/// One multi-head self-attention layer to measure: input [B, L, E], H heads, all four projections with biases, in Float; as a
/// step of decoding, the rows attend those of a cache as well.
struct LayerCase: Equatable, Sendable {
  var name: String
  /// B
  var batch: Int
  /// L
  var length: Int
  /// E
  var embeddingSize: Int
  /// H
  var heads: Int
  /// Rows of keys and values that a cache holds before, of each batch element.
  var cachedKeys = 0

  /// S: the cached rows and the input's own.
  var keys: Int { cachedKeys + length }

  /// The attention between the projections.
  var attention: AttentionCase {
    AttentionCase(
      name, batch: batch, heads: heads, keyValueHeads: heads, queries: length, keys: keys,
      headSize: embeddingSize / heads)
  }

  /// 8·B·L·E² for the four projections, and the attention's.
  var usefulOperations: Double {
    8 * Double(batch * length) * Double(embeddingSize) * Double(embeddingSize) + attention.usefulOperations
  }

  /// The sizes of the attention in layer 0 of the sentence model all-MiniLM-L6-v2, for eight texts of 128 tokens.
  static let miniLM = LayerCase(name: "minilm-layer", batch: 8, length: 128, embeddingSize: 384, heads: 12)
}

extension LayerCase {
  /// A layer from `B,L,E,H` or `B,L,E,H,cached`, named by that text.
  ///
  /// - Throws: ``CaseError`` for anything else: other fields, numbers below 1 or beyond memory, E no multiple of H.
  init(parsing text: String) throws(CaseError) {
    let fields = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard fields.count == 4 || fields.count == 5 else {
      throw CaseError(text: text, expected: "B,L,E,H or B,L,E,H,cached, such as 8,128,384,12 or 1,1,768,12,1024")
    }
    let sizes = try CaseError.sizes(fields, of: text)
    self.init(name: text, batch: sizes[0], length: sizes[1], embeddingSize: sizes[2], heads: sizes[3])
    if sizes.count == 5 { cachedKeys = sizes[4] }
    guard embeddingSize % heads == 0 else {
      throw CaseError(text: text, expected: "E a multiple of H, not \(embeddingSize) for \(heads) heads")
    }
    // Input, projections, joined heads and output, and what is cached; and the parameters.
    let elements = Double(batch) * (6 * Double(length) + 2 * Double(cachedKeys)) * Double(embeddingSize)
    try CaseError.check(elements + 4 * Double(embeddingSize) * Double(embeddingSize), of: text)
  }
}
