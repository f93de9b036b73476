internal import Tensors

extension KeyValueElement {
  /// Writes rows without gaps, rounded to nearest, ties to even.
  ///
  /// - Parameters:
  ///   - source: the first row.
  ///   - rows: how many.
  ///   - columns: numbers of a row.
  ///   - stride: from one row to the next, in elements.
  ///   - target: memory for rows · columns numbers.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func narrow<Scalar: BLASScalar>(
    _ source: UnsafePointer<Scalar>, rows: Int, columns: Int, stride: Int, into target: UnsafeMutableRawPointer
  ) {
    let isDense = stride == columns || rows == 1
    let (runs, count) = isDense ? (1, rows * columns) : (rows, columns)
    let kernels = Scalar.arithmetic.kernels
    for run in 0..<runs {
      let from = source + run * stride
      let to = target + run * count * byteCount(Scalar.self)
      switch self {
      case .full: to.bindMemory(to: Scalar.self, capacity: count).update(from: from, count: count)
      case .float16: kernels.narrowFloat16(from, to.bindMemory(to: UInt16.self, capacity: count), count)
      case .bfloat16: kernels.narrowBFloat16(from, to.bindMemory(to: UInt16.self, capacity: count), count)
      }
    }
  }
}
