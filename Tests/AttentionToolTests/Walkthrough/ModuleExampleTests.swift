import Attention
import Checkpoints
import Foundation
import Support
import Testing

@testable import AttentionTool

@Suite("Walkthrough: the module")
struct ModuleExampleTests {
  private func matches(_ tensor: Tensor<Double>, _ expected: Tensor<Double>, within bound: Double = 1e-14) -> Bool {
    Comparison(tensor, expected.elements, shape: expected.shape, absolute: bound).isWithin
  }

  @Test(arguments: [1, 2, 4])
  func hasTheArticlesShapes(heads: Int) throws {
    let module = try ModuleExample(headCount: heads, seed: 7)
    #expect(module.query.shape == [2, 3, 4] && module.key.shape == [2, 3, 4] && module.value.shape == [2, 3, 4])
    #expect(module.steps.queries.shape == [2, heads, 3, 4 / heads])
    #expect(module.steps.weights.shape == [2, heads, 3, 3])
    #expect(module.output.shape == [2, 3, 4])
  }

  /// The steps that are shown lead to the output of the layer's one call.
  @Test(arguments: [1, 2, 4])
  func stepsLeadToTheOutput(heads: Int) throws {
    let module = try ModuleExample(headCount: heads, seed: 7)
    let output = try module.layer.outputProjection(module.steps.joined)
    #expect(matches(module.output, output))
    let result = try module.layer(
      query: module.query, key: module.key, value: module.value, needsWeights: .perHead, options: AttentionOptions())
    #expect(matches(try #require(result.weights), module.steps.weights))
  }

  @Test func aSeedDeterminesIt() throws {
    let (one, same, other) = try (
      ModuleExample(headCount: 2, seed: 7), ModuleExample(headCount: 2, seed: 7), ModuleExample(headCount: 2, seed: 8)
    )
    #expect(one.output == same.output && one.query == same.query)
    #expect(one.output != other.output && one.query != other.query)
    // The four layers are four, and the largest seed has followers too.
    #expect(try one.layer.inputProjection.query.weight != one.layer.inputProjection.key.weight)
    _ = try ModuleExample(headCount: 2, seed: .max)
  }

  /// The article's module in PyTorch, with its parameters and inputs.
  @Test func isPyTorchsForAStateDict() throws {
    let golden = try GoldenFile("mha")
    let state = try InputFile(path: golden.path)
    let inputs = try Sample { sample in
      for name in ModuleExample.inputNames { try sample.set(name, golden.tensor("article/\(name)", as: Float.self)) }
    }
    let module = try ModuleExample(
      state: state, prefix: "article/state/", input: inputs.input(), headCount: 2, seed: 1)
    #expect(matches(module.output, try golden.tensor("article/output", as: Double.self), within: 1e-13))
    #expect(matches(module.steps.weights, try golden.tensor("article/weights", as: Double.self), within: 1e-13))
  }

  @Test func drawsInputsForAStateDict() throws {
    let golden = try GoldenFile("mha")
    let module = try ModuleExample(
      state: InputFile(path: golden.path), prefix: "article/state/", input: nil, headCount: 2, seed: 1)
    #expect(module.query == (try ModuleExample(headCount: 2, seed: 1).query))
    #expect(
      matches(
        try module.layer.inputProjection.key.weight,
        try golden.tensor("article/state/key_linear.weight", convertedTo: Double.self), within: 0))
  }

  /// Every number of the page's matrices is one of PyTorch's, where the page shows PyTorch's.
  @Test func pageShowsPyTorchsOutput() throws {
    let folder = try TemporaryFolder()
    let golden = try GoldenFile("mha")
    _ = try folder.write(
      Sample { sample in
        for name in ModuleExample.inputNames { try sample.set(name, golden.tensor("article/\(name)", as: Float.self)) }
      }.bytes(), "in.st")
    let run = try ToolProcess(
      ["walkthrough", "--weights", golden.path, "--prefix", "article/state/", "--input", "in.st"], folder: folder)
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    let expected = try golden.tensor("article/output", as: Double.self)
    let words = Set(run.output.split(whereSeparator: \.isWhitespace).map(String.init))
    for value in expected.elements {
      let text = String(format: "%.4f", value)
      #expect(words.contains(text), "no \(text)")
    }
    #expect(run.output.contains("output[1]  [3, 4]") && run.output.contains("inputs from in.st."))
  }
}
