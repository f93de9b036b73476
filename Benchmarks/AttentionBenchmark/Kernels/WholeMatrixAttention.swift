internal import Attention

/// Attention as the equation says it to a BLAS library, on one thread: all scores S = Q·Kᵀ/√D of all heads, [B, H, L, S]; softmax
/// of all rows; all weighted sums. Scores that a mask takes away are computed all the same.
///
/// The products and the softmax are those of the package's BLAS path; what that path adds is that it takes some rows at a time, whose
/// scores are still in a cache when they are read again.
final class WholeMatrixAttention: Contender {
  let path: String
  let threads = 1
  private let problem: AttentionCase
  private let queries: Tensor<Float>
  private let keys: Tensor<Float>
  private let values: Tensor<Float>
  /// [B, H, L, S]
  private let scores: Tensor<Float>
  private let logSumExp: Tensor<Float>
  private var result: Tensor<Float>
  /// The attended keys of a head's rows.
  private let first: [Int32]
  private let end: [Int32]

  init(_ workload: AttentionWorkload, named path: String) throws {
    problem = workload.problem
    self.path = path
    let (b, h, g) = (problem.batch, problem.heads, problem.keyValueHeads)
    let (l, s, d) = (problem.queries, problem.keys, problem.headSize)
    queries = try Tensor(workload.queries, shape: [b, h, l, d])
    keys = try Tensor(workload.keys, shape: [b, g, s, d])
    values = try Tensor(workload.values, shape: [b, g, s, d])
    scores = try Tensor(zeros: [b, h, l, s])
    logSumExp = try Tensor(zeros: [l])
    result = try Tensor(zeros: [b, h, l, d])
    first = (0..<l).map { [problem] in Int32(problem.attendedKeys(query: $0).lowerBound) }
    end = (0..<l).map { [problem] in Int32(problem.attendedKeys(query: $0).upperBound) }
  }

  /// Bytes of the scores of a problem.
  static func scoreBytes(_ problem: AttentionCase) -> Double {
    Double(problem.rowCount) * Double(problem.keys) * Double(MemoryLayout<Float>.stride)
  }

  var scratchBytes: Int { (scores.count + logSumExp.count) * MemoryLayout<Float>.stride }

  func run() throws {
    let (l, s, d) = (problem.queries, problem.keys, problem.headSize)
    let groupSize = problem.heads / problem.keyValueHeads
    let scoring = try GEMM<Float>(m: l, n: s, k: d, transposesB: true, alpha: 1 / Float(d).squareRoot())
    let weighting = try GEMM<Float>(m: l, n: d, k: s)
    // Query heads of a group follow each other and share their keys.
    let heads = try BatchedGEMM(scoring, count: groupSize, strideA: l * d, strideB: 0, strideC: l * s)
    let sums = try BatchedGEMM(weighting, count: groupSize, strideA: l * s, strideB: 0, strideC: l * d)
    let (scoreBase, base) = (scores.storage.base, result.storage.base)
    for group in 0..<(problem.batch * problem.keyValueHeads) {
      let query = group * groupSize * l
      heads.run(
        queries.storage.base + query * d, keys.storage.base + group * s * d, scoreBase + query * s, workers: 1)
    }
    first.withUnsafeBufferPointer { first in
      end.withUnsafeBufferPointer { end in
        let rules = ScoreRules<Float>(
          softcap: 0, first: problem.isCausal ? first.baseAddress : nil,
          end: problem.isCausal ? end.baseAddress : nil)
        for head in 0..<(problem.batch * problem.heads) {
          Float.arithmetic.kernels.softmaxRows(scoreBase + head * l * s, l, s, s, rules, logSumExp.storage.base)
        }
      }
    }
    for group in 0..<(problem.batch * problem.keyValueHeads) {
      let query = group * groupSize * l
      sums.run(scoreBase + query * s, values.storage.base + group * s * d, base + query * d, workers: 1)
    }
  }

  func output() -> [Float] { result.elements }
}
