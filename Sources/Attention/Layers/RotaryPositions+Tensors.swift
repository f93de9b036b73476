public import Tensors

extension RotaryPositions {
  /// x with each row rotated by its position.
  ///
  /// The result takes over the memory of `x` where nobody else holds it; else `x` stays as it is, and is read where it lies.
  ///
  /// - Parameters:
  ///   - x: queries or keys [B, H, L, D], or [B, L, H·D] with a head count.
  ///   - positions: of the rows.
  ///   - headCount: H, needed for rank 3; checked where the tensor has it too.
  /// - Returns: the shape of `x`.
  /// - Throws: ``AttentionError`` for another rank, heads smaller than the rotary size, positions that are not one for each row, or
  ///   such as the tables do not have.
  /// - Complexity: 3·B·H·L·r operations; L·r cosines and sines for each batch element where positions are beyond those that are
  ///   kept.
  public func callAsFunction(
    _ x: consuming Tensor<Scalar>, at positions: RowPositions = .offset(0), headCount: Int? = nil
  ) throws(AttentionError) -> Tensor<Scalar> {
    var rotated = x
    try rotate(&rotated, at: positions, headCount: headCount)
    return rotated
  }

  /// Rotates each row of x by its position, in place where nobody else holds its memory.
  ///
  /// - Parameters:
  ///   - x: queries or keys [B, H, L, D], or [B, L, H·D] with a head count; unchanged if anything is thrown.
  ///   - positions: of the rows.
  ///   - headCount: H, needed for rank 3; checked where the tensor has it too.
  /// - Throws: as ``callAsFunction(_:at:headCount:)``.
  public func rotate(
    _ x: inout Tensor<Scalar>, at positions: RowPositions = .offset(0), headCount: Int? = nil
  ) throws(AttentionError) {
    let (batch, heads, rows, headSize) = try Self.sizes(x, headCount: headCount)
    guard headSize >= rotarySize else {
      throw .shape(name: "x", expected: "heads of \(rotarySize), the rotary size, or more", actual: x.shape)
    }
    try check(positions, batch: batch, rows: rows, headSize: headSize)
    guard x.count > 0 else { return }
    let isInPlace = x.isWritableInPlace() && HeadStrides(x, heads: heads) != nil
    let (source, kept) = try HeadMatrices.of(x, heads: heads)
    // A copy, made where rows are not read as they lie, is this call's own.
    let isOwn = isInPlace || kept.storage !== x.storage
    let result =
      isOwn ? kept : try rethrowing { () throws(TensorError) in try Tensor<Scalar>(uninitialized: x.shape) }
    guard let strides = HeadStrides(result, heads: heads) else { throw .tooLarge(name: "x", shape: x.shape) }
    try rotate(
      source, into: MutableHeadMatrices(base: result.storage.base + result.layout.offset, strides: strides),
      batch: batch, heads: heads, rows: rows, headSize: headSize, at: positions,
      workers: RotaryRotation<Scalar>.workersWorthWaking(numbers: x.count))
    x = result
  }

  /// x with each row rotated by cosines and sines of its own, as ONNX `RotaryEmbedding` does without `position_ids`.
  ///
  /// - Parameters:
  ///   - x: queries or keys [B, H, L, D], or [B, L, H·D] with a head count.
  ///   - cosines: [L, r/2], or [B, L, r/2].
  ///   - sines: [L, r/2], or [B, L, r/2].
  ///   - pairing: which numbers are a pair.
  ///   - headCount: H, needed for rank 3; checked where the tensor has it too.
  /// - Returns: the shape of `x`.
  /// - Throws: ``AttentionError`` for shapes that do not fit each other.
  public static func rotated(
    _ x: consuming Tensor<Scalar>, cosines: Tensor<Scalar>, sines: Tensor<Scalar>, pairing: RotaryPairing = .halves,
    headCount: Int? = nil
  ) throws(AttentionError) -> Tensor<Scalar> {
    let (batch, _, rows, _) = try sizes(x, headCount: headCount)
    let shape = cosines.layout.shape
    guard let pairs = shape.last, shape == [rows, pairs] || shape == [batch, rows, pairs] else {
      throw .shape(name: "cosines", expected: "[\(rows), r/2] or [\(batch), \(rows), r/2]", actual: shape)
    }
    guard sines.shape == shape else {
      throw .shape(name: "sines", expected: "\(shape), as cosines", actual: sines.shape)
    }
    // All rows as one table, in which each batch element has its place.
    let rowCount = shape.count == 3 ? batch * rows : rows
    let rotary = try rethrowing { () throws(TensorError) in
      (try cosines.reshaped(to: [rowCount, pairs]), try sines.reshaped(to: [rowCount, pairs]))
    }
    let stride = shape.count == 3 ? rows : 0
    return try RotaryPositions(cosines: rotary.0, sines: rotary.1, pairing: pairing)(
      x, at: .offsets((0..<batch).map { $0 * stride }), headCount: headCount)
  }

  private static func sizes(
    _ x: borrowing Tensor<Scalar>, headCount: Int?
  ) throws(AttentionError) -> (batch: Int, heads: Int, rows: Int, headSize: Int) {
    let shape = x.layout.shape
    switch shape.count {
    case 4:
      if let headCount, headCount != shape[1] {
        throw .shape(name: "x", expected: "\(headCount) heads, as asked for", actual: shape)
      }
      return (shape[0], shape[1], shape[2], shape[3])
    case 3:
      guard let headCount else {
        throw .argument(name: "headCount", expected: "a number, for x of shape \(shape)", actual: "not given")
      }
      guard headCount > 0, shape[2] % headCount == 0 else {
        throw .shape(name: "x", expected: "a last dimension divisible by \(headCount) heads", actual: shape)
      }
      return (shape[0], headCount, shape[1], shape[2] / headCount)
    default:
      throw .rank(name: "x", expected: "3 or 4", shape: shape)
    }
  }
}
