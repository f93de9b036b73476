import Attention
import Support
import Testing

/// The layer against PyTorch's `nn.MultiheadAttention` in float64 (Tests/Golden/mha.safetensors).
@Suite struct MultiHeadAttentionGoldenTests {
  /// A case as the file describes it.
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let names: String
    let heads: Int
    let queries: Int
    let keys: Int
    let embedSize: Int
    let keySize: Int
    let valueSize: Int
    let bias: Bool
    let selfAttention: Bool
    let causal: Bool
    let averageWeights: Bool
    let attnMask: String?
    let keyPaddingMask: String?

    var testDescription: String { name }
  }

  static let paths: [AttentionPath] = [.reference, .blas, .tiled]

  @Test(arguments: try GoldenFile("mha").cases(of: Case.self))
  func float(golden: Case) throws {
    try check(golden, Float.self, absolute: ErrorBound.floatAbsolute, relative: ErrorBound.floatRelative)
  }

  @Test(arguments: try GoldenFile("mha").cases(of: Case.self))
  func double(golden: Case) throws {
    try check(golden, Double.self, absolute: nil, relative: 0)
  }

  @Test func fileHoldsEveryKind() throws {
    let cases = try GoldenFile("mha").cases(of: Case.self)
    #expect(cases.count == 24)
    #expect(Set(cases.map(\.names)) == ["torch", "article"])
    #expect(
      cases.contains { $0.keySize != $0.embedSize } && cases.contains { !$0.bias } && cases.contains(where: \.causal))
    #expect(Set(cases.compactMap(\.attnMask)) == ["bool", "float"])
    #expect(Set(cases.compactMap(\.keyPaddingMask)) == ["bool", "float"])
  }

  /// - Parameter absolute: nil: 10⁻¹² of the largest expected value.
  private func check<Scalar: BLASScalar>(
    _ golden: Case, _ type: Scalar.Type, absolute: Double?, relative: Double
  ) throws {
    let file = try GoldenFile("mha")
    func input(_ name: String) throws -> Tensor<Scalar> {
      try file.tensor("\(golden.name)/\(name)", convertedTo: type)
    }
    let layer = try MultiHeadAttention<Scalar>(
      stateDict: file.tensors(under: "\(golden.name)/state/", convertedTo: type),
      names: ParameterNames(preset: golden.names), headCount: golden.heads)
    #expect(layer.embeddingSize == golden.embedSize)
    #expect(layer.keySize == golden.keySize && layer.valueSize == golden.valueSize)
    #expect(layer.hasBias == golden.bias)

    let (query, key, value) = (try input("query"), try input("key"), try input("value"))
    let expectedOutput = try file.tensor("\(golden.name)/output", as: Double.self)
    let expectedWeights = try file.tensor("\(golden.name)/weights", as: Double.self)
    for (label, mask) in try masks(golden, file, type) {
      for path in Self.paths {
        for workers in [1, 2] {
          let options = AttentionOptions(path: path, workers: workers)
          let needsWeights: HeadWeights = golden.averageWeights ? .averaged : .perHead
          var results = [
            (
              "three inputs",
              try layer(query: query, key: key, value: value, mask: mask, needsWeights: needsWeights, options: options)
            )
          ]
          if golden.selfAttention {
            results.append(("one input", try layer(query, mask: mask, needsWeights: needsWeights, options: options)))
          }
          for (form, result) in results {
            for (name, actual, expected) in [
              ("output", result.output, expectedOutput), ("weights", result.weights, expectedWeights),
            ] {
              let comparison = Comparison(
                actual, expected.elements, shape: expected.shape,
                absolute: absolute ?? ErrorBound.double(expected.elements), relative: relative)
              #expect(comparison.isWithin, "\(name), \(form), \(label), \(path), \(workers) workers: \(comparison)")
            }
          }
          let alone = try layer(query: query, key: key, value: value, mask: mask, path: path, workers: workers)
          let comparison = Comparison(
            alone, expectedOutput.elements, shape: expectedOutput.shape,
            absolute: absolute ?? ErrorBound.double(expectedOutput.elements), relative: relative)
          #expect(comparison.isWithin, "output alone, \(label), \(path), \(workers) workers: \(comparison)")
        }
      }
    }
  }

  /// The case's masks, by name: for a causal case the option and the same as a mask.
  private func masks<Scalar: BLASScalar>(
    _ golden: Case, _ file: GoldenFile, _ type: Scalar.Type
  ) throws -> [(String, AttentionMask<Scalar>)] {
    var mask = AttentionMask<Scalar>.none
    let attention = "\(golden.name)/attn_mask"
    if golden.attnMask == "bool" {
      mask =
        mask
        & (try .ignoring(torchAttentionMask: file.tensor(attention, as: Bool.self), headCount: golden.heads))
    } else if golden.attnMask == "float" {
      mask =
        mask
        & (try .adding(torchAttentionMask: file.tensor(attention, convertedTo: type), headCount: golden.heads))
    }
    let padding = "\(golden.name)/key_padding_mask"
    if golden.keyPaddingMask == "bool" {
      mask = mask & (try .ignoring(torchKeyPaddingMask: file.tensor(padding, as: Bool.self)))
    } else if golden.keyPaddingMask == "float" {
      mask = mask & (try .adding(torchKeyPaddingMask: file.tensor(padding, convertedTo: type)))
    }
    guard golden.causal else { return [("masks", mask)] }
    let causal = try file.tensor("\(golden.name)/causal_mask", as: Bool.self)
    return [
      ("causal", mask & .causal),
      ("causal mask", mask & (try .ignoring(torchAttentionMask: causal, headCount: golden.heads))),
    ]
  }
}
