import Attention
import Testing

@testable import AttentionBenchmark

@Suite struct NaiveLayerTests {
  static let shapes = ["2,7,15,5", "1,5,6,2", "3,1,7,7", "1,11,13,1", "2,3,15,5,7", "3,1,22,2,13"]

  /// The package's layer in Double, on the reference path.
  private func reference(_ workload: LayerWorkload) throws -> [Double] {
    let (layer, parameters) = (workload.layer, workload.parameters)
    let e = layer.embeddingSize
    func tensor(_ numbers: [Float], _ shape: [Int]) throws -> Tensor<Double> {
      try Tensor(numbers.map(Double.init), shape: shape)
    }
    let attention = try MultiHeadAttention<Double>(
      inputProjection: .packed(
        Linear(weight: tensor(parameters.inputWeight, [3 * e, e]), bias: tensor(parameters.inputBias, [3 * e]))),
      outputProjection: Linear(
        weight: tensor(parameters.outputWeight, [e, e]), bias: tensor(parameters.outputBias, [e])),
      headCount: layer.heads)
    let input = try tensor(workload.input, [layer.batch, layer.length, e])
    guard layer.cachedKeys > 0 else { return try attention(input, path: .reference, workers: 1).elements }
    var cache = try attention.makeCache(batch: layer.batch, capacity: layer.keys)
    let shape = CachedRows.shape(layer)
    try cache.append(keys: tensor(workload.cached.keys, shape), values: tensor(workload.cached.values, shape))
    return try attention(input, appendingTo: &cache, options: AttentionOptions(path: .reference, workers: 1))
      .output.elements
  }

  @Test(arguments: shapes) func naive(shape: String) throws {
    let workload = try LayerWorkload(LayerCase(parsing: shape), seed: 5)
    let naive = workload.naive()
    try naive.run()
    let agreement = Agreement(
      naive.output(), try reference(workload), rows: Array(0..<workload.rowCount), rowSize: workload.rowSize)
    #expect(agreement.maxError < 2e-6, "\(agreement)")
  }

  @Test(arguments: shapes) func naiveRowsAreRowsOfTheWhole(shape: String) throws {
    let workload = try LayerWorkload(LayerCase(parsing: shape), seed: 5)
    let naive = workload.naive()
    try naive.run()
    let whole = naive.output()
    let rows = Array(stride(from: workload.rowCount - 1, through: 0, by: -2))
    let size = workload.rowSize
    #expect(workload.naiveRows(rows) == rows.flatMap { whole[($0 * size)..<(($0 + 1) * size)] })
  }

  @Test(arguments: shapes) func oracle(shape: String) throws {
    let workload = try LayerWorkload(LayerCase(parsing: shape), seed: 5)
    let expected = try reference(workload)
    let exact = workload.exactRows(Array(0..<workload.rowCount), workers: 2)
    #expect(exact.count == expected.count)
    #expect((zip(exact, expected).map { abs($0 - $1) }.max() ?? .infinity) < 1e-13)
  }
}
