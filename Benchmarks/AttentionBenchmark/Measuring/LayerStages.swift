internal import Attention

/// A layer's steps, timed one by one: projections, scores, softmax, weighted sum, output.
///
/// The steps are the same calls that the layer makes on the BLAS path, on the same blocks of whole score rows, with a clock
/// between them: the output is the layer's to the bit. On the tiled path scores, softmax and weighted sum alternate from
/// tile to tile and have no times of their own.
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
  private let leadingDimension: Int
  private var measurements = [Measurement](repeating: Measurement(), count: Stage.allCases.count)
  private let clock = ContinuousClock()

  init(_ workload: LayerWorkload, threads: Int) throws {
    let (batch, length) = (workload.layer.batch, workload.layer.length)
    layer = try workload.parameters.layer(workload.layer)
    plan = try layer.plan(batch: batch, queries: length, options: AttentionOptions(path: .blas, workers: threads))
    workspace = try plan.makeWorkspace()
    input = try Tensor(workload.input, shape: [batch, length, workload.layer.embeddingSize])
    joined = try Tensor(zeros: input.shape)
    (rowsPerBlock, leadingDimension) = try plan.attention.blockSize()
    // A row more for the rows' log-sum-exps, as the path keeps them behind its scores.
    scores = try Tensor(zeros: [threads, rowsPerBlock + (rowsPerBlock - 1) / leadingDimension + 1, leadingDimension])
    self.threads = threads
  }

  /// Takes one sample of every step.
  func sample() throws {
    var seconds = [Double](repeating: 0, count: Stage.allCases.count)
    var start = clock.now
    let inputs = try plan.project(query: input, key: input, value: input, workspace: &workspace)
    seconds[Stage.projections.rawValue] = (clock.now - start) / .seconds(1)
    start = clock.now
    let own = attend(inputs)
    let attention = (clock.now - start) / .seconds(1)
    // Workers pass from stage to stage at times of their own: the time of all is shared out as their sums are.
    let sum = own.reduce(0, +)
    for stage in [Stage.scores, .softmax, .weightedSum] where sum > 0 {
      seconds[stage.rawValue] = attention * own[stage.rawValue] / sum
    }
    start = clock.now
    _ = try projectedOutput()
    seconds[Stage.output.rawValue] = (clock.now - start) / .seconds(1)
    for (index, time) in seconds.enumerated() { measurements[index].append(time) }
  }

  /// Scores, softmax and weighted sum of each block of rows of each head; the seconds of each stage, summed over workers.
  private func attend(_ inputs: ProjectedInputs<Float>) -> [Double] {
    let (batch, length, headSize) = (input.shape[0], input.shape[1], layer.headSize)
    let blocks = (length + rowsPerBlock - 1) / rowsPerBlock
    let scale = 1 / Float(headSize).squareRoot()
    let arithmetic = Float.arithmetic
    let (clock, heads, rowsPerBlock, ld) = (clock, layer.headCount, rowsPerBlock, leadingDimension)
    let stageCount = Stage.allCases.count
    let perWorker = [Double](unsafeUninitializedCapacity: threads * stageCount) { times, initialized in
      times.initialize(repeating: 0)
      let times = times
      FanOut.run(pieces: batch * heads * blocks, workers: threads) { piece, worker in
        let (pair, block) = piece.quotientAndRemainder(dividingBy: blocks)
        let (element, head) = pair.quotientAndRemainder(dividingBy: heads)
        let start = (blocks - 1 - block) * rowsPerBlock
        let rows = start..<min(start + rowsPerBlock, length)
        let (query, ldQuery) = inputs.queries.row(element, rows.lowerBound, column: head * headSize)
        let (key, ldKey) = inputs.keys.row(element, 0, column: head * headSize)
        let (value, ldValue) = inputs.values.row(element, 0, column: head * headSize)
        let (target, ldTarget) = joined.row(element, rows.lowerBound, column: head * headSize)
        let scoreBlock = scores.row(worker, 0, column: 0).start
        let started = clock.now
        arithmetic.product(
          false, true, rows.count, length, headSize, scale, query, ldQuery, key, ldKey, 0, scoreBlock, ld)
        let scored = clock.now
        arithmetic.kernels.softmaxRows(
          scoreBlock, rows.count, length, ld, ScoreRules(softcap: 0), scoreBlock + rows.count * ld)
        let weighted = clock.now
        arithmetic.product(
          false, false, rows.count, headSize, length, 1, scoreBlock, ld, value, ldValue, 0, target, ldTarget)
        let summed = clock.now
        let own = worker * stageCount
        times[own + Stage.scores.rawValue] += (scored - started) / .seconds(1)
        times[own + Stage.softmax.rawValue] += (weighted - scored) / .seconds(1)
        times[own + Stage.weightedSum.rawValue] += (summed - weighted) / .seconds(1)
      }
      initialized = threads * stageCount
    }
    return (0..<stageCount).map { stage in (0..<threads).reduce(0) { $0 + perWorker[$1 * stageCount + stage] } }
  }

  /// The output [B, L, E] of the steps sampled last.
  func output() throws -> [Float] { try projectedOutput().elements }

  private func projectedOutput() throws -> Tensor<Float> {
    try layer.outputProjection.result(of: joined, packs: false, workers: threads)
  }

  private var medians: [Double] { measurements.map { $0.median ?? 0 } }

  /// The seconds of all stages together, by the medians.
  var total: Double { medians.reduce(0, +) }

  /// Each stage's part of ``total``, from 0 to 1.
  var shares: [(stage: Stage, share: Double)] {
    let (medians, sum) = (medians, total)
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
