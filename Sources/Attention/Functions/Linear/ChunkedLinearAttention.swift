internal import Tensors

/// Linear attention by chunks of tokens: matrix products within a chunk, the state carried from one to the next.
///
/// Yang et al. 2024, "Gated linear attention transformers with hardware-efficient training", section 4, for the decays; Yang et al. 2024,
/// "Parallelizing linear transformers with the delta rule over sequence length", section 3, and Yang et al. 2025, "Gated delta networks",
/// section 3, for the delta rules. Those compute T = (I + B)⁻¹ of every chunk in advance (the WY and UT representations), since their
/// chunks run at the same time; here a chunk has the state before it at hand, so that the triangular system is solved for it alone.
enum ChunkedLinearAttention {
  /// Takes all tokens into a piece's state and writes their outputs.
  static func run<Scalar: BLASScalar>(
    _ problem: LinearAttentionProblem<Scalar>, _ piece: LinearAttentionPiece, chunkSize: Int,
    scratch: ChunkScratch<Scalar>
  ) {
    var start = 0
    while start < problem.shape.keys {
      let end = start + min(chunkSize, problem.shape.keys - start)
      LinearAttentionChunk(problem: problem, piece: piece, tokens: start..<end, scratch: scratch).advance()
      start = end
    }
  }
}

/// Some neighbouring tokens of a piece.
///
/// With S the state before them, Pᵢ the decay from their start up to token i and Γᵢⱼ that from behind token j up to token i:
/// oᵢ = scale·(Sᵀ(Pᵢ∘qᵢ) + Σ j≤i (qᵢ·(Γᵢⱼ∘kⱼ))·uⱼ), and after the last token S ← P∘S + Σ (Γ∘kⱼ)·uⱼᵀ; uⱼ is vⱼ, or for the delta rules what
/// ``correct()`` says.
struct LinearAttentionChunk<Scalar: BLASScalar> {
  let problem: LinearAttentionProblem<Scalar>
  let piece: LinearAttentionPiece
  let tokens: Range<Int>
  let scratch: ChunkScratch<Scalar>

  var count: Int { tokens.count }
  var headSize: Int { problem.shape.headSize }
  var columns: Int { piece.columns.count }
  var state: UnsafeMutablePointer<Scalar> { problem.state(piece) }
  var ldState: Int { problem.shape.valueHeadSize }
  var keys: UnsafePointer<Scalar> { problem.keyRows(piece, from: tokens.lowerBound) }  // [count, D]
  var ldKeys: Int { problem.keys.leadingDimension(rows: problem.shape.keys, columns: headSize) }
  var values: UnsafePointer<Scalar> { problem.valueRows(piece, from: tokens.lowerBound) }  // [count, columns]
  var ldValues: Int { problem.values.leadingDimension(rows: problem.shape.keys, columns: columns) }
  var ldQueries: Int { problem.queries.leadingDimension(rows: problem.shape.queries, columns: headSize) }
  var ldOutput: Int { problem.output.leadingDimension(rows: problem.shape.queries, columns: columns) }
  func queries(_ head: Int) -> UnsafePointer<Scalar> {
    problem.queryRows(piece, head: head, from: tokens.lowerBound)  // [count, D]
  }
  func output(_ head: Int) -> UnsafeMutablePointer<Scalar> {
    problem.outputRows(piece, head: head, from: tokens.lowerBound)  // [count, columns]
  }

  /// A chunk in which something is not finite is computed anew token by token, so that NaN and infinities reach what they reach
  /// there: a matrix product would also carry them to earlier tokens, times 0.
  func advance() {
    if problem.isGated { computeDecays() }
    if problem.isGated && problem.isDecayPerKey { computePairsPerKey() }
    if problem.isDelta {
      correct()
    } else if problem.isGated && !problem.isDecayPerKey {
      copyValues()
    }
    for head in piece.heads { write(head) }
    guard prepareUpdate() else {
      return RecurrentLinearAttention.advance(problem, piece, tokens: tokens, scratch: scratch.written)
    }
    updateState()
  }

  /// u, one row a token: scratch of this chunk's, or the values where they are u as they are.
  var written: (rows: UnsafePointer<Scalar>, ld: Int) {
    problem.isDelta || (problem.isGated && !problem.isDecayPerKey)
      ? (UnsafePointer(scratch.written), columns) : (values, ldValues)
  }

  func copyValues() {
    for token in 0..<count {
      (scratch.written + token * columns).update(from: values + token * ldValues, count: columns)
    }
  }

  /// The outputs of one query head.
  private func write(_ head: Int) {
    let arithmetic = Scalar.arithmetic
    let (queries, output) = (queries(head), output(head))
    let pairs = pairs(ofHead: head)
    if problem.isGated && problem.isDecayPerKey {
      multiply(queries, ldQueries, by: scratch.fromStart, rows: count, into: scratch.left)
      arithmetic.product(
        false, false, count, columns, headSize, problem.scale, scratch.left, max(headSize, 1), state, ldState, 0,
        output, ldOutput)
      clearAboveDiagonal(pairs)
    } else {
      arithmetic.product(
        false, false, count, columns, headSize, problem.scale, queries, ldQueries, state, ldState, 0, output, ldOutput)
      arithmetic.product(false, true, count, count, headSize, 1, queries, ldQueries, keys, ldKeys, 0, pairs, count)
      if problem.isGated {
        arithmetic.kernels.scaleRows(output, count, columns, ldOutput, scratch.fromStart)
        multiplyByDecays(pairs)
      }
      clearAboveDiagonal(pairs)
    }
    arithmetic.product(
      false, false, count, columns, count, problem.scale, pairs, count, written.rows, written.ld, 1, output, ldOutput)
  }

  /// Brings u, or the keys, to the chunk's end.
  ///
  /// - Returns: whether all is finite.
  private func prepareUpdate() -> Bool {
    let kernels = Scalar.arithmetic.kernels
    if problem.isGated && problem.isDecayPerKey {
      multiply(keys, ldKeys, by: scratch.toEnd, rows: count, into: scratch.right)
      guard kernels.allFinite(scratch.right, count, headSize, max(headSize, 1)) else { return false }
    } else if problem.isGated {
      kernels.scaleRows(scratch.written, count, columns, columns, scratch.toEnd)
    }
    if problem.isGated { guard kernels.allFinite(scratch.whole, 1, headSize, max(headSize, 1)) else { return false } }
    guard kernels.allFinite(written.rows, count, columns, written.ld) else { return false }
    for head in piece.heads {
      guard kernels.allFinite(output(head), count, columns, ldOutput) else { return false }
    }
    return true
  }

  private func updateState() {
    let arithmetic = Scalar.arithmetic
    if problem.isGated { arithmetic.kernels.scaleRows(state, headSize, columns, ldState, scratch.whole) }
    let isPerKey = problem.isGated && problem.isDecayPerKey
    arithmetic.product(
      true, false, headSize, columns, count, 1, isPerKey ? UnsafePointer(scratch.right) : keys,
      isPerKey ? max(headSize, 1) : ldKeys, written.rows, written.ld, 1, state, ldState)
  }

  /// rows [rows, D] ∘ factors [rows, D].
  func multiply(
    _ rows: UnsafePointer<Scalar>, _ ld: Int, by factors: UnsafePointer<Scalar>, rows count: Int,
    into target: UnsafeMutablePointer<Scalar>
  ) {
    for row in 0..<count {
      let (source, factor, destination) = (rows + row * ld, factors + row * headSize, target + row * headSize)
      for e in 0..<headSize { destination[e] = source[e] * factor[e] }
    }
  }

  private func clearAboveDiagonal(_ pairs: UnsafeMutablePointer<Scalar>) {
    for row in 0..<count { (pairs + row * count + row + 1).initialize(repeating: 0, count: count - row - 1) }
  }
}
