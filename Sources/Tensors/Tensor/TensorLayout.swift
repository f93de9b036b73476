/// Where the elements of a view stand: an offset, and a size and a stride per axis, in elements.
///
/// Row-major (the last axis is contiguous) when ``isContiguous``; a stride of 0 repeats one element (broadcast).
package struct TensorLayout: Equatable, Sendable {
  package var offset: Int
  package var shape: [Int]
  package var strides: [Int]

  package init(offset: Int, shape: [Int], strides: [Int]) {
    self.offset = offset
    self.shape = shape
    self.strides = strides
  }

  /// The row-major layout of a shape.
  ///
  /// - Throws: ``TensorError/negativeDimension(shape:)``, ``TensorError/tooManyElements(shape:)``.
  package init(contiguous shape: [Int]) throws(TensorError) {
    _ = try Self.count(of: shape)
    self.init(offset: 0, shape: shape, strides: Self.contiguousStrides(of: shape))
  }

  /// The product of the dimensions, checked; also that of those other than 0, so that the strides of an empty tensor and the
  /// offsets of its views fit `Int` too.
  ///
  /// - Throws: ``TensorError/negativeDimension(shape:)``, ``TensorError/tooManyElements(shape:)``.
  package static func count(of shape: [Int]) throws(TensorError) -> Int {
    guard shape.allSatisfy({ $0 >= 0 }) else { throw .negativeDimension(shape: shape) }
    var count = 1
    for size in shape where size > 0 {
      let (product, overflows) = count.multipliedReportingOverflow(by: size)
      guard !overflows else { throw .tooManyElements(shape: shape) }
      count = product
    }
    return shape.contains(0) ? 0 : count
  }

  static func contiguousStrides(of shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    var stride = 1
    for axis in shape.indices.reversed() {
      strides[axis] = stride
      stride *= max(shape[axis], 1)
    }
    return strides
  }

  package var rank: Int { shape.count }

  package var count: Int { shape.reduce(1, *) }

  /// Whether the elements stand in row-major order without gaps (axes of size 1 may have any stride; an
  /// empty tensor has no gaps).
  package var isContiguous: Bool {
    if shape.contains(0) { return true }
    var stride = 1
    for axis in shape.indices.reversed() where shape[axis] != 1 {
      if strides[axis] != stride { return false }
      stride *= shape[axis]
    }
    return true
  }

  /// Calls `body` with the offset of the first element of every run along the last axis, in row-major order.
  func forEachRun(_ body: (_ offset: Int) -> Void) {
    guard rank > 0 else { return body(offset) }
    if shape.contains(0) { return }
    var index = [Int](repeating: 0, count: rank)
    var position = offset
    while true {
      body(position)
      var axis = rank - 2
      while axis >= 0 {
        index[axis] += 1
        position += strides[axis]
        if index[axis] < shape[axis] { break }
        position -= strides[axis] * shape[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  /// The layout of the same elements seen with another shape, if strides can express it.
  ///
  /// Every group of axes that is merged must be contiguous in itself. `newShape` has the same element count.
  func reshaped(to newShape: [Int]) -> TensorLayout? {
    if count == 0 || isContiguous {
      return TensorLayout(offset: offset, shape: newShape, strides: Self.contiguousStrides(of: newShape))
    }
    let old = zip(shape, strides).filter { $0.0 != 1 }
    var newStrides = [Int](repeating: 0, count: newShape.count)
    var oldAxis = 0
    var newAxis = 0
    while oldAxis < old.count {
      // The shortest runs of old and new axes with equal products.
      var oldEnd = oldAxis + 1
      var newEnd = newAxis + 1
      var oldProduct = old[oldAxis].0
      guard newAxis < newShape.count else { return nil }
      var newProduct = newShape[newAxis]
      while oldProduct != newProduct {
        if oldProduct < newProduct {
          guard oldEnd < old.count else { return nil }
          oldProduct *= old[oldEnd].0
          oldEnd += 1
        } else {
          guard newEnd < newShape.count else { return nil }
          newProduct *= newShape[newEnd]
          newEnd += 1
        }
      }
      for axis in oldAxis..<(oldEnd - 1) where old[axis].1 != old[axis + 1].1 * old[axis + 1].0 { return nil }
      var stride = old[oldEnd - 1].1
      for axis in (newAxis..<newEnd).reversed() {
        newStrides[axis] = stride
        stride *= newShape[axis]
      }
      oldAxis = oldEnd
      newAxis = newEnd
    }
    return TensorLayout(offset: offset, shape: newShape, strides: newStrides)
  }

  /// The layout seen with a larger shape: sizes of 1 and missing leading axes are repeated.
  func broadcast(to newShape: [Int]) throws(TensorError) -> TensorLayout {
    let missing = newShape.count - rank
    guard missing >= 0 else { throw .shape(operation: "broadcast", expected: newShape, actual: shape) }
    _ = try Self.count(of: newShape)
    var newStrides = [Int](repeating: 0, count: newShape.count)
    for axis in shape.indices {
      if shape[axis] == newShape[axis + missing] {
        newStrides[axis + missing] = strides[axis]
      } else if shape[axis] != 1 {
        throw .shape(operation: "broadcast", expected: newShape, actual: shape)
      }
    }
    return TensorLayout(offset: offset, shape: newShape, strides: newStrides)
  }
}
