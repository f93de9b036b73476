internal import Attention

/// One of the package's paths called again and again on one thread, each time for a part of the problem: what the path is without
/// the freedom to take more at once.
final class PiecewiseRun: Contender {
  let path: String
  let threads = 1
  private let queries: [Float]
  private let keys: [Float]
  private let values: [Float]
  private let queryStrides: HeadStrides
  private let keyStrides: HeadStrides
  private let pieces: [Piece]
  private var workspace: AttentionWorkspace<Float>
  private var result: [Float]

  /// A call: its plan, and where its queries and its keys begin in memory.
  private struct Piece {
    let plan: AttentionPlan<Float>
    let queries: Int
    let keys: Int
  }

  private init(_ workload: AttentionWorkload, _ pieces: [Piece], named path: String) throws {
    let problem = workload.problem
    self.path = path
    self.pieces = pieces
    (queries, keys, values) = (workload.queries, workload.keys, workload.values)
    queryStrides = .headsFirst(heads: problem.heads, rows: problem.queries, headSize: problem.headSize)
    keyStrides = .headsFirst(heads: problem.keyValueHeads, rows: problem.keys, headSize: problem.headSize)
    workspace = try pieces[0].plan.makeWorkspace()
    result = [Float](repeating: 0, count: workload.queries.count)
  }

  /// Some queries of all heads a call.
  ///
  /// - Parameters:
  ///   - workload: the whole problem.
  ///   - planned: the path of every call.
  ///   - size: queries of a call, at most.
  ///   - path: what the report calls it.
  convenience init(_ workload: AttentionWorkload, _ planned: AttentionPath, queries size: Int, named path: String)
    throws
  {
    let problem = workload.problem
    let pieces = try stride(from: 0, to: problem.queries, by: size).map { first in
      let shape = try AttentionShape(
        batch: problem.batch, heads: problem.heads, keyValueHeads: problem.keyValueHeads,
        queries: min(size, problem.queries - first), keys: problem.keys, headSize: problem.headSize)
      let options = AttentionOptions(alignment: .offset(first), path: planned, workers: 1)
      let plan = try AttentionPlan(shape: shape, mask: problem.mask, options: options)
      return Piece(plan: plan, queries: first * problem.headSize, keys: 0)
    }
    try self.init(workload, pieces, named: path)
  }

  /// A query head a call, so that heads of a group don't share what is read of their keys and values.
  ///
  /// - Parameters:
  ///   - workload: the whole problem.
  ///   - planned: the path of every call.
  ///   - path: what the report calls it.
  convenience init(headwise workload: AttentionWorkload, _ planned: AttentionPath, named path: String) throws {
    let problem = workload.problem
    let plan = try AttentionPlan(
      shape: AttentionShape(queries: problem.queries, keys: problem.keys, headSize: problem.headSize),
      mask: problem.mask, options: AttentionOptions(alignment: .start, path: planned, workers: 1))
    let pieces = (0..<(problem.batch * problem.heads)).map { head in
      // (b·H + h) / (H / G) = b·G + h / (H / G)
      let group = head / (problem.heads / problem.keyValueHeads)
      return Piece(
        plan: plan, queries: head * problem.queries * problem.headSize, keys: group * problem.keys * problem.headSize)
    }
    try self.init(workload, pieces, named: path)
  }

  var scratchBytes: Int { workspace.byteCount }

  func run() throws {
    let (queries, keys, values) = (queries, keys, values)
    try result.withUnsafeMutableBufferPointer { result in
      for piece in pieces {
        var target = UnsafeMutableBufferPointer(rebasing: result[piece.queries...]).mutableSpan
        try piece.plan.run(
          queries: queries.span.extracting(piece.queries...), queryStrides: queryStrides,
          keys: keys.span.extracting(piece.keys...), keyStrides: keyStrides,
          values: values.span.extracting(piece.keys...), valueStrides: keyStrides, into: &target,
          outputStrides: queryStrides, workspace: &workspace)
      }
    }
  }

  func output() -> [Float] { result }
}
