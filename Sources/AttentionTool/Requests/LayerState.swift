internal import Attention
internal import Checkpoints

/// The parameters of a layer in a file that may hold more than the layer.
struct LayerState: Sendable {
  let names: ParameterNames.Preset
  /// What precedes every parameter's name.
  let prefix: String
  /// Whether a key and value of zeros follow those of every sequence.
  var addsZeroKey = false
  var axisOrder = AxisOrder.batchFirst

  /// The layer of the parameters.
  ///
  /// - Throws: with all parameters that are missing, or of another shape or type, and those that a layer of these names does not
  ///   have: left out (as BERT's `distance_embedding`), they would make the numbers wrong.
  func layer<Scalar: BLASScalar>(
    of file: SafetensorsFile, headCount: Int, as type: Scalar.Type
  ) throws -> MultiHeadAttention<Scalar> {
    // Another file, or another prefix: said at once, not as everything that is missing and unexpected.
    guard firstNames.contains(where: { file.contains(prefix + $0) }) else { throw notFound(in: file) }
    var tensors: [String: Tensor<Scalar>] = [:]
    var wrongTypes: [CheckpointError] = []
    for name in file.names where isOwn(name) {
      do {
        tensors[name] = try file.tensor(name, convertedTo: type)
      } catch {
        switch error {
        case .wrongElementType, .unreadableElementType: wrongTypes.append(error)
        default: throw error
        }
        // Its name and shape are still looked at.
        tensors[name] = try Tensor(zeros: []).broadcast(to: file.entry(name).shape)
      }
    }
    do {
      let layer = try layer(of: tensors, headCount)
      guard wrongTypes.isEmpty else { throw LayerStateError(parameters: nil, types: wrongTypes) }
      return layer
    } catch let error as AttentionError where !wrongTypes.isEmpty {
      throw LayerStateError(parameters: error, types: wrongTypes)
    }
  }

  private func layer<Scalar: BLASScalar>(
    of tensors: [String: Tensor<Scalar>], _ headCount: Int
  ) throws(AttentionError) -> MultiHeadAttention<Scalar> {
    do {
      return try MultiHeadAttention(
        stateDict: tensors, prefix: prefix, names: ParameterNames(names), headCount: headCount,
        appendsZeroKey: addsZeroKey, axisOrder: axisOrder)
    } catch {
      guard case .argument(name: "headCount", let expected, let actual) = error else { throw error }
      throw AttentionError.argument(
        name: "--heads", expected: expected.replacing("embeddingSize", with: "E ="), actual: actual)
    }
  }

  /// What every layer of these names has one of.
  private var firstNames: [String] {
    let names = ParameterNames(names)
    return [names.packedWeight, names.queryWeight].compactMap { $0 }
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

  /// That the layer is not there, with the names that another prefix would have found, or else similar ones.
  private func notFound(in file: SafetensorsFile) -> CheckpointError {
    let wanted = prefix + (firstNames.first ?? "")
    let elsewhere = file.names.filter { name in firstNames.contains { name.hasSuffix($0) } }
    if !elsewhere.isEmpty {
      return .missingTensor(name: wanted, similar: Array(elsewhere.prefix(4)), count: file.names.count)
    }
    do {
      _ = try file.entry(wanted)
    } catch {
      return error
    }
    return .missingTensor(name: wanted, similar: [], count: file.names.count)
  }
}
