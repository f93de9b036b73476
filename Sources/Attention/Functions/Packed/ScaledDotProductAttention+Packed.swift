internal import Tensors

/// Attention within each of several sequences that are laid end to end: no padding is stored or computed.
///
/// ```swift
/// let sequences = try PackedSequences(lengths: [3, 5])
/// let y = try scaledDotProductAttention(queries: q, keys: k, values: v, sequences: sequences, mask: .causal)
/// ```
///
/// - Parameters:
///   - queries: [T, H, D]: the rows of all sequences.
///   - keys: [U, G, D]
///   - values: [U, G, Dv]
///   - sequences: where each sequence of queries lies; T is their total.
///   - keySequences: where each sequence of keys and values lies, as many; nil: as the queries'.
///   - mask: what may be attended within a sequence: fitted to each as to batch element b of [B, H, longest L, longest S].
///   - modifiers: sinks, dropout, programs; b is the sequence, i and j count from its first row.
///   - options: as for a batch; alignments are per sequence (`.end`: the last query of each at its last key), and causal or window
///     need one where a sequence has L ≠ S. Details are those of a padded batch, [B, H, longest L, longest S], without raw and capped
///     scores, which masked places would have too.
/// - Returns: [T, H, Dv], and the details.
/// - Throws: ``AttentionError`` before anything is computed: offsets that do not fit the tensors, and as for a batch.
/// - Complexity: 2·H·(D + Dv)·Σ L·S operations over the sequences, less what the mask empties.
/// - SeeAlso: `flash_attn_varlen_func` of FlashAttention; PyTorch's nested tensors.
public func scaledDotProductAttention<Scalar: BLASScalar>(
  queries: Tensor<Scalar>, keys: Tensor<Scalar>, values: Tensor<Scalar>, sequences: PackedSequences,
  keySequences: PackedSequences? = nil, mask: AttentionMask<Scalar> = .none,
  modifiers: AttentionModifiers<Scalar> = .none, options: AttentionOptions = AttentionOptions()
) throws(AttentionError) -> AttentionResult<Scalar> {
  let packed = try PackedOperands(
    queries: queries, keys: keys, values: values, sequences: sequences, keySequences: keySequences ?? sequences)
  // Scores of all keys up to the longest sequence's, where a shorter one has no keys.
  guard options.details.isDisjoint(with: [.rawScores, .cappedScores]) else {
    throw .argument(
      name: "details", expected: "no scores of masked places, for packed sequences", actual: "\(options.details)")
  }
  var options = options
  options.alignment = try packed.alignment(options.alignment, needed: mask.needsAlignment)
  let plan = try AttentionPlan(
    shape: packed.shape, mask: mask & .keyLengths(packed.keySequences.lengths), modifiers: modifiers, options: options)
  return try plan.run(packed)
}

/// Queries, keys and values of packed sequences, checked against each other.
struct PackedOperands<Scalar: BLASScalar> {
  let queries: Tensor<Scalar>  // [T, H, D]
  let keys: Tensor<Scalar>  // [U, G, D]
  let values: Tensor<Scalar>  // [U, G, Dv]
  let sequences: PackedSequences
  let keySequences: PackedSequences
  /// That of the padded batch.
  let shape: AttentionShape

  init(
    queries: Tensor<Scalar>, keys: Tensor<Scalar>, values: Tensor<Scalar>, sequences: PackedSequences,
    keySequences: PackedSequences
  ) throws(AttentionError) {
    for (name, tensor) in [("queries", queries), ("keys", keys), ("values", values)] where tensor.rank != 3 {
      throw .rank(name: name, expected: "3: [rows, heads, head size]", shape: tensor.shape)
    }
    guard keySequences.count == sequences.count else {
      throw .argument(
        name: "key sequences", expected: "\(sequences.count), as of the queries", actual: "\(keySequences.count)")
    }
    let (h, d) = (queries.layout.shape[1], queries.layout.shape[2])
    let g = keys.layout.shape[1]
    func check(_ name: String, _ tensor: Tensor<Scalar>, _ expected: [Int]) throws(AttentionError) {
      guard tensor.shape == expected else { throw .shape(name: name, expected: "\(expected)", actual: tensor.shape) }
    }
    try check("queries", queries, [sequences.total, h, d])
    try check("keys", keys, [keySequences.total, g, d])
    try check("values", values, [keySequences.total, g, values.layout.shape[2]])
    shape = try AttentionShape(
      batch: sequences.count, heads: h, keyValueHeads: g, queries: sequences.longest, keys: keySequences.longest,
      headSize: d, valueHeadSize: values.layout.shape[2])
    (self.queries, self.keys, self.values) = (queries, keys, values)
    (self.sequences, self.keySequences) = (sequences, keySequences)
  }

  /// An alignment for the padded batch, in which the longest lengths tell nothing about a sequence.
  func alignment(_ alignment: QueryAlignment?, needed: Bool) throws(AttentionError) -> QueryAlignment? {
    if case .end = alignment {
      return .offsets((0..<sequences.count).map { keySequences.length($0) - sequences.length($0) })
    }
    guard alignment == nil, needed else { return alignment }
    for sequence in 0..<sequences.count where sequences.length(sequence) != keySequences.length(sequence) {
      throw .alignmentNeeded(queries: sequences.length(sequence), keys: keySequences.length(sequence))
    }
    return .start
  }
}

extension AttentionPlan {
  fileprivate func run(_ packed: PackedOperands<Scalar>) throws(AttentionError) -> AttentionResult<Scalar> {
    let shape = packed.shape
    let output = try rethrowing { () throws(TensorError) in
      try Tensor<Scalar>(uninitialized: [packed.sequences.total, shape.heads, shape.valueHeadSize])
    }
    var details = try AttentionDetails<Scalar>(options.details, shape: shape)
    details.fillAsMasked()
    var workspace = try makeWorkspace()
    let (q, keptQueries) = try HeadMatrices.ofPacked(packed.queries)
    let (k, keptKeys) = try HeadMatrices.ofPacked(packed.keys)
    let (v, keptValues) = try HeadMatrices.ofPacked(packed.values)
    let strides = HeadStrides(
      batch: 0, head: shape.valueHeadSize, row: shape.heads * shape.valueHeadSize)
    try packed.sequences.offsets.withUnsafeBufferPointer { (queryRows) throws(AttentionError) in
      try packed.keySequences.offsets.withUnsafeBufferPointer { (keyRows) throws(AttentionError) in
        func matrices(_ of: HeadMatrices<Scalar>, _ rows: UnsafeBufferPointer<Int>) -> HeadMatrices<Scalar> {
          HeadMatrices(base: of.base, strides: of.strides, firstRows: rows.baseAddress)
        }
        let operands = AttentionOperands(
          shape: shape, queries: matrices(q, queryRows),
          keys: KeyValueRows(matrices(k, keyRows), columns: shape.headSize),
          values: KeyValueRows(matrices(v, keyRows), columns: shape.valueHeadSize),
          output: MutableHeadMatrices(base: output.storage.base, strides: strides, firstRows: queryRows.baseAddress),
          queryLengths: packed.sequences.lengths)
        try execute(operands, mask: nil, &details, &workspace)
      }
    }
    withExtendedLifetime((keptQueries, keptKeys, keptValues)) {}
    return AttentionResult(output: output, details: details)
  }
}

extension HeadMatrices {
  /// A tensor [T, heads, columns], and the tensor that must outlive it: the given one, or a copy where BLAS can't read it.
  fileprivate static func ofPacked(
    _ tensor: Tensor<Scalar>
  ) throws(AttentionError) -> (HeadMatrices, Tensor<Scalar>) where Scalar: BLASScalar {
    let batch = try rethrowing { () throws(TensorError) in try tensor.transposed(0, 1).insertingAxis(0) }
    return try of(batch, heads: tensor.layout.shape[1])
  }
}

extension AttentionDetails {
  /// What every detail has where nothing is attended, for rows that no path writes.
  fileprivate mutating func fillAsMasked() {
    func fill(_ tensor: inout Tensor<Scalar>?, _ value: Scalar) {
      guard let target = tensor else { return }
      target.storage.base.update(repeating: value, count: target.storage.count)
    }
    fill(&rawScores, 0)
    fill(&cappedScores, 0)
    fill(&maskedScores, -.infinity)
    fill(&weights, 0)
    fill(&logSumExp, -.infinity)
  }
}
