internal import Tensors

/// A multi-head layer made ready for a caller in a loop: sizes as capacities, mask checked, path chosen, memory
/// planned.
///
/// ```swift
/// let plan = try layer.plan(batch: 8, queries: 512, mask: .causal)
/// var workspace = try plan.makeWorkspace()
/// var y = try Tensor<Float>(zeros: [8, 512, 768])
/// for x in inputs { try plan.run(query: x, key: x, value: x, into: &y, workspace: &workspace) }
/// ```
public struct MultiHeadAttentionPlan<Scalar: BLASScalar>: Sendable {
  public let layer: MultiHeadAttention<Scalar>
  /// Which weights the runs give.
  public let needsWeights: HeadWeights
  /// The plan of the attention itself, between the projections; its keys count the layer's appended ones.
  public private(set) var attention: AttentionPlan<Scalar>
  /// The mask of runs that bring none of their own, over the keys of the inputs.
  public let mask: AttentionMask<Scalar>
  /// What changes scores and weights beyond scale, softcap and mask; may be set between runs, as a dropout's seed is. Checked by
  /// each run.
  public var modifiers: AttentionModifiers<Scalar> {
    get { attention.modifiers }
    set { attention.modifiers = newValue }
  }
  /// The most rows of keys that a run projects for each batch element.
  let projectedKeys: Int
  /// Threads that share the projections and rotations.
  let workers: Int
  /// The details that the caller asked for, besides weights.
  let details: AttentionDetailSet

  init(
    layer: MultiHeadAttention<Scalar>, batch: Int, queries: Int, keys: Int, mask: AttentionMask<Scalar>,
    modifiers: AttentionModifiers<Scalar>, needsWeights: HeadWeights, options: AttentionOptions
  ) throws(AttentionError) {
    self.layer = layer
    self.mask = mask
    self.needsWeights = needsWeights
    projectedKeys = keys
    details = options.details
    var options = options
    if needsWeights != .none { options.details.insert(.weights) }
    let shape = try AttentionShape(
      batch: batch, heads: layer.headCount, queries: queries, keys: keys, headSize: layer.headSize)
    // Options first, as they are checked before masks.
    try options.validate(for: Scalar.self)
    let appended = layer.appendedKeys
    try layer.checkRotaryPositions(queries: queries, keys: keys, alignment: options.alignment)
    attention = try AttentionPlan(
      shape: appended.extending(shape),
      mask: mask.appending(appended.count, to: shape, alignment: options.alignment), modifiers: modifiers,
      options: options)
    workers = options.workers ?? Workers.count
    try packWeights()
  }

  /// For runs that append to a cache, or read one.
  ///
  /// - Parameters:
  ///   - run: S of a single run, and where its queries stand without an alignment in the options; nil: for runs up to the capacity.
  init(
    layer: MultiHeadAttention<Scalar>, cache: KeyValueCache<Scalar>, queries: Int, mask: AttentionMask<Scalar>,
    modifiers: AttentionModifiers<Scalar>, needsWeights: HeadWeights, options: AttentionOptions,
    run: (keys: Int, alignment: QueryAlignment)? = nil
  ) throws(AttentionError) {
    try layer.check(cache)
    try layer.checkRotaryPositions()
    self.layer = layer
    self.mask = mask
    self.needsWeights = needsWeights
    projectedKeys = queries
    details = options.details
    var options = options
    if needsWeights != .none { options.details.insert(.weights) }
    if let run {
      let shape = try AttentionShape(
        batch: cache.batch, heads: layer.headCount, queries: queries, keys: run.keys, headSize: layer.headSize)
      var placed = options
      placed.alignment = options.alignment ?? run.alignment
      attention = try AttentionPlan(shape: shape, mask: mask, modifiers: modifiers, options: placed)
      attention.options = options
    } else {
      attention = try AttentionPlan(
        cache: cache, heads: layer.headCount, queries: queries, mask: mask, modifiers: modifiers, options: options)
    }
    workers = options.workers ?? Workers.count
    try packWeights()
  }

  /// Whether projections of many rows have the weights packed: with the path that is all BLAS's they don't.
  var packsWeights: Bool { attention.options.path != .blas }

  /// The layers that runs of the plan's sizes want packed.
  private var packedLayers: [Linear<Scalar>] {
    guard packsWeights else { return [] }
    // As ``ProjectionArrangement/productsPerPart`` has it.
    let batch = attention.shape.batch
    let perProduct = layer.appendedKeys.count > 0 && layer.axisOrder == .batchFirst ? 1 : batch
    let (queries, keys) = (perProduct * attention.shape.queries, perProduct * projectedKeys)
    let projections: [(Linear<Scalar>, Int)] =
      switch layer.inputProjection {
      case .packed(let linear): [(linear, max(queries, keys))]
      case .separate(let query, let key, let value): [(query, queries), (key, keys), (value, keys)]
      }
    return (projections + [(layer.outputProjection, batch * attention.shape.queries)])
      .filter { $0.0.packedWeight.isWanted(rows: $0.1) }.map { $0.0 }
  }

  /// Packs the weights that runs of the plan's sizes will want packed, so that no run has to.
  private func packWeights() throws(AttentionError) {
    for linear in packedLayers { _ = try linear.packedWeight.packed() }
  }

  /// How the projections read the weights.
  private var weightReading: String {
    guard packsWeights else { return "as they lie, by BLAS where rows are many" }
    var bytes = 0
    for linear in packedLayers { bytes += (try? linear.packedWeight.packed().byteCount) ?? 0 }
    return bytes == 0 ? "as they lie" : "packed, \(bytes) bytes beside the layer's own, for all its plans"
  }

  /// The numbers that a run's projections take.
  var projectionCount: Int {
    ProjectedInputs<Scalar>.capacity(attention.shape, keys: projectedKeys, room: layer.appendedKeys.count)
  }

  /// Memory for this plan's runs, one at a time: projections, joined heads, scratch.
  ///
  /// - Throws: ``AttentionError`` when memory is not given.
  public func makeWorkspace() throws(AttentionError) -> MultiHeadAttentionWorkspace<Scalar> {
    try MultiHeadAttentionWorkspace(self)
  }

  /// What the plan does, in words and numbers: projections, then the attention as ``AttentionPlan/explain()`` says.
  public func explain() -> String {
    let (shape, size) = (attention.shape, layer.embeddingSize)
    let rows = shape.batch * shape.queries
    let first =
      switch layer.inputProjection {
      case .packed:
        "packed [\(3 * size), \(size)]: one matrix product of [\(rows), \(size)] for self-attention, "
          + "two when key and value are one input, else three"
      case .separate:
        "separate [\(size), \(size)], [\(size), \(layer.keySize)], [\(size), \(layer.valueSize)]: three matrix products"
      }
    let appended = layer.appendedKeys
    let second =
      appended.count == 0
      ? "" : "\nappended   \(appended.words), behind the \(shape.keys - appended.count) keys of each sequence"
    var third = ""
    if layer.isRotary, let rotary = layer.rotaryPositions {
      let part = "the first \(rotary.rotarySize) of the \(layer.headSize) numbers"
      third = "\nrotary     \(part) of each head of queries and keys"
    }
    return """
      projection \(first)
      weights    \(weightReading)\(third)\(second)
      \(attention.explain())
      output     one matrix product [\(rows), \(size)]·[\(size), \(size)]ᵀ
      """
  }
}

extension MultiHeadAttention {
  /// Makes the layer ready for runs of up to these sizes.
  ///
  /// - Parameters:
  ///   - batch: B, 1 for a single sequence.
  ///   - queries: L
  ///   - keys: S; nil: L.
  ///   - mask: what may be attended, and biases; runs may bring another.
  ///   - modifiers: sinks, dropout, programs for scores and weights.
  ///   - needsWeights: which weights the runs give.
  ///   - options: scale, softcap, alignment, details, path, workers.
  /// - Throws: ``AttentionError`` as ``AttentionPlan/init(shape:mask:modifiers:options:)``.
  /// - Complexity: the first plan for many rows packs the layer's weights, see ``Linear``: 4·E² numbers are copied, and kept.
  public func plan(
    batch: Int = 1, queries: Int, keys: Int? = nil, mask: AttentionMask<Scalar> = .none,
    modifiers: AttentionModifiers<Scalar> = .none, needsWeights: HeadWeights = .none,
    options: AttentionOptions = AttentionOptions()
  ) throws(AttentionError) -> MultiHeadAttentionPlan<Scalar> {
    try MultiHeadAttentionPlan(
      layer: self, batch: batch, queries: queries, keys: keys ?? queries, mask: mask, modifiers: modifiers,
      needsWeights: needsWeights, options: options)
  }
}

/// Memory that a layer's runs reuse, made by ``MultiHeadAttentionPlan/makeWorkspace()`` for that plan's sizes; for one
/// call at a time: it can't be copied, only handed on.
public struct MultiHeadAttentionWorkspace<Scalar: BLASScalar>: ~Copyable, Sendable {
  /// The projected queries, keys and values of B·L, B·S and B·S rows of E, in up to three pieces, with room for the
  /// layer's appended keys.
  let projections: TensorStorage<Scalar>
  /// Views of them, made for the sizes of the last run.
  var inputs: ProjectedInputs<Scalar>
  /// The joined heads [B, L, E], and the details of the last run until they are handed out.
  var context: AttentionResult<Scalar>
  var scratch: AttentionWorkspace<Scalar>

  init(_ plan: MultiHeadAttentionPlan<Scalar>) throws(AttentionError) {
    let (shape, size) = (plan.attention.shape, plan.layer.embeddingSize)
    let (projections, output) = try rethrowing { () throws(TensorError) in
      (
        try TensorStorage<Scalar>(uninitializedCount: plan.projectionCount),
        try Tensor<Scalar>(uninitialized: [shape.batch, shape.queries, size])
      )
    }
    let details = try AttentionDetails<Scalar>([], shape: shape)
    let scratch = try plan.attention.makeWorkspace()
    // For self-attention of the planned sizes; other runs make their own.
    let arrangement = ProjectionArrangement(
      order: plan.layer.axisOrder, size: size, batch: shape.batch, queries: shape.queries, keys: shape.queries,
      room: plan.layer.appendedKeys.count, partCount: 3, keysJoinQueries: true, valuesJoinKeys: true)
    self.init(
      projections: projections, inputs: ProjectedInputs(arrangement, in: projections),
      context: AttentionResult(output: output, details: details), scratch: scratch)
  }

  private init(
    projections: TensorStorage<Scalar>, inputs: ProjectedInputs<Scalar>, context: AttentionResult<Scalar>,
    scratch: consuming AttentionWorkspace<Scalar>
  ) {
    (self.projections, self.inputs, self.context) = (projections, inputs, context)
    self.scratch = scratch
  }

  /// Bytes held.
  public var byteCount: Int {
    (projections.count + context.output.storage.count) * MemoryLayout<Scalar>.stride + scratch.byteCount
  }
}
