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
          let memory = state + row * ld
          for m in 0..<columns { memory[m] *= kept }
        }
      }
      if problem.isDelta {
        for m in 0..<columns { written[m] = 0 }
        for row in 0..<d { add(state + row * ld, times: key[row], to: written, columns) }
        let rate = problem.rate(piece, of: token)
        for m in 0..<columns { written[m] = rate * (value[m] - written[m]) }
      } else {
        for m in 0..<columns { written[m] = value[m] }
      }
      for row in 0..<d { add(written, times: key[row], to: state + row * ld, columns) }
      for head in piece.heads {
        let query = problem.queryRows(piece, head: head, from: token)
        let output = problem.outputRows(piece, head: head, from: token)
        for m in 0..<columns { output[m] = 0 }
        for row in 0..<d { add(state + row * ld, times: query[row], to: output, columns) }
        for m in 0..<columns { output[m] *= problem.scale }
      }
    }
  }

  /// target += factor·source. The factor is a value, since one in memory could change with the target, and the loop would run without
  /// vectors.
  private static func add<Scalar: BLASScalar>(
    _ source: UnsafePointer<Scalar>, times factor: Scalar, to target: UnsafeMutablePointer<Scalar>, _ count: Int
  ) {
    for m in 0..<count { target[m] += factor * source[m] }
  }
}
