internal import Tensors

/// A worker's scratch for the chunks of linear attention. C tokens a chunk, r query heads a state, W columns a piece.
struct ChunkScratch<Scalar: BLASScalar> {
  /// What the state takes in, u [C, W].
  let written: UnsafeMutablePointer<Scalar>
  /// Keys against keys [C, C], then of the system that the delta rules solve.
  let keyPairs: UnsafeMutablePointer<Scalar>
  /// Queries against keys [C, C], one after the other; r of them for a decay a key dimension.
  let queryPairs: UnsafeMutablePointer<Scalar>
  /// Γ [C, C], for one decay a head.
  let between: UnsafeMutablePointer<Scalar>
  /// β [C]
  let rates: UnsafeMutablePointer<Scalar>
  /// e^g, a row a token: [C], or [C, D] for a decay a key dimension. So are the next two.
  let factors: UnsafeMutablePointer<Scalar>
  /// The product of the factors from the chunk's start up to a token's own.
  let fromStart: UnsafeMutablePointer<Scalar>
  /// The product of those behind a token up to the chunk's end.
  let toEnd: UnsafeMutablePointer<Scalar>
  /// The product of all [D].
  let whole: UnsafeMutablePointer<Scalar>
  /// Scaled queries or keys [C, D], scaled keys [C, D] and factors [C, D], for a decay a key dimension.
  let left: UnsafeMutablePointer<Scalar>
  let right: UnsafeMutablePointer<Scalar>
  let relative: UnsafeMutablePointer<Scalar>

  /// The parts of `base`, which holds ``count(shape:chunkSize:isDecayPerKey:)`` elements.
  init(_ base: UnsafeMutablePointer<Scalar>, shape: AttentionShape, chunkSize: Int, isDecayPerKey: Bool) {
    let sizes = Self.sizes(shape: shape, chunkSize: chunkSize, isDecayPerKey: isDecayPerKey)
    written = base
    keyPairs = written + sizes.rows
    queryPairs = keyPairs + sizes.pairs
    between = queryPairs + sizes.queryPairs
    rates = between + sizes.pairs
    factors = rates + chunkSize
    fromStart = factors + sizes.decays
    toEnd = fromStart + sizes.decays
    whole = toEnd + sizes.decays
    left = whole + shape.headSize
    right = left + sizes.keys
    relative = right + sizes.keys
  }

  /// The elements that a chunk needs.
  ///
  /// - Throws: ``AttentionError/tooLarge(name:shape:)``.
  static func count(shape: AttentionShape, chunkSize: Int, isDecayPerKey: Bool) throws(AttentionError) -> Int {
    // The products of `sizes`, each of factors below 2³¹, fit if their sum for one token more does.
    let perToken =
      shape.valueHeadSize + (3 + shape.groupSize) * (chunkSize + 1) + 7 * shape.headSize + 4
    let (bound, overflows) = perToken.multipliedReportingOverflow(by: chunkSize + 1)
    guard !overflows, bound <= Int.max / 16 else {
      throw .tooLarge(name: "chunk", shape: [chunkSize, shape.groupSize, chunkSize])
    }
    let sizes = sizes(shape: shape, chunkSize: chunkSize, isDecayPerKey: isDecayPerKey)
    return sizes.rows + 2 * sizes.pairs + sizes.queryPairs + chunkSize + 3 * sizes.decays + shape.headSize
      + 3 * sizes.keys
  }

  private static func sizes(
    shape: AttentionShape, chunkSize: Int, isDecayPerKey: Bool
  ) -> (rows: Int, pairs: Int, queryPairs: Int, decays: Int, keys: Int) {
    let pairs = chunkSize * chunkSize
    return (
      chunkSize * shape.valueHeadSize, pairs, isDecayPerKey ? shape.groupSize * pairs : pairs,
      isDecayPerKey ? chunkSize * shape.headSize : chunkSize, isDecayPerKey ? chunkSize * shape.headSize : 0
    )
  }
}
