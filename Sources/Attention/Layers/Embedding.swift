internal import Tensors

/// A table of vectors, one row for each token of a vocabulary: tokens go in, their rows come out.
///
/// ```swift
/// let embedding = try Embedding<Float>(vocabularySize: 30_522, embeddingSize: 384, paddingIndex: 0, seed: 1)
/// let x = try embedding(tokens)  // [B, L] → [B, L, 384]
/// ```
///
/// The affine embedding x′ = W·x + b of a vector x is ``Linear``. For a one-hot x, which is 1 at the token and 0
/// elsewhere, W·x is the token's column of W: this table is then Wᵀ, with b added to each row, and the lookup does in E
/// copied numbers what the product does in 2·E·vocabulary operations.
///
/// - SeeAlso: PyTorch `torch.nn.Embedding`, whose layout of the table and initialisation these are.
public struct Embedding<Scalar: BLASScalar>: Sendable {
  /// The table [vocabulary, E].
  public let weight: Tensor<Scalar>
  /// The token that stands for no token, where sequences are filled up to one length, counted from 0; nil: none.
  ///
  /// Its row is 0 in a freshly drawn table. It is looked up like any other, so to keep it from being attended takes a
  /// mask.
  public let paddingIndex: Int?
  /// Distance between the rows of the table in memory.
  private let leadingDimension: Int

  /// How many tokens there are.
  public var vocabularySize: Int { weight.layout.shape[0] }
  /// E: the size of a token's row.
  public var embeddingSize: Int { weight.layout.shape[1] }

  /// An embedding of a given table, whose rows are kept without copying where their numbers are neighbours in memory.
  ///
  /// - Parameters:
  ///   - weight: [vocabulary, E].
  ///   - paddingIndex: a token, negative numbers counting from the end of the vocabulary (−1 is the last), as in
  ///     PyTorch; nil: none. Its row is kept as given.
  /// - Throws: ``AttentionError/rank(name:expected:shape:)``; ``AttentionError/argument(name:expected:actual:)`` for a
  ///   padding index outside the vocabulary.
  public init(weight: Tensor<Scalar>, paddingIndex: Int? = nil) throws(AttentionError) {
    guard weight.rank == 2 else { throw .rank(name: "weight", expected: "2: [vocabulary, E]", shape: weight.shape) }
    let rows = try RowMatrix(weight)
    self.weight = rows.tensor
    leadingDimension = rows.leadingDimension
    self.paddingIndex = try Self.resolved(paddingIndex, vocabularySize: weight.shape[0])
  }

  /// An embedding of a freshly drawn table: normal numbers of mean 0, and 0 in the row of the padding index.
  ///
  /// - Parameters:
  ///   - vocabularySize: how many tokens there are.
  ///   - embeddingSize: E.
  ///   - paddingIndex: a token, negative numbers counting from the end of the vocabulary; nil: none.
  ///   - standardDeviation: of the numbers; PyTorch's is 1, many language models' 0.02.
  ///   - seed: determines the table.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` for a size below 1, a padding index outside the
  ///   vocabulary, or a standard deviation that is negative or not finite.
  public init(
    vocabularySize: Int, embeddingSize: Int, paddingIndex: Int? = nil, standardDeviation: Double = 1, seed: UInt64
  ) throws(AttentionError) {
    for (name, size) in [("vocabularySize", vocabularySize), ("embeddingSize", embeddingSize)] where size < 1 {
      throw .argument(name: name, expected: "1 or more", actual: "\(size)")
    }
    let padding = try Self.resolved(paddingIndex, vocabularySize: vocabularySize)
    var generator = Xoshiro256(seed: seed)
    let weight = try Initialization.normal(
      [vocabularySize, embeddingSize], standardDeviation: standardDeviation, as: Scalar.self, using: &generator)
    if let padding {
      (weight.storage.base + padding * embeddingSize).update(repeating: 0, count: embeddingSize)
    }
    try self.init(weight: weight, paddingIndex: padding)
  }

  private static func resolved(_ paddingIndex: Int?, vocabularySize: Int) throws(AttentionError) -> Int? {
    guard let paddingIndex else { return nil }
    guard paddingIndex >= -vocabularySize, paddingIndex < vocabularySize else {
      throw .argument(
        name: "paddingIndex", expected: "\(-vocabularySize)..<\(vocabularySize)", actual: "\(paddingIndex)")
    }
    return paddingIndex < 0 ? paddingIndex + vocabularySize : paddingIndex
  }

  /// The rows of the tokens.
  ///
  /// - Parameter tokens: integers from 0 to vocabulary − 1, of any shape […]; negative ones are out of range.
  /// - Returns: […, E], in memory of its own.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` for the first token in row-major order that is out of
  ///   range, with its position; ``AttentionError/tensor(_:)`` when memory is not given.
  /// - Complexity: reads and writes E numbers for each token, whatever the size of the vocabulary.
  public func callAsFunction<Token: TensorElement & FixedWidthInteger>(
    _ tokens: Tensor<Token>
  ) throws(AttentionError) -> Tensor<Scalar> {
    let (tokens, result) = try rethrowing { () throws(TensorError) in
      (try tokens.contiguous(), try Tensor<Scalar>(uninitialized: tokens.shape + [embeddingSize]))
    }
    if let wrong = copyRows(of: tokens, to: result.storage.base) {
      let token = tokens.storage.base[tokens.layout.offset + wrong]
      throw .argument(
        name: "tokens" + Self.subscriptText(wrong, shape: tokens.layout.shape), expected: "0..<\(vocabularySize)",
        actual: "\(token)")
    }
    return result
  }

  /// Copies the rows of contiguous tokens one after the other.
  ///
  /// - Returns: the place of the first token that is out of range, up to which rows were copied; nil: none is.
  // Called from unspecialised code of other modules, where reading an integer costs more than copying a row.
  @specialized(where Scalar == Float, Token == Int)
  @specialized(where Scalar == Float, Token == Int32)
  @specialized(where Scalar == Float, Token == Int64)
  @specialized(where Scalar == Double, Token == Int)
  @specialized(where Scalar == Double, Token == Int32)
  @specialized(where Scalar == Double, Token == Int64)
  private func copyRows<Token: TensorElement & FixedWidthInteger>(
    of tokens: Tensor<Token>, to target: UnsafeMutablePointer<Scalar>
  ) -> Int? {
    let (vocabulary, size) = (vocabularySize, embeddingSize)
    let table = UnsafePointer(weight.storage.base) + weight.layout.offset
    let source = UnsafePointer(tokens.storage.base) + tokens.layout.offset
    defer { withExtendedLifetime((weight, tokens)) {} }
    for place in 0..<tokens.count {
      guard let token = Int(exactly: source[place]), token >= 0, token < vocabulary else { return place }
      (target + place * size).initialize(from: table + token * leadingDimension, count: size)
    }
    return nil
  }

  /// A row-major place as a subscript, such as `[1, 2]`; nothing for a scalar.
  private static func subscriptText(_ place: Int, shape: [Int]) -> String {
    var index = shape
    var rest = place
    for axis in shape.indices.reversed() {
      index[axis] = rest % shape[axis]
      rest /= shape[axis]
    }
    return shape.isEmpty ? "" : "\(index)"
  }
}
