internal import Attention

/// The package's multi-head layer over a cache, on a plan, a workspace and an output that every run uses again: each run appends
/// the same rows and then forgets them, so that all attend as many keys.
final class CachedLayerRun: Contender {
  let path: String
  let threads: Int
  private let plan: MultiHeadAttentionPlan<Float>
  private let input: Tensor<Float>
  private let cachedKeys: Int
  private var cache: KeyValueCache<Float>
  private var workspace: MultiHeadAttentionWorkspace<Float>
  private var result: Tensor<Float>

  init(_ workload: LayerWorkload, _ path: AttentionPath, threads: Int) throws {
    let problem = workload.layer
    let layer = try workload.parameters.layer(problem)
    cache = try layer.makeCache(batch: problem.batch, capacity: problem.keys)
    let shape = CachedRows.shape(problem)
    try cache.append(
      keys: Tensor(workload.cached.keys, shape: shape), values: Tensor(workload.cached.values, shape: shape))
    plan = try layer.plan(
      cache: cache, queries: problem.length, options: AttentionOptions(path: path, workers: threads))
    workspace = try plan.makeWorkspace()
    self.path = path.rawValue
    self.threads = threads
    cachedKeys = problem.cachedKeys
    input = try Tensor(workload.input, shape: [problem.batch, problem.length, problem.embeddingSize])
    result = try Tensor(zeros: input.shape)
  }

  var scratchBytes: Int { workspace.byteCount }

  func run() throws {
    try cache.truncate(to: cachedKeys)
    try plan.run(input, appendingTo: &cache, into: &result, workspace: &workspace)
  }

  func output() -> [Float] { result.elements }

  var planPath: String? { plan.attention.path.rawValue }
}
