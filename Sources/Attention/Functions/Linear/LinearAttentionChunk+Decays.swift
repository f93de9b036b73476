internal import Tensors

/// The decays between tokens of a chunk are products of e^g over the tokens between, never a quotient of two products (nor the power of a
/// difference of sums): what decays strongly becomes 0, and nothing overflows that the state itself would not.
extension LinearAttentionChunk {
  /// Numbers that a token's decay has: 1, or D.
  private var decaySize: Int { problem.isDecayPerKey ? headSize : 1 }

  /// The decays of the tokens, from the chunk's start, to its end, and over all of it.
  func computeDecays() {
    let (size, stride) = (decaySize, problem.decay.strides.row)
    let decays = problem.decayRows(piece, from: tokens.lowerBound)
    let (factors, fromStart, toEnd) = (scratch.factors, scratch.fromStart, scratch.toEnd)
    for token in 0..<count { (factors + token * size).update(from: decays + token * stride, count: size) }
    Scalar.arithmetic.kernels.exp(factors, factors, count * size)
    accumulate(from: 0, to: count, into: fromStart)
    let last = count - 1
    for e in 0..<size { toEnd[last * size + e] = 1 }
    accumulate(before: last, downTo: 0, into: toEnd)
    for e in 0..<headSize { scratch.whole[e] = fromStart[last * size + (size == 1 ? 0 : e)] }
    if !problem.isDecayPerKey { computeDecaysBetween() }
  }

  /// The product of the factors of tokens start … i, for i in start ..< end; the row of `start` is the first of `target`.
  private func accumulate(from start: Int, to end: Int, into target: UnsafeMutablePointer<Scalar>) {
    let size = decaySize
    target.update(from: scratch.factors + start * size, count: size)
    for token in (start + 1)..<max(end, start + 1) {
      let (factor, row) = (scratch.factors + token * size, target + (token - start) * size)
      for e in 0..<size { row[e] = row[e - size] * factor[e] }
    }
  }

  /// The product of the factors of tokens j + 1 … last, for j from last − 1 down to `first`; the row of `last`, which is the last of
  /// `target`, holds what they begin with.
  private func accumulate(before last: Int, downTo first: Int, into target: UnsafeMutablePointer<Scalar>) {
    let size = decaySize
    var token = last - 1
    while token >= first {
      let (factor, row) = (scratch.factors + (token + 1) * size, target + (token - first) * size)
      for e in 0..<size { row[e] = row[e + size] * factor[e] }
      token -= 1
    }
  }

  // MARK: One decay a head

  /// Γ up to its diagonal of ones.
  private func computeDecaysBetween() {
    let between = scratch.between
    for token in 0..<count {
      let (factor, row) = (scratch.factors[token], between + token * count)
      for earlier in 0..<token { row[earlier] = row[earlier - count] * factor }
      row[token] = 1
    }
  }

  /// pairs ∘ Γ up to the diagonal.
  func multiplyByDecays(_ pairs: UnsafeMutablePointer<Scalar>) {
    for token in 0..<count {
      let (row, decays) = (pairs + token * count, scratch.between + token * count)
      for earlier in 0...token { row[earlier] *= decays[earlier] }
    }
  }

  // MARK: A decay a key dimension

  /// Where a query head's products with the keys stand [count, count].
  func pairs(ofHead head: Int) -> UnsafeMutablePointer<Scalar> {
    scratch.queryPairs + (problem.isDecayPerKey ? (head - piece.heads.lowerBound) * count * count : 0)
  }

  /// xᵢ·(Γᵢⱼ∘kⱼ) for j ≤ i, x being every head's queries, and the keys themselves for the delta rules.
  func computePairsPerKey() { computePairsPerKey(0..<count) }

  /// A block of tokens is halved: later tokens against earlier ones have the middle between them, up to which keys decay and from which
  /// on queries do, so that both are scaled once and multiplied by GEMM (Yang et al. 2024, section 4, "secondary-level chunking", taken
  /// on to the end).
  private func computePairsPerKey(_ block: Range<Int>) {
    if block.count <= Self.leastBlock { return computePairsOneByOne(block) }
    let middle = block.lowerBound + block.count / 2
    let (earlier, later) = (block.lowerBound..<middle, middle..<block.upperBound)
    let (d, relative) = (headSize, scratch.relative)
    (relative + (earlier.count - 1) * d).initialize(repeating: 1, count: d)
    accumulate(before: middle - 1, downTo: block.lowerBound, into: relative)
    multiply(keys + earlier.lowerBound * ldKeys, ldKeys, by: relative, rows: earlier.count, into: scratch.right)
    accumulate(from: middle, to: block.upperBound, into: relative)
    forEachLeftSide { rows, ld, pairs in
      multiply(rows + middle * ld, ld, by: relative, rows: later.count, into: scratch.left)
      Scalar.arithmetic.product(
        false, true, later.count, earlier.count, d, 1, scratch.left, max(d, 1), scratch.right, max(d, 1), 0,
        pairs + middle * count + earlier.lowerBound, count)
    }
    computePairsPerKey(earlier)
    computePairsPerKey(later)
  }

  /// Blocks so small that a GEMM costs more than the products by themselves.
  private static var leastBlock: Int { 8 }

  private func computePairsOneByOne(_ block: Range<Int>) {
    let (d, dot, decayed) = (headSize, Scalar.arithmetic.kernels.dot, scratch.right)
    for token in block {
      let index = token - block.lowerBound
      let factor = scratch.factors + token * d
      for earlier in 0..<index {
        let row = decayed + earlier * d
        for e in 0..<d { row[e] *= factor[e] }
      }
      (decayed + index * d).update(from: keys + token * ldKeys, count: d)
      forEachLeftSide { rows, ld, pairs in
        for earlier in 0...index {
          pairs[token * count + block.lowerBound + earlier] = dot(rows + token * ld, decayed + earlier * d, d)
        }
      }
    }
  }

  private func forEachLeftSide(
    _ body: (_ rows: UnsafePointer<Scalar>, _ ld: Int, _ pairs: UnsafeMutablePointer<Scalar>) -> Void
  ) {
    if problem.isDelta { body(keys, ldKeys, scratch.keyPairs) }
    for head in piece.heads { body(queries(head), ldQueries, pairs(ofHead: head)) }
  }
}
