internal import Tensors

/// Keys and values of a layer's own that every query may attend, behind those of the inputs: first one that is learned,
/// then one of zeros.
///
/// They join the sequence after the projection, and masks do not reach them. A query then always attends something, and
/// weights have a column more for each.
///
/// - SeeAlso: PyTorch `torch.nn.MultiheadAttention`, whose `add_bias_kv` is ``key`` and ``value`` (its `bias_k` and
///   `bias_v`), and whose `add_zero_attn` is ``hasZero``.
public struct AppendedKeys<Scalar: BLASScalar>: Sendable {
  /// The learned key [1, 1, E] (`bias_k`); nil: none.
  public let key: Tensor<Scalar>?
  /// The learned value [1, 1, E] (`bias_v`); nil: none.
  public let value: Tensor<Scalar>?
  /// Whether a key and a value of zeros follow: a score of 0, for a query that finds nothing.
  public let hasZero: Bool
  /// Whether there is a learned key.
  let isLearned: Bool

  /// How many: 0, 1 or 2.
  public var count: Int { (isLearned ? 1 : 0) + (hasZero ? 1 : 0) }

  /// None: the sequence is that of the inputs.
  public static var none: AppendedKeys { AppendedKeys(hasZero: false) }

  /// No learned ones, and a key and value of zeros if asked for.
  public init(hasZero: Bool) {
    (key, value, self.hasZero, isLearned) = (nil, nil, hasZero, false)
  }

  /// A learned key and value.
  ///
  /// - Parameters:
  ///   - key: [1, 1, E].
  ///   - value: [1, 1, E].
  ///   - hasZero: whether a key and a value of zeros follow.
  /// - Throws: ``AttentionError/shape(name:expected:actual:)``.
  public init(key: Tensor<Scalar>, value: Tensor<Scalar>, hasZero: Bool = false) throws(AttentionError) {
    let shape = key.shape
    guard shape.count == 3, shape[0] == 1, shape[1] == 1 else {
      throw .shape(name: "appended key", expected: "[1, 1, E]", actual: shape)
    }
    guard value.shape == shape else {
      throw .shape(name: "appended value", expected: "\(shape), as the appended key", actual: value.shape)
    }
    let (keyRow, valueRow) = try rethrowing { () throws(TensorError) in (try key.contiguous(), try value.contiguous()) }
    (self.key, self.value, self.hasZero, isLearned) = (keyRow, valueRow, hasZero, true)
  }

  /// A freshly drawn key and value, as `nn.MultiheadAttention` draws them: normal numbers of variance 1/E.
  init(
    embeddingSize: Int, hasZero: Bool, using generator: inout some RandomNumberGenerator
  ) throws(AttentionError) {
    let deviation = (1 / Double(embeddingSize)).squareRoot()
    let key: Tensor<Scalar> = try Initialization.normal(
      [1, 1, embeddingSize], standardDeviation: deviation, using: &generator)
    let value: Tensor<Scalar> = try Initialization.normal(
      [1, 1, embeddingSize], standardDeviation: deviation, using: &generator)
    try self.init(key: key, value: value, hasZero: hasZero)
  }

  /// That the rows are of a layer's size.
  func validate(embeddingSize size: Int) throws(AttentionError) {
    guard isLearned, let key, key.shape != [1, 1, size] else { return }
    throw .shape(name: "appended key", expected: "[1, 1, E] = [1, 1, \(size)]", actual: key.shape)
  }

  /// The sizes of a problem whose keys are those of the inputs and these.
  ///
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` when they are too many together.
  func extending(_ shape: AttentionShape) throws(AttentionError) -> AttentionShape {
    if count == 0 { return shape }
    let most = Int(Int32.max) - count
    guard shape.keys <= most else {
      throw .argument(name: "keys", expected: "0...\(most), as \(count) are appended", actual: "\(shape.keys)")
    }
    return try AttentionShape(
      batch: shape.batch, heads: shape.heads, queries: shape.queries, keys: shape.keys + count,
      headSize: shape.headSize)
  }

  /// In words, for explanations.
  var words: String {
    [isLearned ? "a learned one" : nil, hasZero ? "one of zeros" : nil].compactMap { $0 }.joined(separator: " and ")
  }
}
