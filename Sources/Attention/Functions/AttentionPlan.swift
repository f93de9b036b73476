internal import Tensors

/// A validated attention problem with its algorithm chosen, to be run as often as wanted.
///
/// Made for capacities: B, L and S of a run may be smaller, and lengths, masks and biases come with each run, since keys grow at
/// every decoding step. A caller in a loop keeps a plan and a workspace; a run then allocates nothing, unless its mask
/// has to be laid out anew (several `keep` masks or biases at once, one that repeats along the keys, or a position bias at an offset of
/// its own for each batch element).
///
/// ```swift
/// let plan = try AttentionPlan<Float>(
///   shape: AttentionShape(heads: 12, queries: 512, keys: 512, headSize: 64), mask: .causal)
/// var workspace = try plan.makeWorkspace()
/// var output = try Tensor<Float>(zeros: [1, 12, 512, 64])
/// try plan.run(queries: q, keys: k, values: v, into: &output, workspace: &workspace)
/// print(plan.explain())
/// ```
public struct AttentionPlan<Scalar: BLASScalar>: Sendable {
  /// The largest problem that the plan runs.
  public let shape: AttentionShape
  /// The mask of runs that bring none of their own.
  public let mask: AttentionMask<Scalar>
  /// What changes scores and weights beyond scale, softcap and mask; may be set between runs, as a dropout's seed is. Checked by
  /// each run.
  public var modifiers: AttentionModifiers<Scalar>
  public internal(set) var options: AttentionOptions
  /// The algorithm chosen: never ``AttentionPath/automatic``.
  public private(set) var path: AttentionPath
  /// Why it was chosen.
  public let reason: String
  /// Threads that share the work.
  public let workers: Int
  /// Scratch of one worker, in elements.
  private(set) var scratchCount: Int
  /// The same for rows of a cache that are converted as they are read.
  var conversionCount = 0

  /// - Parameters:
  ///   - shape: the sizes, as capacities.
  ///   - mask: what may be attended, and biases.
  ///   - modifiers: sinks, dropout, programs.
  ///   - options: scale, softcap, alignment, details, path, workers.
  /// - Throws: ``AttentionError`` for options or modifiers out of range, a mask that does not fit the shape, or causal, window or a
  ///   position bias over L ≠ S without an alignment.
  public init(
    shape: AttentionShape, mask: AttentionMask<Scalar> = .none, modifiers: AttentionModifiers<Scalar> = .none,
    options: AttentionOptions = AttentionOptions()
  ) throws(AttentionError) {
    try options.validate(for: Scalar.self)
    try modifiers.validate(for: shape)
    if !options.details.isDisjoint(with: .matrices) {
      try AttentionShape.checkCount(shape.batch, shape.heads, shape.queries, shape.keys, "scores")
    }
    _ = try ResolvedMask(mask, alignment: options.alignment, shape: shape)
    (self.shape, self.mask, self.modifiers, self.options) = (shape, mask, modifiers, options)
    workers = options.workers ?? min(Workers.count, Self.workersWorthWaking(shape))
    (path, reason) = try Self.choose(shape: shape, modifiers: modifiers, options: options)
    scratchCount = 0
    scratchCount = pathScratchCount
  }

  /// The same plan by another path.
  init(taking path: AttentionPath, instead plan: AttentionPlan) {
    self = plan
    self.path = path
    scratchCount = pathScratchCount
  }

  private var pathScratchCount: Int {
    switch path {
    case .reference: ReferenceAttention.scratchCount(shape: shape)
    case .blas: BLASAttention.scratchCount(capacity: shape)
    case .fused: FusedAttention.scratchCount(capacity: shape, workers: usefulWorkers, as: Scalar.self)
    case .tiled, .automatic: AttentionTiling.scratchCount(capacity: shape)
    }
  }

  /// Multiplications below which a BLAS call costs more than plain loops (measured: 2.7 against 5.1 µs at 144, alike at 1024).
  private static var smallWork: Double { 1024 }

  private static func choose(
    shape: AttentionShape, modifiers: AttentionModifiers<Scalar>, options: AttentionOptions
  ) throws(AttentionError) -> (path: AttentionPath, reason: String) {
    let obstacle = FusedAttention.obstacle(details: options.details, modifiers: modifiers)
    guard options.path == .automatic else {
      if options.path == .fused, let obstacle { throw fusedError(obstacle) }
      return (options.path, "asked for")
    }
    if options.isReproducible {
      // Nothing here may depend on the number of queries or keys.
      guard let obstacle else { return (.fused, "reproducible: the same bits for a row among many and alone") }
      return (.reference, "reproducible, and \(obstacle)")
    }
    if shape.floatingPointOperations / 2 <= smallWork {
      return (.reference, "so small that calling BLAS would cost more than the arithmetic")
    }
    if !options.details.isDisjoint(with: .matrices) {
      return (.blas, "a value for every score is asked for, so whole rows of scores are kept anyway")
    }
    if let obstacle { return (.tiled, "\(obstacle), tile by tile: scratch need not grow with S") }
    return (.fused, "no score matrix is asked for: tiles are computed as a whole, without BLAS")
  }

  static func fusedError(_ obstacle: String) -> AttentionError {
    .argument(name: "path", expected: "reference, blas or tiled, since \(obstacle)", actual: "fused")
  }

  /// Threads that gain more than their start costs (some microseconds: about 2²⁰ operations of one worker).
  private static func workersWorthWaking(_ shape: AttentionShape) -> Int {
    max(1, Int(min(shape.floatingPointOperations / Double(1 << 20), Double(Int32.max))))
  }

  /// The factor of QKᵀ: as given, or 1/√D (1 for D = 0, where every score is 0).
  var scale: Scalar {
    if let scale = options.scale { return Scalar(scale) }
    return shape.headSize == 0 ? 1 : Scalar(1 / Double(shape.headSize).squareRoot())
  }

  /// Workers that a problem of this size can occupy, and that OpenBLAS bears.
  var usefulWorkers: Int { max(1, min(workers, pieceCount, FanOut.concurrentCallers)) }

  private var pieceCount: Int {
    switch path {
    case .reference: shape.batch * shape.heads
    case .blas:
      shape.batch * shape.heads
        * ((shape.queries + BLASAttention.rowsPerBlock(shape: shape) - 1) / BLASAttention.rowsPerBlock(shape: shape))
    case .fused:
      // Heads, blocks of their rows; or for few rows chunks of their keys.
      shape.batch * shape.heads
        * max(
          1, shape.queries / Scalar.arithmetic.fused.width,
          options.isReproducible ? 1 : KeyChunks(end: shape.keys).count)
    case .tiled, .automatic:
      max(AttentionTiling(shape: shape, followsEdge: mask.hasEdge).pieceCount, shape.batch * shape.heads)
    }
  }

  /// What a worker's scratch holds, besides what a cache that the plan was not made for needs.
  ///
  /// - Parameter decidesByPlace: whether a pattern or a score program decides, so that a byte for each score of a block is needed.
  func scratchParts(decidesByPlace: Bool) -> ScratchParts {
    var parts = ScratchParts(path: scratchCount, conversion: conversionCount)
    if decidesByPlace {
      let bytes =
        switch path {
        case .reference: ReferenceAttention.keptCount(shape: shape)
        case .blas: BLASAttention.keptCount(capacity: shape)
        case .fused: FusedAttention.keptCount(as: Scalar.self)
        case .tiled, .automatic: TiledAttention.keptCount(capacity: shape)
        }
      parts.kept = bytes / MemoryLayout<Scalar>.stride + 1
    }
    return parts
  }

  /// Whether the plan's own mask or its score program decides place by place.
  var decidesByPlace: Bool { mask.pattern != nil || modifiers.hasScoreProgram }

  /// Bytes of scratch that the runs need in all, besides inputs and results.
  public var scratchBytes: Int {
    let count = scratchParts(decidesByPlace: decidesByPlace).count
    return AttentionWorkspace<Scalar>.stride(count) * usefulWorkers * MemoryLayout<Scalar>.stride
  }

  /// Scratch for this plan's runs, one at a time.
  ///
  /// - Throws: ``AttentionError/tensor(_:)`` when memory is not given.
  public func makeWorkspace() throws(AttentionError) -> AttentionWorkspace<Scalar> {
    try AttentionWorkspace(
      sliceCount: scratchParts(decidesByPlace: decidesByPlace).count, slices: usefulWorkers)
  }
}
