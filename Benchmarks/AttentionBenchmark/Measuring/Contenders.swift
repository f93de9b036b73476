internal import Attention

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

  init(_ workload: AttentionWorkload, _ path: AttentionPath, isReproducible: Bool = false, threads: Int) throws {
    let problem = workload.problem
    plan = try AttentionPlan(
      shape: problem.shape(), mask: problem.mask,
      options: AttentionOptions(
        alignment: .start, path: path, isReproducible: isReproducible, workers: threads))
    workspace = try plan.makeWorkspace()
    self.path = isReproducible ? BenchmarkPath.reproducible.rawValue : path.rawValue
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

  var planPath: String? { plan.path.rawValue }
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

/// The package's multi-head layer on a plan, a workspace and an output that every run uses again.
final class LayerRun: Contender {
  let path: String
  let threads: Int
  private let plan: MultiHeadAttentionPlan<Float>
  private let input: Tensor<Float>
  private var workspace: MultiHeadAttentionWorkspace<Float>
  private var result: Tensor<Float>

  init(_ workload: LayerWorkload, _ path: AttentionPath, threads: Int) throws {
    let layer = workload.layer
    plan = try workload.parameters.layer(layer).plan(
      batch: layer.batch, queries: layer.length, options: AttentionOptions(path: path, workers: threads))
    workspace = try plan.makeWorkspace()
    self.path = path.rawValue
    self.threads = threads
    input = try Tensor(workload.input, shape: [layer.batch, layer.length, layer.embeddingSize])
    result = try Tensor(zeros: input.shape)
  }

  var scratchBytes: Int { workspace.byteCount }

  func run() throws {
    try plan.run(query: input, key: input, value: input, into: &result, workspace: &workspace)
  }

  func output() -> [Float] { result.elements }

  var planPath: String? { plan.attention.path.rawValue }
}
