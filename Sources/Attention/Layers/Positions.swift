internal import Tensors

/// Vectors that tell positions apart, added to those of the tokens: attention by itself sees a set, not a sequence.
///
/// ```swift
/// let positions = try SinusoidalPositions<Float>(embeddingSize: 384)
/// let x = try positions(embedding(tokens))                // rows of positions 0 ..< L added
/// let next = try positions(embedding(token), offset: 17)  // one more token, at position 17
/// ```
///
/// ``SinusoidalPositions`` and ``LearnedPositions`` are two kinds; another needs only its size and its rows.
public protocol Positions<Scalar>: Sendable {
  /// The type of the vectors' numbers.
  associatedtype Scalar: BLASScalar

  /// E: the size of a position's row.
  var embeddingSize: Int { get }

  /// The rows of a range of positions.
  ///
  /// - Parameter range: positions from 0.
  /// - Returns: [range.count, E].
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` for positions that there are not.
  func rows(_ range: Range<Int>) throws(AttentionError) -> Tensor<Scalar>
}

extension Positions {
  /// x with the row of its position added to each of its rows.
  ///
  /// The result takes over the memory of `x` where nobody else holds it, as that of an embedding's result passed on at
  /// once; else `x` stays as it is and is copied.
  ///
  /// - Parameters:
  ///   - x: […, L, E], as [B, L, E]; row i of each sequence stands at position offset + i.
  ///   - offset: the position of row 0: how many rows came before, where a sequence is processed in pieces.
  /// - Returns: […, L, E].
  /// - Throws: ``AttentionError`` for a last axis that is not E, a negative offset, or positions that there are not.
  /// - Complexity: one addition for each number of `x`.
  public func callAsFunction(
    _ x: consuming Tensor<Scalar>, offset: Int = 0
  ) throws(AttentionError) -> Tensor<Scalar> {
    var sum = x
    try add(to: &sum, offset: offset)
    return sum
  }

  /// Adds the row of its position to each row of x, in place where nobody else holds its memory.
  ///
  /// - Parameters:
  ///   - x: […, L, E]; unchanged if anything is thrown.
  ///   - offset: the position of row 0.
  /// - Throws: as ``callAsFunction(_:offset:)``.
  public func add(to x: inout Tensor<Scalar>, offset: Int = 0) throws(AttentionError) {
    let shape = x.layout.shape
    guard shape.count >= 2 else {
      throw .rank(name: "x", expected: "2 or more: […, L, \(embeddingSize)]", shape: shape)
    }
    guard shape.last == embeddingSize else {
      throw .shape(name: "x", expected: "[…, L, \(embeddingSize)] to go with the positions", actual: shape)
    }
    let length = shape[shape.count - 2]
    guard offset >= 0, offset <= Int.max - length else {
      throw .argument(name: "offset", expected: "0...\(Int.max - length)", actual: "\(offset)")
    }
    let rows = try rows(offset..<(offset + length))
    guard rows.shape == [length, embeddingSize] else {
      throw .shape(name: "rows", expected: "\([length, embeddingSize])", actual: rows.shape)
    }
    let table = try rethrowing { () throws(TensorError) in
      if !x.isWritableRowMajor() { x = try x.copy() }
      return try rows.contiguous()
    }
    let count = length * embeddingSize
    guard count > 0 else { return }
    let kernels = Scalar.arithmetic.kernels
    for sequence in 0..<(x.count / count) {
      kernels.axpy(
        1, UnsafePointer(table.storage.base) + table.layout.offset, x.storage.base + x.layout.offset + sequence * count,
        count)
    }
    withExtendedLifetime((x, table)) {}
  }
}

extension Tensor {
  /// Whether the elements stand in row-major order, in memory that no other tensor sees.
  fileprivate mutating func isWritableRowMajor() -> Bool {
    isContiguous && storage.isWritable && isKnownUniquelyReferenced(&storage)
  }
}
