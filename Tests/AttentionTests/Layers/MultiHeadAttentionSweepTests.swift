import Attention
import Support
import Testing

/// The layer against PyTorch's `nn.MultiheadAttention` under every combination of its options
/// (Tests/Golden/mha_sweep.safetensors).
@Suite struct MultiHeadAttentionSweepTests {
  static let file = Result { try GoldenFile("mha_sweep") }
  static let cases = Result { try file.get().cases(of: SweptLayer.self) }

  @Test(arguments: (try? cases.get()) ?? [])
  func float(golden: SweptLayer) throws {
    try check(golden, Float.self) { _ in (ErrorBound.floatAbsolute, ErrorBound.floatRelative) }
  }

  @Test(arguments: (try? cases.get()) ?? [])
  func double(golden: SweptLayer) throws {
    try check(golden, Double.self) { (ErrorBound.double($0), 0) }
  }

  /// Every combination of appended keys, masks, causal and form stands in the file, and every other option with
  /// every kind of appended keys.
  @Test func fileHoldsEveryCombination() throws {
    let cases = try Self.cases.get()
    #expect(cases.count == 360)
    let combinations = Set(
      cases.map {
        "\($0.addBiasKv) \($0.addZeroAttn) \($0.attnMask ?? "") \($0.keyPaddingMask ?? "") \($0.causal) \($0.form)"
      })
    #expect(combinations.count == 360)
    #expect(Set(cases.map { "\($0.addBiasKv) \($0.addZeroAttn) \($0.inputs) \($0.weights ?? "")" }).count == 36)
    #expect(Set(cases.map { "\($0.addBiasKv) \($0.inputs) \($0.weights ?? "") \($0.bias)" }).count == 36)
    #expect(cases.contains { $0.keySize != $0.embedSize && $0.valueSize == $0.keySize })
    #expect(cases.contains { $0.keySize != $0.embedSize && $0.valueSize != $0.keySize })
    #expect(cases.filter { $0.emptyRows > 0 }.count >= 20)
  }

  private func check<Scalar: BLASScalar>(
    _ golden: SweptLayer, _ type: Scalar.Type, _ bound: ([Double]) -> (absolute: Double, relative: Double)
  ) throws {
    let file = try Self.file.get()
    let layer = try golden.layer(of: file, type)
    let (query, key, value) = try golden.inputs(of: file, type)
    let mask = try golden.mask(of: file, type)
    let expected = (
      output: try file.tensor("\(golden.name)/output", as: Double.self),
      weights: golden.weights == nil ? nil : try file.tensor("\(golden.name)/weights", as: Double.self)
    )
    func compare(_ actual: Tensor<Scalar>?, _ numbers: Tensor<Double>, _ label: String) {
      let elements = numbers.elements
      let (absolute, relative) = bound(elements)
      let comparison = Comparison(actual, elements, shape: numbers.shape, absolute: absolute, relative: relative)
      #expect(comparison.isWithin, "\(label): \(comparison)")
    }
    for path in [AttentionPath.reference, .blas, .tiled] {
      for workers in [1, 2] {
        let label = "\(path), \(workers) workers"
        let options = AttentionOptions(alignment: .start, path: path, workers: workers)
        let result = try layer(
          query: query, key: key, value: value, mask: mask, needsWeights: golden.headWeights, options: options)
        compare(result.output, expected.output, "output, \(label)")
        if let weights = expected.weights {
          compare(result.weights, weights, "weights, \(label)")
        } else {
          #expect(result.weights == nil, "weights, \(label)")
        }
      }
    }
  }
}

/// A case of the sweep as the file describes it.
struct SweptLayer: Decodable, Sendable, CustomTestStringConvertible {
  let name: String
  let form: String
  let heads: Int
  let embedSize: Int
  let keySize: Int
  let valueSize: Int
  let bias: Bool
  let inputs: String
  let addBiasKv: Bool
  let addZeroAttn: Bool
  let attnMask: String?
  let keyPaddingMask: String?
  let causal: Bool
  let weights: String?
  let emptyRows: Int

  var testDescription: String {
    let options = [
      addBiasKv ? "bias_k" : nil, addZeroAttn ? "zero" : nil, attnMask.map { "attn \($0)" },
      keyPaddingMask.map { "padding \($0)" }, causal ? "causal" : nil,
    ]
    return ([name, form, inputs] + options.compactMap { $0 }).joined(separator: ", ")
  }

  var headWeights: HeadWeights { weights.map { $0 == "averaged" ? .averaged : .perHead } ?? .none }

  func layer<Scalar: BLASScalar>(of file: GoldenFile, _ type: Scalar.Type) throws -> MultiHeadAttention<Scalar> {
    let layer = try MultiHeadAttention<Scalar>(
      stateDict: file.tensors(under: "\(name)/state/", convertedTo: type), headCount: heads,
      appendsZeroKey: addZeroAttn, axisOrder: form == "sequence_first" ? .sequenceFirst : .batchFirst)
    #expect((layer.appendedKeys.key != nil) == addBiasKv && (layer.appendedKeys.value != nil) == addBiasKv)
    #expect(layer.appendedKeys.hasZero == addZeroAttn)
    #expect(layer.keySize == keySize && layer.valueSize == valueSize && layer.hasBias == bias)
    return layer
  }

  /// Query, key and value, of which those that were one tensor are one here too.
  func inputs<Scalar: BLASScalar>(
    of file: GoldenFile, _ type: Scalar.Type
  ) throws -> (query: Tensor<Scalar>, key: Tensor<Scalar>, value: Tensor<Scalar>) {
    let query = try file.tensor("\(name)/query", convertedTo: type)
    let key = inputs == "self" ? query : try file.tensor("\(name)/key", convertedTo: type)
    return (query, key, inputs == "separate" ? try file.tensor("\(name)/value", convertedTo: type) : key)
  }

  func mask<Scalar: BLASScalar>(of file: GoldenFile, _ type: Scalar.Type) throws -> AttentionMask<Scalar> {
    var mask = causal ? AttentionMask<Scalar>.causal : .none
    let (attention, padding) = ("\(name)/attn_mask", "\(name)/key_padding_mask")
    if let attnMask {
      mask =
        attnMask.hasPrefix("bool")
        ? mask & (try .ignoring(torchAttentionMask: file.tensor(attention, as: Bool.self), headCount: heads))
        : mask & (try .adding(torchAttentionMask: file.tensor(attention, convertedTo: type), headCount: heads))
    }
    if let keyPaddingMask {
      mask =
        keyPaddingMask == "bool"
        ? mask & (try .ignoring(torchKeyPaddingMask: file.tensor(padding, as: Bool.self)))
        : mask & (try .adding(torchKeyPaddingMask: file.tensor(padding, convertedTo: type)))
    }
    return mask
  }
}
