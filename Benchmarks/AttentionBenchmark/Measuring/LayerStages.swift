internal import Attention

/// A layer's steps, timed one by one: projections, scores, softmax, weighted sum, output.
///
/// The steps are those of the BLAS path, which keeps blocks of whole score rows; on the tiled path scores, softmax and
/// weighted sum alternate from tile to tile and have no times of their own.
final class LayerStages {
  enum Stage: Int, CaseIterable {
    case projections, scores, softmax, weightedSum, output

    var name: String { self == .weightedSum ? "weighted sum" : "\(self)" }
  }

  let threads: Int
  private let layer: MultiHeadAttention<Float>
  private let plan: MultiHeadAttentionPlan<Float>
  private let input: Tensor<Float>
  private var workspace: MultiHeadAttentionWorkspace<Float>
  private let joined: Tensor<Float>
  private let scores: Tensor<Float>
  private let rowsPerBlock: Int
  private var measurements = [Measurement](repeating: Measurement(), count: Stage.allCases.count)
  private let clock = ContinuousClock()

  init(_ workload: LayerWorkload, threads: Int) throws {
    let (batch, length) = (workload.layer.batch, workload.layer.length)
    layer = try workload.parameters.layer(workload.layer)
    plan = try layer.plan(batch: batch, queries: length, options: AttentionOptions(path: .blas, workers: threads))
    workspace = try plan.makeWorkspace()
    input = try Tensor(workload.input, shape: [batch, length, workload.layer.embeddingSize])
    joined = try Tensor(zeros: input.shape)
    // Half a MiB of scores, which stay in a second-level cache.
    rowsPerBlock = max(1, min(length, (1 << 17) / length))
    scores = try Tensor(zeros: [threads, rowsPerBlock, length])
    self.threads = threads
  }

  /// Takes one sample of every step.
  func sample() throws {
    var seconds = [Double](repeating: 0, count: Stage.allCases.count)
    var start = clock.now
    let inputs = try plan.project(query: input, key: input, value: input, workspace: &workspace)
    seconds[Stage.projections.rawValue] = (clock.now - start) / .seconds(1)
    // Every worker adds up its own times.
    for worker in attend(inputs) {
      for stage in [Stage.scores, .softmax, .weightedSum] {
        seconds[stage.rawValue] += worker[stage.rawValue] / Double(threads)
      }
    }
    start = clock.now
    _ = try layer.outputProjection(joined, workers: threads)
    seconds[Stage.output.rawValue] = (clock.now - start) / .seconds(1)
    for (index, time) in seconds.enumerated() { measurements[index].append(time) }
  }

  /// Scores, softmax and weighted sum of each block of rows of each head; the seconds of each stage for each worker.
  private func attend(_ inputs: ProjectedInputs<Float>) -> [[Double]] {
    let (batch, length, headSize) = (input.shape[0], input.shape[1], layer.headSize)
    let blocks = (length + rowsPerBlock - 1) / rowsPerBlock
    let scale = 1 / Float(headSize).squareRoot()
    let arithmetic = Float.arithmetic
    let (clock, heads, rowsPerBlock) = (clock, layer.headCount, rowsPerBlock)
    let stageCount = Stage.allCases.count
    let perWorker = [Double](unsafeUninitializedCapacity: threads * stageCount) { times, initialized in
      times.initialize(repeating: 0)
      let times = times
      FanOut.run(pieces: batch * heads * blocks, workers: threads) { piece, worker in
        let (pair, block) = piece.quotientAndRemainder(dividingBy: blocks)
        let (element, head) = pair.quotientAndRemainder(dividingBy: heads)
        let rows = (block * rowsPerBlock)..<min((block + 1) * rowsPerBlock, length)
        let (query, ldQuery) = inputs.queries.row(element, rows.lowerBound, column: head * headSize)
        let (key, ldKey) = inputs.keys.row(element, 0, column: head * headSize)
        let (value, ldValue) = inputs.values.row(element, 0, column: head * headSize)
        let (target, ldTarget) = joined.row(element, rows.lowerBound, column: head * headSize)
        let scoreBlock = scores.row(worker, 0, column: 0).start
        let started = clock.now
        arithmetic.product(
          false, true, rows.count, length, headSize, scale, query, ldQuery, key, ldKey, 0, scoreBlock, length)
        let scored = clock.now
        arithmetic.kernels.softmaxRows(scoreBlock, rows.count, length, length, ScoreRules(softcap: 0), nil)
        let weighted = clock.now
        arithmetic.product(
          false, false, rows.count, headSize, length, 1, scoreBlock, length, value, ldValue, 0, target, ldTarget)
        let summed = clock.now
        let own = worker * stageCount
        times[own + Stage.scores.rawValue] += (scored - started) / .seconds(1)
        times[own + Stage.softmax.rawValue] += (weighted - scored) / .seconds(1)
        times[own + Stage.weightedSum.rawValue] += (summed - weighted) / .seconds(1)
      }
      initialized = threads * stageCount
    }
    return (0..<threads).map { Array(perWorker[($0 * stageCount)..<(($0 + 1) * stageCount)]) }
  }

  /// The output [B, L, E] of the steps sampled last.
  func output() throws -> [Float] { try layer.outputProjection(joined, workers: threads).elements }

  /// Each stage's part of the sum of all, from 0 to 1, by the medians.
  var shares: [(stage: Stage, share: Double)] {
    let medians = measurements.map { $0.median ?? 0 }
    let sum = medians.reduce(0, +)
    return Stage.allCases.map { ($0, sum > 0 ? medians[$0.rawValue] / sum : 0) }
  }
}

extension Tensor {
  /// The address of element [batch, row, column] of a tensor of rank 3, and the distance to the next row.
  fileprivate func row(_ batch: Int, _ row: Int, column: Int) -> (start: UnsafeMutablePointer<Element>, ld: Int) {
    let start = layout.offset + batch * layout.strides[0] + row * layout.strides[1] + column
    return (storage.base + start, layout.strides[1])
  }
}
