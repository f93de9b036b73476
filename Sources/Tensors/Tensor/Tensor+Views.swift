extension Tensor {
  /// The tensor with two axes exchanged. No copy.
  ///
  /// - Throws: ``TensorError/axis(actual:rank:)``.
  public func transposed(_ first: Int, _ second: Int) throws(TensorError) -> Tensor {
    try checkAxis(first)
    try checkAxis(second)
    var view = self
    view.layout.shape.swapAt(first, second)
    view.layout.strides.swapAt(first, second)
    return view
  }

  /// The tensor with its axes in another order: axis `i` of the result is axis `order[i]` of this one. No copy.
  ///
  /// - Throws: ``TensorError/permutation(actual:rank:)``.
  public func permuted(_ order: [Int]) throws(TensorError) -> Tensor {
    guard order.sorted() == Array(0..<rank) else { throw .permutation(actual: order, rank: rank) }
    var view = self
    view.layout.shape = order.map { layout.shape[$0] }
    view.layout.strides = order.map { layout.strides[$0] }
    return view
  }

  /// The part of the tensor in which axis `axis` runs over `range`. No copy.
  ///
  /// - Throws: ``TensorError/axis(actual:rank:)``, ``TensorError/range(actual:axis:size:)``.
  public func sliced(axis: Int, _ range: Range<Int>) throws(TensorError) -> Tensor {
    try checkAxis(axis)
    guard range.lowerBound >= 0, range.upperBound <= shape[axis] else {
      throw .range(actual: range, axis: axis, size: shape[axis])
    }
    var view = self
    if !range.isEmpty { view.layout.offset += range.lowerBound * layout.strides[axis] }
    view.layout.shape[axis] = range.count
    return view
  }

  /// The part at one index of an axis, which is dropped: rank − 1. No copy.
  ///
  /// - Throws: ``TensorError/axis(actual:rank:)``, ``TensorError/range(actual:axis:size:)``.
  public func selecting(axis: Int, _ index: Int) throws(TensorError) -> Tensor {
    try checkAxis(axis)
    guard index >= 0, index < shape[axis] else {
      throw .range(actual: index..<(index == .max ? index : index + 1), axis: axis, size: shape[axis])
    }
    var view = try sliced(axis: axis, index..<(index + 1))
    view.layout.shape.remove(at: axis)
    view.layout.strides.remove(at: axis)
    return view
  }

  /// The tensor with an axis of size 1 inserted before axis `axis` (`rank` appends it). No copy.
  ///
  /// - Throws: ``TensorError/axis(actual:rank:)``.
  public func insertingAxis(_ axis: Int) throws(TensorError) -> Tensor {
    guard axis >= 0, axis <= rank else { throw .axis(actual: axis, rank: rank + 1) }
    var view = self
    view.layout.shape.insert(1, at: axis)
    view.layout.strides.insert(0, at: axis)
    return view
  }

  /// The same elements in row-major order with another shape: a view where strides can express it, else a copy.
  ///
  /// - Throws: ``TensorError/elementCount(shape:expected:actual:)`` when the shapes differ in element count;
  ///   ``TensorError/negativeDimension(shape:)``, ``TensorError/tooManyElements(shape:)``; a copy also
  ///   ``TensorError/outOfMemory(bytes:)``.
  public func reshaped(to newShape: [Int]) throws(TensorError) -> Tensor {
    let newCount = try TensorLayout.count(of: newShape)
    guard newCount == count else { throw .elementCount(shape: newShape, expected: newCount, actual: count) }
    if let view = layout.reshaped(to: newShape) { return Tensor(storage: storage, layout: view) }
    var copy = try contiguous()
    copy.layout = try TensorLayout(contiguous: newShape)
    return copy
  }

  /// The tensor repeated to a larger shape, right-aligned: axes of size 1 and missing leading axes repeat. No copy.
  ///
  /// - Throws: ``TensorError/shape(operation:expected:actual:)``; for the new shape
  ///   ``TensorError/negativeDimension(shape:)``, ``TensorError/tooManyElements(shape:)``.
  public func broadcast(to newShape: [Int]) throws(TensorError) -> Tensor {
    Tensor(storage: storage, layout: try layout.broadcast(to: newShape))
  }

  /// `[…, L, H·D]` seen as `[…, H, L, D]`: the last axis divided into `headCount` heads. No copy.
  ///
  /// - Throws: ``TensorError/rank(expected:actual:)``, ``TensorError/division(axis:size:parts:)``;
  ///   ``TensorError/tooManyElements(shape:)`` for an empty axis in more parts than can be counted.
  public func splittingHeads(_ headCount: Int) throws(TensorError) -> Tensor {
    guard rank >= 2 else { throw .rank(expected: "2 or more", actual: shape) }
    let size = shape[rank - 1]
    guard headCount > 0, size % headCount == 0 else {
      throw .division(axis: rank - 1, size: size, parts: headCount)
    }
    let headSize = size / headCount
    var view = self
    view.layout.shape.replaceSubrange((rank - 1)..., with: [headCount, headSize])  // […, L, H, D]
    _ = try TensorLayout.count(of: view.shape)
    view.layout.strides.insert(layout.strides[rank - 1] * headSize, at: rank - 1)
    return try view.transposed(view.rank - 3, view.rank - 2)
  }

  /// `[…, H, L, D]` as `[…, L, H·D]`: the heads side by side. A view where each row's heads lie next to each other,
  /// as those of ``splittingHeads(_:)`` do, else a copy.
  ///
  /// - Throws: ``TensorError/rank(expected:actual:)``; a copy also ``TensorError/outOfMemory(bytes:)``.
  public func mergingHeads() throws(TensorError) -> Tensor {
    guard rank >= 3 else { throw .rank(expected: "3 or more", actual: shape) }
    let rows = try transposed(rank - 3, rank - 2)  // […, L, H, D]
    let merged = try TensorLayout.count(of: [shape[rank - 3], shape[rank - 1]])
    return try rows.reshaped(to: Array(rows.shape.dropLast(2)) + [merged])
  }

  private func checkAxis(_ axis: Int) throws(TensorError) {
    guard axis >= 0, axis < rank else { throw .axis(actual: axis, rank: rank) }
  }
}
