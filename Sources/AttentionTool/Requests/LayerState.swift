internal import Attention
internal import Checkpoints

/// The parameters of a layer in a file that may hold more than the layer.
struct LayerState: Sendable {
  let names: ParameterNames.Preset
  /// What precedes every parameter's name.
  let prefix: String

  /// The layer of the parameters.
  ///
  /// - Throws: for a parameter that is missing or of another shape, and for one that a layer of these names does not have: left out
  ///   (PyTorch's `bias_k`, or BERT's `distance_embedding`), it would make the numbers wrong.
  func layer<Scalar: BLASScalar>(
    of file: SafetensorsFile, headCount: Int, as type: Scalar.Type
  ) throws -> MultiHeadAttention<Scalar> {
    var tensors: [String: Tensor<Scalar>] = [:]
    for name in file.names where isOwn(name) { tensors[name] = try file.tensor(name, convertedTo: type) }
    do {
      return try MultiHeadAttention(
        stateDict: tensors, prefix: prefix, names: ParameterNames(names), headCount: headCount)
    } catch {
      throw explained(error, file, foundNone: tensors.isEmpty)
    }
  }

  /// The same error in terms of the file and the command line.
  private func explained(_ error: AttentionError, _ file: SafetensorsFile, foundNone: Bool) -> any Error {
    switch error {
    case .stateDict(let missing, _, _) where foundNone && !missing.isEmpty:
      // A missing name comes with the shape it should have.
      let name = missing[0].split(separator: " ").first.map(String.init) ?? missing[0]
      return CheckpointError.missingTensor(name: name, similar: similar(in: file), count: file.names.count)
    case .argument(name: "headCount", let expected, let actual):
      return AttentionError.argument(name: "--heads", expected: expected, actual: actual)
    default:
      return error
    }
  }

  /// Whether a tensor of the file should be a parameter of the layer.
  func isOwn(_ name: String) -> Bool {
    guard name.hasPrefix(prefix) else { return false }
    let name = name.dropFirst(prefix.count)
    return switch names {
    case .torch, .article: true
    // A BERT layer has normalisations and a feed-forward part beside its attention.
    case .bert: name.hasPrefix("attention.self.") || name.hasPrefix("attention.output.dense.")
    }
  }

  /// Names that end in a parameter's name, which another prefix would have found, or else the file's first ones.
  private func similar(in file: SafetensorsFile) -> [String] {
    let first = ParameterNames(names)
    let ends = [first.packedWeight, first.queryWeight].compactMap { $0 }
    let related = file.names.filter { name in ends.contains { name.hasSuffix($0) } }
    return Array((related.isEmpty ? file.names : related).prefix(4))
  }
}
