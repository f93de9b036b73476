internal import Tensors

extension ResolvedMask {
  /// The tensor biases and the position bias of a mask as one operand, and the memory behind it.
  ///
  /// A position bias alone is read through its numbers by distance. With tensor biases beside it, the sum is laid out over the shape
  /// that they broadcast to.
  ///
  /// - Parameter mask: with a position bias.
  static func positionBias(
    _ position: PositionBias<Scalar>, of mask: AttentionMask<Scalar>, alignment: QueryAlignment, shape: AttentionShape
  ) throws(AttentionError) -> (tensor: Tensor<Scalar>?, operand: MaskOperand<Scalar>?) {
    try position.validate(heads: shape.heads)
    let diagonals = try PositionDiagonals(position, alignment: alignment, keyLengths: mask.keyLengths, shape: shape)
    if mask.biases.isEmpty { return (diagonals.numbers, diagonals.operand) }
    let sum = try combined(mask.biases + [diagonals.matrix(shape)], name: "bias", shape: shape, sum)
    return (sum, sum.map(operand))
  }
}

/// A position bias at its place in a problem: row i of batch element b and head h starts at the number of d = −offset[b] − i and
/// goes on with those that follow, so that the next row starts one number earlier.
private struct PositionDiagonals<Scalar: BLASScalar> {
  let numbers: Tensor<Scalar>
  /// Where the row of batch element 0, head 0 and query 0 starts.
  let start: Int
  /// 0 where all batch elements have the same offset, or heads the same numbers.
  let batchStride: Int
  let headStride: Int
  let batch: Int
  let heads: Int

  init(
    _ position: PositionBias<Scalar>, alignment: QueryAlignment, keyLengths: [Int]?, shape: AttentionShape
  ) throws(AttentionError) {
    let (l, s) = (max(shape.queries, 1), max(shape.keys, 1))
    func offset(_ batch: Int) -> Int {
      alignment.offset(batch: batch, queries: shape.queries, keys: shape.keys, keyLengths: keyLengths)
    }
    func distances(_ offset: Int) -> Range<Int> { (1 - offset - l)..<(s - offset) }
    let heads = position.headCount(heads: shape.heads)
    self.heads = heads
    let first = shape.batch == 0 ? 0 : offset(0)
    var isShared = true
    for batch in 0..<shape.batch where offset(batch) != first { isShared = false }
    if isShared {
      let range = distances(first)
      let (kept, lowest) = try rethrowing { () throws(TensorError) in
        try position.vectors.numbers(of: range) { range throws(TensorError) in
          try position.numbers(of: range, heads: heads)
        }
      }
      (numbers, batch, batchStride) = (kept, 1, 0)
      start = -first - lowest
      headStride = heads > 1 ? kept.layout.shape[1] : 0
    } else {
      let count = l + s - 1
      let all = try rethrowing { () throws(TensorError) in
        let all = try Tensor<Scalar>(uninitialized: [shape.batch, heads, count])
        for batch in 0..<shape.batch {
          let own = try position.numbers(of: distances(offset(batch)), heads: heads)
          (all.storage.base + batch * heads * count).update(from: own.storage.base, count: heads * count)
        }
        return all
      }
      (numbers, batch, batchStride) = (all, shape.batch, heads * count)
      start = l - 1
      headStride = heads > 1 ? count : 0
    }
  }

  var operand: MaskOperand<Scalar> {
    MaskOperand(
      base: UnsafePointer(numbers.storage.base) + start, batchStride: batchStride, headStride: headStride,
      queryStride: -1)
  }

  /// The same as a view [B or 1, H or 1, L, S].
  func matrix(_ shape: AttentionShape) -> Tensor<Scalar> {
    Tensor(
      storage: numbers.storage,
      layout: TensorLayout(
        offset: start, shape: [batch, heads, shape.queries, shape.keys], strides: [batchStride, headStride, -1, 1]))
  }
}
