import Attention
import Checkpoints
import Foundation
import Testing

@testable import AttentionBenchmark

@Suite struct TensorExportTests {
  /// What a run over the workload exports.
  private func export(_ workload: some Workload) throws -> SafetensorsFile {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    var runner = CaseRunner()
    runner.companions = []
    (runner.paths, runner.threads, runner.samples) = ([.blas, .auto], [1, 2], 1)
    runner.exportFolder = folder.path
    _ = try runner.measure(workload)
    return try SafetensorsFile(
      contentsOf: folder.appendingPathComponent("\(workload.labels.name).safetensors").path)
  }

  private static let outputs = ["output.auto.1", "output.auto.2", "output.blas.1", "output.blas.2"]

  @Test func attention() throws {
    let workload = try AttentionWorkload(AttentionCase(parsing: "2,6,3,5,7,11,causal"), seed: 1)
    let file = try export(workload)
    #expect(Set(file.names) == Set(Self.outputs + ["queries", "keys", "values"]))
    let keys = try file.tensor("keys", as: Float.self)
    #expect(keys.shape == [2, 3, 7, 11])
    #expect(keys.elements == workload.keys)
    let contender = try #require(try workload.contender(.blas, threads: 2))
    try contender.run()
    let output = try file.tensor("output.blas.2", as: Float.self)
    #expect(output.shape == [2, 6, 5, 11])
    #expect(output.elements == contender.output())
  }

  @Test(arguments: ["2,7,15,5", "2,3,15,5,7"]) func layer(shape: String) throws {
    let workload = try LayerWorkload(LayerCase(parsing: shape), seed: 1)
    let file = try export(workload)
    let parameters = ["input", "in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"]
    let cached = workload.layer.cachedKeys > 0 ? ["cached_keys", "cached_values"] : []
    #expect(Set(file.names) == Set(Self.outputs + parameters + cached))
    #expect(try file.tensor("in_proj_weight", as: Float.self).elements == workload.parameters.inputWeight)
    #expect(try file.tensor("input", as: Float.self).shape == [2, workload.layer.length, 15])
    #expect(try file.tensor("output.auto.1", as: Float.self).shape == [2, workload.layer.length, 15])
    if !cached.isEmpty {
      #expect(try file.tensor("cached_values", as: Float.self).elements == workload.cached.values)
    }
  }
}
