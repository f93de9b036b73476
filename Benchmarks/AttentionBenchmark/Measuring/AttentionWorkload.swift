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

  init(_ problem: AttentionCase, seed: UInt64) {
    self.problem = problem
    var numbers = SeededNumbers(seed: seed, stream: problem.name)
    let keyCount = problem.batch * problem.keyValueHeads * problem.keys * problem.headSize
    queries = numbers.normal(problem.rowCount * problem.headSize)
    keys = numbers.normal(keyCount)
    values = numbers.normal(keyCount)
  }

  var labels: CaseLabels {
    CaseLabels(
      name: problem.name, batch: problem.batch, heads: problem.heads, keyValueHeads: problem.keyValueHeads,
      queries: problem.queries, keys: problem.keys, headSize: problem.headSize, isCausal: problem.isCausal)
  }

  var usefulOperations: Double { problem.usefulOperations }
  var rowCount: Int { problem.rowCount }
  var rowSize: Int { problem.headSize }

  func operations(ofRows rows: [Int]) -> Double {
    let pairs = rows.reduce(0) { $0 + problem.attendedKeys(query: $1 % problem.queries) }
    return 4 * Double(pairs) * Double(problem.headSize)
  }

  func naiveRows(_ rows: [Int]) -> [Float] {
    NaiveAttention(problem: problem).rows(rows, queries: queries, keys: keys, values: values)
  }

  func exactRows(_ rows: [Int], workers: Int) -> [Double] {
    DoubleOracle(problem: problem).rows(rows, queries: queries, keys: keys, values: values, workers: workers)
  }

  func naive() -> any Contender {
    let (kernel, queries, keys, values) = (NaiveAttention(problem: problem), queries, keys, values)
    return LoopRun(path: "naive", outputCount: queries.count, scratchCount: problem.keys) { output in
      kernel(queries: queries, keys: keys, values: values, into: &output)
    }
  }

  func contender(_ path: BenchmarkPath, threads: Int) throws -> (any Contender)? {
    let planned: AttentionPath
    switch path {
    case .auto: planned = .automatic
    case .reference: planned = .reference
    case .blas: planned = .blas
    case .tiled: planned = .tiled
    case .unrolled:
      guard threads == 1 else { return nil }
      let (kernel, queries, keys, values) = (UnrolledAttention(problem: problem), queries, keys, values)
      return LoopRun(path: path.rawValue, outputCount: queries.count, scratchCount: problem.keys) { output in
        kernel(queries: queries, keys: keys, values: values, into: &output)
      }
    }
    return try PlanRun(self, planned, threads: threads)
  }

  func index(row: Int, column: Int) -> [Int] {
    let (batchAndHead, query) = row.quotientAndRemainder(dividingBy: problem.queries)
    return [batchAndHead / problem.heads, batchAndHead % problem.heads, query, column]
  }
}

/// One of the package's paths on a plan, a workspace and an output that every run uses again.
final class PlanRun: Contender {
  let path: String
  let threads: Int
  private let plan: AttentionPlan<Float>
  private let queries: Tensor<Float>
  private let keys: Tensor<Float>
  private let values: Tensor<Float>
  private var workspace: AttentionWorkspace<Float>
  private var result: Tensor<Float>

  init(_ workload: AttentionWorkload, _ path: AttentionPath, threads: Int) throws {
    let problem = workload.problem
    plan = try AttentionPlan(
      shape: problem.shape(), mask: problem.mask,
      options: AttentionOptions(alignment: .start, path: path, workers: threads))
    workspace = try plan.makeWorkspace()
    self.path = path.rawValue
    self.threads = threads
    let queryShape = [problem.batch, problem.heads, problem.queries, problem.headSize]
    let keyShape = [problem.batch, problem.keyValueHeads, problem.keys, problem.headSize]
    queries = try Tensor(workload.queries, shape: queryShape)
    keys = try Tensor(workload.keys, shape: keyShape)
    values = try Tensor(workload.values, shape: keyShape)
    result = try Tensor(zeros: queryShape)
  }

  var scratchBytes: Int { workspace.byteCount }

  func run() throws {
    try plan.run(queries: queries, keys: keys, values: values, into: &result, workspace: &workspace)
  }

  func output() -> [Float] { result.elements }
}

/// A kernel of loops over arrays, on one thread.
final class LoopRun: Contender {
  let path: String
  let threads = 1
  let scratchBytes: Int
  private let body: (inout [Float]) -> Void
  private var result: [Float]

  /// - Parameter scratchCount: how many numbers `body` keeps besides its output.
  init(path: String, outputCount: Int, scratchCount: Int, _ body: @escaping (inout [Float]) -> Void) {
    self.path = path
    self.body = body
    scratchBytes = scratchCount * MemoryLayout<Float>.stride
    result = [Float](repeating: 0, count: outputCount)
  }

  func run() { body(&result) }

  func output() -> [Float] { result }
}
