internal import Tensors

/// A validated attention problem with its operands in memory: what a path computes, and all that it needs to know.
///
/// The pointers are valid while the plan's run lasts. Not copied, as copies would count references to its mask and modifiers in
/// every piece of work: those have a pointer to it.
struct AttentionProblem<Scalar: BLASScalar>: ~Copyable {
  let shape: AttentionShape
  let queries: HeadMatrices<Scalar>  // [B, H, L, D]
  let keys: KeyValueRows<Scalar>  // [B, G, S, D]
  let values: KeyValueRows<Scalar>  // [B, G, S, Dv]
  let output: MutableHeadMatrices<Scalar>  // [B, H, L, Dv]
  let scale: Scalar
  /// 0: none.
  let softcap: Scalar
  let mask: ResolvedMask<Scalar>
  let modifiers: AttentionModifiers<Scalar>
  let details: DetailPointers<Scalar>
  /// Whether rows get the same bits whatever their number.
  let isReproducible: Bool
  /// The queries of each batch element, where they differ; nil: L.
  let queryLengths: [Int]?

  init(
    _ operands: AttentionOperands<Scalar>, scale: Scalar, softcap: Scalar, mask: consuming ResolvedMask<Scalar>,
    modifiers: AttentionModifiers<Scalar>, details: DetailPointers<Scalar>, isReproducible: Bool = false
  ) {
    (shape, queries, keys) = (operands.shape, operands.queries, operands.keys)
    (values, output, queryLengths) = (operands.values, operands.output, operands.queryLengths)
    (self.scale, self.softcap) = (scale, softcap)
    self.mask = mask
    (self.modifiers, self.details, self.isReproducible) = (modifiers, details, isReproducible)
  }

  /// The key/value head of a query head.
  func keyValueHead(_ head: Int) -> Int { head / max(shape.groupSize, 1) }

  var ldQueries: Int { queries.leadingDimension(rows: shape.queries, columns: shape.headSize) }
  var ldOutput: Int { output.leadingDimension(rows: shape.queries, columns: shape.valueHeadSize) }

  func setOutputToZero(batch: Int, head: Int, queries block: Range<Int>) {
    for query in block {
      (output[batch, head] + query * output.strides.row).initialize(repeating: 0, count: shape.valueHeadSize)
    }
  }
}

/// Where the details that were asked for go, row-major; nil: not asked for.
struct DetailPointers<Scalar: BLASScalar> {
  let rawScores: UnsafeMutablePointer<Scalar>?
  let cappedScores: UnsafeMutablePointer<Scalar>?
  let maskedScores: UnsafeMutablePointer<Scalar>?
  let weights: UnsafeMutablePointer<Scalar>?
  let logSumExp: UnsafeMutablePointer<Scalar>?

  /// The details' memory, made this call's own (copied if shared).
  init(_ details: inout AttentionDetails<Scalar>) {
    func pointer(_ tensor: inout Tensor<Scalar>?) -> UnsafeMutablePointer<Scalar>? {
      tensor?.makeUnique()
      return tensor.map { $0.storage.base + $0.layout.offset }
    }
    rawScores = pointer(&details.rawScores)
    cappedScores = pointer(&details.cappedScores)
    maskedScores = pointer(&details.maskedScores)
    weights = pointer(&details.weights)
    logSumExp = pointer(&details.logSumExp)
  }

  /// No scores and no weights.
  init(logSumExp: UnsafeMutablePointer<Scalar>?) {
    (rawScores, cappedScores, maskedScores, weights) = (nil, nil, nil, nil)
    self.logSumExp = logSumExp
  }

  /// Whether scores are wanted where no query attends.
  var coversMasked: Bool { rawScores != nil || cappedScores != nil }
  /// Whether any value for every score is wanted.
  var coversScores: Bool { coversMasked || maskedScores != nil || weights != nil }
}

extension AttentionProblem {
  /// Index of row (batch, head, query) among the B·H·L rows of scores.
  func scoreRow(batch: Int, head: Int, query: Int) -> Int {
    (batch * shape.heads + head) * shape.queries + query
  }
}
