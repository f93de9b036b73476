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

  /// The tensor under a name; nil, and noted, if it is missing or of another shape. A shape of nil expects any.
  mutating func take(_ name: String, _ shape: [Int]?) -> Tensor<Scalar>? {
    take(name, expected: shape.map { "\($0)" }) { actual in shape.map { $0 == actual } ?? true }
  }

  /// The matrix under a name, whatever its sizes, which are called by `form`, such as `[out, in]`; nil, and noted, if
  /// it is missing or of another rank.
  mutating func takeMatrix(_ name: String, _ form: String) -> Tensor<Scalar>? {
    take(name, expected: form) { $0.count == 2 }
  }

  private mutating func take(_ name: String, expected: String?, fits: ([Int]) -> Bool) -> Tensor<Scalar>? {
    let full = prefix + name
    taken.insert(full)
    guard let tensor = tensors[full] else {
      missing.append(full + (expected.map { " \($0)" } ?? ""))
      return nil
    }
    guard fits(tensor.shape) else {
      misshapen.append("\(full): expected \(expected ?? "any"), got \(tensor.shape)")
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
