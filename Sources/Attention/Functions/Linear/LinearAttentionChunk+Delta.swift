internal import Tensors

extension LinearAttentionChunk {
  /// u of the delta rules: uᵢ = βᵢ·(vᵢ − Sᵀ(Pᵢ∘kᵢ) − Σ j<i (kᵢ·(Γᵢⱼ∘kⱼ))·uⱼ), a system (I + B)·U = R with B strictly lower triangular.
  func correct() {
    let arithmetic = Scalar.arithmetic
    let (written, pairs, rates) = (scratch.written, scratch.keyPairs, scratch.rates)
    if problem.isGated && problem.isDecayPerKey {
      multiply(keys, ldKeys, by: scratch.fromStart, rows: count, into: scratch.left)
      arithmetic.product(
        false, false, count, columns, headSize, 1, scratch.left, max(headSize, 1), state, ldState, 0, written, columns)
    } else {
      arithmetic.product(
        false, false, count, columns, headSize, 1, keys, ldKeys, state, ldState, 0, written, columns)
      arithmetic.product(false, true, count, count, headSize, 1, keys, ldKeys, keys, ldKeys, 0, pairs, count)
      if problem.isGated {
        arithmetic.kernels.scaleRows(written, count, columns, columns, scratch.fromStart)
        multiplyByDecays(pairs)
      }
    }
    for token in 0..<count {
      let (row, value, rate) = (
        written + token * columns, values + token * ldValues, problem.rate(piece, of: tokens.lowerBound + token)
      )
      rates[token] = rate
      for m in 0..<columns { row[m] = rate * (value[m] - row[m]) }
    }
    arithmetic.kernels.scaleRows(pairs, count, count, count, rates)
    solve(0..<count)
  }

  /// Solves (I + B)·U = R in place for a block of tokens, by halves: what the first half gives is taken from the second by GEMM.
  private func solve(_ block: Range<Int>) {
    let arithmetic = Scalar.arithmetic
    let (written, pairs) = (scratch.written, scratch.keyPairs)
    guard block.count > Self.leastSystem else {
      for token in block {
        for earlier in block.lowerBound..<token {
          arithmetic.kernels.axpy(
            -pairs[token * count + earlier], written + earlier * columns, written + token * columns, columns)
        }
      }
      return
    }
    let middle = block.lowerBound + block.count / 2
    solve(block.lowerBound..<middle)
    arithmetic.product(
      false, false, block.upperBound - middle, columns, middle - block.lowerBound, -1,
      pairs + middle * count + block.lowerBound, count, written + block.lowerBound * columns, columns, 1,
      written + middle * columns, columns)
    solve(middle..<block.upperBound)
  }

  /// Systems so small that a GEMM costs more than the rows one by one.
  private static var leastSystem: Int { 8 }
}
