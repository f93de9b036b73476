import Attention
import Support
import Testing

/// Layer 0's attention of the sentence model all-MiniLM-L6-v2 on real sentences, against PyTorch in float64
/// (Tests/Golden/minilm_layer0.safetensors).
@Suite struct MiniLMLayerTests {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let prefix: String
    let batch: Int
    let length: Int
    let heads: Int
    let embedSize: Int
    let lengths: [Int]
    let padded: Bool

    var testDescription: String { name }
  }

  @Test(
    arguments: try GoldenFile("minilm_layer0").cases(of: Case.self), [AttentionPath.blas, .tiled, .automatic])
  func float(golden: Case, path: AttentionPath) throws {
    try check(
      golden, path, workers: [1, 2], Float.self, absolute: ErrorBound.floatAbsolute, relative: ErrorBound.floatRelative)
  }

  @Test(arguments: try GoldenFile("minilm_layer0").cases(of: Case.self), [AttentionPath.blas, .tiled])
  func double(golden: Case, path: AttentionPath) throws {
    try check(golden, path, workers: [2], Double.self, absolute: nil, relative: 0)
  }

  @Test func bothCasesAreThere() throws {
    let cases = try GoldenFile("minilm_layer0").cases(of: Case.self)
    #expect(cases.map(\.name) == ["sentence", "padded"])
    #expect(cases.map(\.padded) == [false, true])
  }

  private func check<Scalar: BLASScalar>(
    _ golden: Case, _ path: AttentionPath, workers: [Int], _ type: Scalar.Type, absolute: Double?, relative: Double
  ) throws {
    let file = try GoldenFile("minilm_layer0")
    let (model, prefix) = ("encoder.", golden.prefix.dropFirst("encoder.".count))
    let layer = try MultiHeadAttention<Scalar>(
      stateDict: file.tensors(under: model, convertedTo: type), prefix: String(prefix), names: .bert,
      headCount: golden.heads)
    #expect(layer.embeddingSize == golden.embedSize)

    let hidden = try file.tensor("\(golden.name)/hidden", convertedTo: type)
    var masks = [("none", AttentionMask<Scalar>.none)]
    if golden.padded {
      let tokens = try file.tensor("\(golden.name)/attention_mask", as: Bool.self)
      let padding: Tensor<Bool> = try tokens.map { !$0 }
      masks = [
        ("padding ignored", try .ignoring(torchKeyPaddingMask: padding)), ("key lengths", .keyLengths(golden.lengths)),
      ]
    }
    for (label, mask) in masks {
      for workers in workers {
        let result = try layer(
          hidden, mask: mask, needsWeights: .perHead, options: AttentionOptions(path: path, workers: workers))
        let alone = try layer(hidden, mask: mask, path: path, workers: workers)
        for (name, actual) in [("output", result.output), ("weights", result.weights), ("output", alone)] {
          let expected = try file.tensor("\(golden.name)/\(name)", as: Double.self)
          let comparison = Comparison(
            actual, expected.elements, shape: expected.shape,
            absolute: absolute ?? ErrorBound.double(expected.elements), relative: relative)
          #expect(comparison.isWithin, "\(name), mask \(label), \(workers) workers: \(comparison)")
        }
      }
    }
  }
}
