import Attention
import Testing

@testable import AttentionBenchmark

@Suite struct LayerStagesTests {
  private func stages(_ shape: String, threads: Int) throws -> (LayerStages, LayerWorkload) {
    let workload = try LayerWorkload(LayerCase(parsing: shape), seed: 5)
    return (try #require(try workload.stages(threads: threads)), workload)
  }

  /// The same products and kernels on the same blocks of rows give the same bits; 521 rows are blocks of 256, 256 and 9.
  @Test(arguments: ["2,7,15,5", "1,1,3,1", "1,521,22,2", "3,127,11,1"], [1, 2, 3])
  func computeWhatTheBLASPathDoes(shape: String, threads: Int) throws {
    let (stages, workload) = try stages(shape, threads: threads)
    try stages.sample()
    let path = try LayerRun(workload, .blas, threads: threads)
    try path.run()
    let (actual, expected) = (try stages.output(), path.output())
    #expect(actual.count == workload.rowCount * workload.rowSize)
    let differing = zip(actual, expected).enumerated().filter { $1.0.bitPattern != $1.1.bitPattern }
      .map(\.offset)
    #expect(differing.count == 0, "of \(actual.count), the first at \(differing.first ?? -1)")
  }

  @Test(arguments: [1, 2]) func sharesMakeOne(threads: Int) throws {
    let (stages, _) = try stages("2,7,15,5", threads: threads)
    #expect(stages.total == 0)
    #expect(stages.shares.allSatisfy { $0.share == 0 })
    for _ in 0..<3 { try stages.sample() }
    #expect(stages.shares.map(\.stage.name) == ["projections", "scores", "softmax", "weighted sum", "output"])
    #expect(stages.shares.allSatisfy { $0.share > 0 })
    #expect(abs(stages.shares.reduce(0) { $0 + $1.share } - 1) < 1e-12)
    #expect(stages.total > 0)
  }
}
