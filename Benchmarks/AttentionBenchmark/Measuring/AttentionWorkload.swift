internal import Attention

/// An attention problem with its input drawn at random.
struct AttentionWorkload: Workload {
  let problem: AttentionCase
  /// [B, H, L, D]
  let queries: [Float]
  /// [B, G, S, D]
  let keys: [Float]
  /// [B, G, S, D]
  let values: [Float]

  init(_ problem: AttentionCase, seed: UInt64) throws(AttentionError) {
    self.problem = problem
    var numbers = Xoshiro256(seed: seed, stream: problem.name)
    let keyCount = problem.batch * problem.keyValueHeads * problem.keys * problem.headSize
    queries = try numbers.normal(problem.rowCount * problem.headSize)
    keys = try numbers.normal(keyCount)
    values = try numbers.normal(keyCount)
  }

  var labels: CaseLabels {
    CaseLabels(
      name: problem.name, batch: problem.batch, heads: problem.heads, keyValueHeads: problem.keyValueHeads,
      queries: problem.queries, keys: problem.keys, headSize: problem.headSize, isCausal: problem.isCausal)
  }

  func tensors() throws -> [(name: String, tensor: Tensor<Float>)] {
    let keyShape = [problem.batch, problem.keyValueHeads, problem.keys, problem.headSize]
    return [
      ("queries", try Tensor(queries, shape: outputShape)), ("keys", try Tensor(keys, shape: keyShape)),
      ("values", try Tensor(values, shape: keyShape)),
    ]
  }

  var outputShape: [Int] { [problem.batch, problem.heads, problem.queries, problem.headSize] }
  var usefulOperations: Double { problem.usefulOperations }
  var rowCount: Int { problem.rowCount }
  var rowSize: Int { problem.headSize }
  var decodedKeyCount: Int? { problem.decodedKeyCount }

  func operations(ofRows rows: [Int]) -> Double {
    let pairs = rows.reduce(0) { $0 + problem.attendedKeys(query: $1 % problem.queries).count }
    return 4 * Double(pairs) * Double(problem.headSize)
  }

  func naiveRows(_ rows: [Int]) -> [Float] {
    NaiveAttention(problem: problem).rows(rows, queries: queries, keys: keys, values: values)
  }

  func exactRows(_ rows: [Int], workers: Int) -> [Double] {
    DoubleOracle(problem: problem).rows(
      rows, queries: queries.map(Double.init), keys: keys.map(Double.init), values: values.map(Double.init),
      workers: workers)
  }

  func naive() -> any Contender {
    let (kernel, queries, keys, values) = (NaiveAttention(problem: problem), queries, keys, values)
    return LoopRun(path: "naive", outputCount: queries.count, scratchCount: problem.keys) { output in
      kernel(queries: queries, keys: keys, values: values, into: &output)
    }
  }

  func contender(_ path: BenchmarkPath, threads: Int) throws -> (any Contender)? {
    if let planned = path.planned {
      return try PlanRun(self, planned, isReproducible: path == .reproducible, threads: threads)
    }
    guard threads == 1 else { return nil }
    let (kernel, queries, keys, values) = (UnrolledAttention(problem: problem), queries, keys, values)
    return LoopRun(path: path.rawValue, outputCount: queries.count, scratchCount: problem.keys) { output in
      kernel(queries: queries, keys: keys, values: values, into: &output)
    }
  }

  func index(row: Int, column: Int) -> [Int] {
    let (batchAndHead, query) = row.quotientAndRemainder(dividingBy: problem.queries)
    return [batchAndHead / problem.heads, batchAndHead % problem.heads, query, column]
  }
}
