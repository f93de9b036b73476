import Foundation
import Testing

@testable import AttentionBenchmark

@Suite struct MiniLMFileTests {
  private var path: String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(MiniLMFile.path).path
  }

  @Test func sizes() throws {
    let file = try MiniLMFile(contentsOf: path)
    #expect(file.sentence.length == 19)
    #expect(file.expected.count == 19 * 384)
    #expect(file.parameters.inputWeight.count == 3 * 384 * 384)
    #expect(file.parameters.outputBias.count == 384)
  }

  @Test func layerAgreesWithPyTorch() throws {
    let workload = LayerWorkload(try MiniLMFile(contentsOf: path))
    let layer = try #require(try workload.contender(.tiled, threads: 1))
    try layer.run()
    let rows = Array(0..<19)
    let agreement = Agreement(
      layer.output(), workload.exactRows(rows, workers: 1), rows: rows, rowSize: workload.rowSize)
    #expect(agreement.maxError <= 1e-5 + 2e-5 * abs(agreement.expected), "\(agreement)")
  }

  @Test func repeatsTheSentence() throws {
    let file = try MiniLMFile(contentsOf: path)
    let workload = LayerWorkload(.miniLM, repeating: file)
    #expect(workload.input.count == 8 * 128 * 384)
    #expect(workload.input[19 * 384 + 5] == file.hidden[5])
  }
}
