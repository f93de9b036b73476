internal import Attention
internal import Reporting

/// A step of the ladder: a way to compute attention, and what it has that the one before has not.
enum LadderStep: String, CaseIterable, Sendable {
  case naive, unrolled
  case rows = "blas, row"
  case whole = "blas, whole"
  case blocks = "blas"
  case smallTiles = "tiled, 64"
  case tiled
  case headwise = "fused, head"
  case fused
  case fusedOnThreads = "fused, threads"

  /// What the step adds to the one before, in a few words.
  var words: String {
    switch self {
    case .naive: "the equation in loops, one sum after another"
    case .unrolled: "eight sums at once, of which the compiler makes vectors"
    case .rows: "matrix products, a query a call: wider vectors; each key is fetched again for each query"
    case .whole: "matrix products of all queries at once; all scores [B, H, L, S] are written and read back"
    case .blocks: "matrix products of up to 256 queries, whose scores are read while they are in a cache"
    case .smallTiles: "tiles of 512 keys with an online softmax, no row of scores; 64 queries a call"
    case .tiled: "up to 256 queries to a tile: its keys are packed for BLAS less often"
    case .headwise: "tiles in registers, without BLAS; each query head by itself"
    case .fused: "tiles in registers, without BLAS; query heads of a group read their keys once"
    case .fusedOnThreads: "the same on several threads"
    }
  }

  /// Queries of a call where a path is kept small.
  private static let smallBlock = 64
  /// Scores beyond that are not kept as a whole.
  static let scoreLimit = Double(1 << 30)

  /// Why the step is no other than one of its neighbours on this problem, or can't be taken; nil: it is a step.
  func omission(_ problem: AttentionCase) -> String? {
    switch self {
    case .rows where problem.queries == 1, .whole where problem.queries == 1: "there is one query only"
    case .whole where WholeMatrixAttention.scoreBytes(problem) > Self.scoreLimit:
      "all scores together would take \(ByteCount(Int(WholeMatrixAttention.scoreBytes(problem))))"
    case .smallTiles where problem.queries <= Self.smallBlock: "there are no more than \(Self.smallBlock) queries"
    case .headwise where problem.heads == problem.keyValueHeads: "no heads share their keys"
    default: nil
    }
  }

  /// The step's ways to run: one, or for ``fusedOnThreads`` one for each number of threads; none for ``naive``, which every measurement
  /// has by itself.
  func contenders(_ workload: AttentionWorkload, threads: [Int]) throws -> [any Contender] {
    switch self {
    case .naive: []
    case .unrolled: try [workload.contender(.unrolled, threads: 1)].compactMap(\.self)
    case .rows: [try PiecewiseRun(workload, .blas, queries: 1, named: rawValue)]
    case .whole: [try WholeMatrixAttention(workload, named: rawValue)]
    case .blocks: [try PlanRun(workload, .blas, threads: 1)]
    case .smallTiles: [try PiecewiseRun(workload, .tiled, queries: Self.smallBlock, named: rawValue)]
    case .tiled: [try PlanRun(workload, .tiled, threads: 1)]
    case .headwise: [try PiecewiseRun(headwise: workload, .fused, named: rawValue)]
    case .fused: [try PlanRun(workload, .fused, threads: 1)]
    case .fusedOnThreads: try threads.filter { $0 > 1 }.map { try PlanRun(workload, .fused, threads: $0) }
    }
  }

  /// The step that a result is of.
  init?(_ result: CaseResult) {
    self.init(
      rawValue: result.path == Self.fused.rawValue && result.threads > 1 ? Self.fusedOnThreads.rawValue : result.path)
  }
}
