internal import Tensors

/// The operands of a call of linear attention, checked against each other and against the rule.
struct LinearAttentionOperands<Scalar: BLASScalar> {
  let shape: AttentionShape
  let rule: LinearAttentionRule
  let options: LinearAttentionOptions
  private let queries: Tensor<Scalar>
  private let keys: Tensor<Scalar>
  private let values: Tensor<Scalar>
  private let decay: Gate<Scalar>
  private let beta: Gate<Scalar>

  init(
    queries: Tensor<Scalar>, keys: Tensor<Scalar>, values: Tensor<Scalar>, heads: Int?, keyValueHeads: Int?,
    rule: LinearAttentionRule, decay: Tensor<Scalar>?, beta: Tensor<Scalar>?, options: LinearAttentionOptions
  ) throws(AttentionError) {
    try options.validate(for: Scalar.self)
    shape = try AttentionShape(
      queries: queries, keys: keys, values: values, heads: heads, keyValueHeads: keyValueHeads)
    guard shape.keys == shape.queries else {
      throw .shape(
        name: "key", expected: "\(shape.queries) rows, as query \(queries.shape) has", actual: keys.shape)
    }
    (self.rule, self.options) = (rule, options)
    try Self.check("decay", decay, isNeeded: rule.usesDecay, rule)
    try Self.check("beta", beta, isNeeded: rule.usesBeta, rule)
    if let decay {
      self.decay = try Gate(decay: decay, keyRank: keys.rank, shape)
    } else {
      self.decay = Gate(unused: keys)
    }
    if let beta {
      self.beta = try Gate(beta: beta, keyRank: keys.rank, shape)
    } else {
      self.beta = Gate(unused: keys)
    }
    (self.queries, self.keys, self.values) = (queries, keys, values)
  }

  /// What the rule needs is there, and nothing else.
  private static func check(
    _ name: String, _ tensor: Tensor<Scalar>?, isNeeded: Bool, _ rule: LinearAttentionRule
  ) throws(AttentionError) {
    guard let tensor else {
      if isNeeded {
        throw .argument(name: name, expected: "a tensor, for rule \(rule.rawValue)", actual: "not given")
      }
      return
    }
    if !isNeeded {
      throw .argument(
        name: name, expected: "none, for rule \(rule.rawValue)", actual: "a tensor of shape \(tensor.shape)")
    }
  }

  /// The output, in the queries' layout; `state` fits and is brought up to date, or left as it is when this throws.
  func run(updating state: inout LinearAttentionState<Scalar>) throws(AttentionError) -> Tensor<Scalar> {
    // Before anything is copied or made.
    let schedule = LinearAttentionSchedule(shape: shape, rule: rule, options: options)
    let scratchCount = try schedule.scratchCount(isDecayPerKey: decay.isPerKey)
    let outputShape =
      queries.rank == 3
      ? [shape.batch, shape.queries, shape.heads * shape.valueHeadSize]
      : [shape.batch, shape.heads, shape.queries, shape.valueHeadSize]
    let output = try rethrowing { () throws(TensorError) in try Tensor<Scalar>(uninitialized: outputShape) }
    guard let outputStrides = HeadStrides(output, heads: shape.heads) else {
      throw .tooLarge(name: "output", shape: outputShape)
    }
    let (q, keptQueries) = try HeadMatrices.of(queries, heads: shape.heads)
    let (k, keptKeys) = try HeadMatrices.of(keys, heads: shape.keyValueHeads)
    let (v, keptValues) = try HeadMatrices.of(values, heads: shape.keyValueHeads)
    var workspace = try AttentionWorkspace<Scalar>(sliceCount: scratchCount, slices: schedule.workers)
    if !state.tensor.isContiguous {
      state.tensor = try rethrowing { () throws(TensorError) in try state.tensor.copy() }
    }
    state.tensor.makeUnique()
    let problem = LinearAttentionProblem(
      shape: shape, queries: q, keys: k, values: v,
      output: MutableHeadMatrices(base: output.storage.base + output.layout.offset, strides: outputStrides),
      state: state.tensor.storage.base + state.tensor.layout.offset,
      scale: options.scale.map { Scalar($0) }
        ?? (shape.headSize == 0 ? 1 : Scalar(1 / Double(shape.headSize).squareRoot())),
      isGated: rule.usesDecay, isDecayPerKey: decay.isPerKey, decay: decay.matrices,
      isDelta: rule.usesBeta, beta: beta.matrices)
    try workspace.withSlices(of: ScratchParts(path: scratchCount), slices: schedule.workers) {
      schedule.run(problem, scratch: $0)
    }
    withExtendedLifetime((keptQueries, keptKeys, keptValues, decay, beta, output, state)) {}
    return output
  }
}

/// A decay or an update rate as matrices [B, G, L, 1], or [B, G, L, D] for a decay a key dimension.
private struct Gate<Scalar: BLASScalar> {
  let matrices: HeadMatrices<Scalar>
  let isPerKey: Bool
  /// What the matrices point into.
  private let kept: Tensor<Scalar>

  /// What a rule does not use: some memory that is never read.
  init(unused tensor: Tensor<Scalar>) {
    matrices = HeadMatrices(base: UnsafePointer(tensor.storage.base), strides: HeadStrides(batch: 0, head: 0, row: 0))
    (isPerKey, kept) = (false, tensor)
  }

  /// A decay a head, or a key dimension.
  init(decay: Tensor<Scalar>, keyRank: Int, _ shape: AttentionShape) throws(AttentionError) {
    let (b, g, l, d) = (shape.batch, shape.keyValueHeads, shape.keys, shape.headSize)
    if keyRank == 3 {
      guard [[b, l, g], [b, l, g * d]].contains(decay.shape) else {
        throw .shape(
          name: "decay", expected: "[B, L, G] = \([b, l, g]) or [B, L, G·D] = \([b, l, g * d])", actual: decay.shape)
      }
      // [B, L, G] where both are the same: one number a head is then one a key dimension.
      isPerKey = decay.shape[2] != g
    } else {
      guard [[b, g, l], [b, g, l, 1], [b, g, l, d]].contains(decay.shape) else {
        throw .shape(
          name: "decay", expected: "[B, G, L] = \([b, g, l]), or with a last axis of 1 or D = \(d)", actual: decay.shape
        )
      }
      isPerKey = decay.rank == 4 && decay.shape[3] != 1
    }
    (matrices, kept) = try Self.matrices(decay, heads: g, keyRank: keyRank)
  }

  /// An update rate a head, or one for all heads.
  init(beta: Tensor<Scalar>, keyRank: Int, _ shape: AttentionShape) throws(AttentionError) {
    let (b, g, l) = (shape.batch, shape.keyValueHeads, shape.keys)
    let heads: Int
    if keyRank == 3 {
      guard [[b, l, g], [b, l, 1]].contains(beta.shape) else {
        throw .shape(name: "beta", expected: "[B, L, G] = \([b, l, g]) or [B, L, 1] = \([b, l, 1])", actual: beta.shape)
      }
      heads = beta.shape[2]
    } else {
      guard [[b, g, l], [b, 1, l], [b, g, l, 1], [b, 1, l, 1]].contains(beta.shape) else {
        throw .shape(
          name: "beta", expected: "[B, G, L] = \([b, g, l]) or [B, 1, L] = \([b, 1, l]), or with a last axis of 1",
          actual: beta.shape)
      }
      heads = beta.shape[1]
    }
    let (matrices, kept) = try Self.matrices(beta, heads: heads, keyRank: keyRank)
    let strides = matrices.strides
    self.matrices =
      heads == g
      ? matrices
      : HeadMatrices(
        base: matrices.base, strides: HeadStrides(batch: strides.batch, head: 0, row: strides.row))
    self.kept = kept
    isPerKey = false
  }

  private static func matrices(
    _ tensor: Tensor<Scalar>, heads: Int, keyRank: Int
  ) throws(AttentionError) -> (HeadMatrices<Scalar>, Tensor<Scalar>) {
    let isMissingAxis = keyRank == 4 && tensor.rank == 3
    let whole = isMissingAxis ? try rethrowing { () throws(TensorError) in try tensor.insertingAxis(3) } : tensor
    return try HeadMatrices.of(whole, heads: heads)
  }
}
