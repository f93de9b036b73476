internal import Tensors

/// How a problem of linear attention is computed: the path, the pieces and the threads that share them.
struct LinearAttentionSchedule {
  let shape: AttentionShape
  let path: LinearAttentionPath
  /// Tokens that a chunk has at most, no more than there are.
  let chunkSize: Int
  let workers: Int
  private let columnsPerPiece: Int

  init(shape: AttentionShape, rule: LinearAttentionRule, options: LinearAttentionOptions) {
    self.shape = shape
    path = options.path == .automatic ? Self.choose(shape, chunkSize: options.chunkSize) : options.path
    chunkSize = max(1, min(options.chunkSize, shape.keys))
    let wanted = min(
      options.workers ?? min(Workers.count, Self.workersWorthWaking(shape)), FanOut.concurrentCallers)
    // Heads first; columns of a head's state only where heads are too few, since each piece computes the products of keys anew.
    let heads = max(1, shape.batch * shape.keyValueHeads)
    let parts = max(1, min((wanted + heads - 1) / heads, shape.valueHeadSize / Self.leastColumns))
    columnsPerPiece = max(1, (shape.valueHeadSize + parts - 1) / parts)
    workers = max(1, min(wanted, heads * parts, FanOut.concurrentCallers))
  }

  /// Below this, rows are too short for vector instructions.
  private static var leastColumns: Int { 16 }

  /// Threads that gain more than their start costs (some microseconds: about 2²⁰ operations of one worker).
  private static func workersWorthWaking(_ shape: AttentionShape) -> Int {
    let perToken = 2 * Double(shape.headSize) * Double(shape.valueHeadSize)
    let heads = Double(shape.batch) * (2 * Double(shape.keyValueHeads) + Double(shape.heads))
    return max(1, Int(min(perToken * heads * Double(shape.keys) / Double(1 << 20), Double(Int32.max))))
  }

  /// Where calls of BLAS cost less than plain loops (measured): states of 32 × 32 or more, and with such a state chunks of 16 tokens or
  /// more, with one of 64 × 64 of 4.
  private static func choose(_ shape: AttentionShape, chunkSize: Int) -> LinearAttentionPath {
    let state = Double(shape.headSize) * Double(shape.valueHeadSize)
    let tokens = min(shape.keys, chunkSize)
    return state >= 1024 && tokens >= 4 && Double(tokens) * state >= 16384 ? .chunked : .recurrent
  }

  /// Scratch of one worker, in elements.
  ///
  /// - Throws: ``AttentionError/tooLarge(name:shape:)``.
  func scratchCount(isDecayPerKey: Bool) throws(AttentionError) -> Int {
    path == .recurrent
      ? RecurrentLinearAttention.scratchCount(shape)
      : try ChunkScratch<Float>.count(shape: shape, chunkSize: chunkSize, isDecayPerKey: isDecayPerKey)
  }

  private var partsPerHead: Int {
    shape.valueHeadSize == 0 ? 1 : (shape.valueHeadSize + columnsPerPiece - 1) / columnsPerPiece
  }

  private var pieceCount: Int { shape.batch * shape.keyValueHeads * partsPerHead }

  private func piece(_ index: Int) -> LinearAttentionPiece {
    let (pair, part) = (index / partsPerHead, index % partsPerHead)
    let keyValueHead = pair % shape.keyValueHeads
    let start = part * columnsPerPiece
    return LinearAttentionPiece(
      batch: pair / shape.keyValueHeads, keyValueHead: keyValueHead,
      columns: start..<min(start + columnsPerPiece, shape.valueHeadSize),
      heads: (keyValueHead * shape.groupSize)..<((keyValueHead + 1) * shape.groupSize))
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func run<Scalar: BLASScalar>(_ problem: LinearAttentionProblem<Scalar>, scratch: ScratchSlices<Scalar>) {
    FanOut.run(pieces: pieceCount, workers: workers) { index, worker in
      let piece = piece(index)
      guard !piece.columns.isEmpty else { return }
      if path == .recurrent {
        RecurrentLinearAttention.advance(problem, piece, tokens: 0..<shape.keys, scratch: scratch[worker].base)
      } else {
        let parts = ChunkScratch(
          scratch[worker].base, shape: shape, chunkSize: chunkSize, isDecayPerKey: problem.isDecayPerKey)
        ChunkedLinearAttention.run(problem, piece, chunkSize: chunkSize, scratch: parts)
      }
    }
  }
}
