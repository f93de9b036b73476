internal import Glibc
internal import Tensors

/// Linear attention token by token in plain loops: the specification that chunks are held to.
///
/// For every token: S ← e^g·S; u = v, or for the delta rules u = β·(v − Sᵀk); S ← S + k·uᵀ; o = scale·Sᵀq for each query head (ONNX
/// `LinearAttention`, opset 27).
enum RecurrentLinearAttention {
  /// u.
  static func scratchCount(_ shape: AttentionShape) -> Int { shape.valueHeadSize }

  /// Takes some tokens into a piece's state and writes their outputs.
  static func advance<Scalar: BLASScalar>(
    _ problem: LinearAttentionProblem<Scalar>, _ piece: LinearAttentionPiece, tokens: Range<Int>,
    scratch written: UnsafeMutablePointer<Scalar>
  ) {
    let (d, ld, columns) = (problem.shape.headSize, problem.shape.valueHeadSize, piece.columns.count)
    let state = problem.state(piece)
    for token in tokens {
      let key = problem.keyRows(piece, from: token)
      let value = problem.valueRows(piece, from: token)
      if problem.isGated {
        let decay = problem.decayRows(piece, from: token)
        for row in 0..<d {
          let kept = Scalar(exp(Double(decay[problem.isDecayPerKey ? row : 0])))
          for m in 0..<columns { state[row * ld + m] *= kept }
        }
      }
      if problem.isDelta {
        for m in 0..<columns { written[m] = 0 }
        for row in 0..<d {
          for m in 0..<columns { written[m] += key[row] * state[row * ld + m] }
        }
        let rate = problem.rate(piece, of: token)
        for m in 0..<columns { written[m] = rate * (value[m] - written[m]) }
      } else {
        for m in 0..<columns { written[m] = value[m] }
      }
      for row in 0..<d {
        for m in 0..<columns { state[row * ld + m] += key[row] * written[m] }
      }
      for head in piece.heads {
        let query = problem.queryRows(piece, head: head, from: token)
        let output = problem.outputRows(piece, head: head, from: token)
        for m in 0..<columns { output[m] = 0 }
        for row in 0..<d {
          for m in 0..<columns { output[m] += query[row] * state[row * ld + m] }
        }
        for m in 0..<columns { output[m] *= problem.scale }
      }
    }
  }
}
