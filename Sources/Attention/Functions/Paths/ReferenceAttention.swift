internal import Glibc
internal import Tensors

/// Attention in plain loops: the specification that the other paths are held to.
///
/// softmax(mask(softcap(scale·Q·Kᵀ) + bias))·V, row by row (Vaswani et al. 2017, section 3.2.1, equation 1; ONNX Attention, opset 24,
/// for the order of softcap, bias and mask). A row with nothing to attend gives 0.
enum ReferenceAttention {
  /// One row of scores per worker.
  static func scratchCount(shape: AttentionShape) -> Int { shape.keys }

  static func run<Scalar: BLASScalar>(
    _ problem: AttentionProblem<Scalar>, scratch: ScratchSlices<Scalar>, workers: Int
  ) {
    let shape = problem.shape
    FanOut.run(pieces: shape.batch * shape.heads, workers: workers) { piece, worker in
      attend(problem, batch: piece / shape.heads, head: piece % shape.heads, scores: scratch[worker])
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private static func attend<Scalar: BLASScalar>(
    _ problem: AttentionProblem<Scalar>, batch: Int, head: Int, scores: UnsafeMutablePointer<Scalar>
  ) {
    let shape = problem.shape
    let mask = problem.mask
    let (d, dv, s) = (shape.headSize, shape.valueHeadSize, shape.keys)
    let keyValueHead = problem.keyValueHead(head)
    let keys = problem.keys[batch, keyValueHead]
    let values = problem.values[batch, keyValueHead]
    let (keyStride, valueStride) = (problem.keys.strides.row, problem.values.strides.row)
    for i in 0..<shape.queries {
      let query = problem.queries[batch, head] + i * problem.queries.strides.row
      let output = problem.output[batch, head] + i * problem.output.strides.row
      let range = mask.range(batch: batch, query: i)
      let keep = mask.keep?.row(batch: batch, head: head, query: i)
      let bias = mask.bias?.row(batch: batch, head: head, query: i)
      let row = problem.scoreRow(batch: batch, head: head, query: i) * s
      // Decided by the mask (a bias of −∞ among it), never by what the scores hold.
      func isAttended(_ j: Int) -> Bool {
        j >= range.first && j < range.end && (keep?[j] ?? true) && bias?[j] != -.infinity
      }

      var maximum = -Scalar.infinity
      for j in 0..<s {
        let attended = isAttended(j)
        guard attended || problem.details.coversMasked else {
          scores[j] = -.infinity
          problem.details.maskedScores?[row + j] = -.infinity
          continue
        }
        let key = keys + j * keyStride
        var score: Scalar = 0
        for e in 0..<d { score += query[e] * key[e] }
        score *= problem.scale
        problem.details.rawScores?[row + j] = score
        if problem.softcap > 0 {
          score = problem.softcap * Scalar(tanh(Double(score / problem.softcap)))
        }
        problem.details.cappedScores?[row + j] = score
        if attended, let bias { score += bias[j] }
        if !attended { score = -.infinity }
        problem.details.maskedScores?[row + j] = score
        scores[j] = score
        if score > maximum { maximum = score }
      }

      let shift = maximum == -.infinity ? 0 : maximum
      var sum: Scalar = 0
      for j in 0..<s {
        guard isAttended(j) else {
          scores[j] = 0
          continue
        }
        scores[j] = Scalar(exp(Double(scores[j] - shift)))
        sum += scores[j]
      }
      problem.details.logSumExp?[problem.scoreRow(batch: batch, head: head, query: i)] =
        sum == 0 ? -.infinity : shift + Scalar(log(Double(sum)))
      for e in 0..<dv { output[e] = 0 }
      for j in 0..<s {
        guard sum != 0, isAttended(j) else {
          problem.details.weights?[row + j] = 0
          continue
        }
        let weight = scores[j] / sum
        problem.details.weights?[row + j] = weight
        let value = values + j * valueStride
        for e in 0..<dv { output[e] += weight * value[e] }
      }
    }
  }
}
