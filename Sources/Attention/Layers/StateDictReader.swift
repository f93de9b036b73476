internal import Tensors

/// Takes tensors out of a state dict, collecting everything that is wrong before any of it is thrown.
struct StateDictReader<Scalar: BLASScalar> {
  private let tensors: [String: Tensor<Scalar>]
  private let prefix: String
  private var taken: Set<String> = []
  private var missing: [String] = []
  private var misshapen: [String] = []

  init(_ tensors: [String: Tensor<Scalar>], prefix: String) {
    (self.tensors, self.prefix) = (tensors, prefix)
  }

  /// The shape under a name, if there is one.
  func shape(_ name: String) -> [Int]? { tensors[prefix + name]?.shape }

  /// The tensor under a name; nil, and noted, if it is missing or of another shape.
  ///
  /// - Parameters:
  ///   - name: without the prefix.
  ///   - sizes: of each axis; nil where nothing tells it, so that the rank alone is asked for.
  ///   - form: the shape in letters, such as `[out, in]`, for messages about sizes of which one is nil.
  mutating func take(_ name: String, _ sizes: [Int?], _ form: String = "") -> Tensor<Scalar>? {
    let full = prefix + name
    let known = sizes.compactMap { $0 }
    let expected = known.count == sizes.count ? "\(known)" : form
    taken.insert(full)
    guard let tensor = tensors[full] else {
      missing.append("\(full) \(expected)")
      return nil
    }
    let shape = tensor.shape
    guard shape.count == sizes.count, zip(shape, sizes).allSatisfy({ $0 == $1 ?? $0 }) else {
      misshapen.append("\(full): expected \(expected), got \(shape)")
      return nil
    }
    return tensor
  }

  /// - Parameter isStrict: whether other names under the prefix are wrong.
  /// - Throws: ``AttentionError/stateDict(missing:unexpected:misshapen:)`` if anything is.
  func finish(isStrict: Bool) throws(AttentionError) {
    let others = isStrict ? tensors.filter { $0.key.hasPrefix(prefix) && !taken.contains($0.key) } : [:]
    let unexpected = others.map { "\($0.key) \($0.value.shape)" }.sorted()
    guard missing.isEmpty, misshapen.isEmpty, unexpected.isEmpty else {
      throw .stateDict(missing: missing, unexpected: unexpected, misshapen: misshapen)
    }
  }
}
