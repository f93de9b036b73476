extension Tensor where Element: BLASScalar {
  /// The matrix product over the last two axes: `[…, M, K]` × `[…, K, N]` → `[…, M, N]`, leading axes broadcast against
  /// each other.
  ///
  /// Transposed and sliced views are read as they lie, through BLAS's leading dimension; only a view with no unit stride
  /// in its last two axes is copied.
  ///
  /// - Parameters:
  ///   - other: […, K, N].
  ///   - workers: how many threads may share it; nil: ``Workers/count``.
  /// - Throws: ``TensorError`` when ranks are below 2, inner dimensions differ or leading axes do not broadcast.
  /// - Complexity: 2·batch·M·N·K floating-point operations.
  public func matrixProduct(_ other: Tensor, workers: Int? = nil) throws(TensorError) -> Tensor {
    let workers = try Workers.resolved(workers)
    guard rank >= 2 else { throw .rank(expected: "2 or more", actual: shape) }
    guard other.rank >= 2 else { throw .rank(expected: "2 or more", actual: other.shape) }
    let (m, k, n) = (shape[rank - 2], shape[rank - 1], other.shape[other.rank - 1])
    guard other.shape[other.rank - 2] == k else {
      throw .shape(
        operation: "matrix product with \(shape)", expected: Array(other.shape.dropLast(2)) + [k, n],
        actual: other.shape)
    }
    let batch = try Self.broadcastShape(Array(shape.dropLast(2)), Array(other.shape.dropLast(2)))
    // Sizes that BLAS can't count are refused before anything is copied.
    _ = try GEMM<Element>(m: m, n: n, k: k)
    let left = try Operand(self)
    let right = try Operand(other)
    let result = try Tensor(uninitialized: batch + [m, n])
    // Before the batch is listed: where rows or columns are none it may be longer than memory.
    if result.layout.shape.contains(0) { return result }
    let gemm = try GEMM<Element>(
      m: m, n: n, k: k, transposesA: left.isTransposed, transposesB: right.isTransposed, lda: left.leadingDimension,
      ldb: right.leadingDimension)
    let offsetsA = try left.tensor.layout.batchOffsets(broadcastTo: batch)
    let offsetsB = try right.tensor.layout.batchOffsets(broadcastTo: batch)
    let (a, b, c) = (left.tensor.storage.base, right.tensor.storage.base, result.storage.base)
    if offsetsA.count == 1 {
      gemm.run(a + offsetsA[0], b + offsetsB[0], c, workers: workers)
    } else {
      let workers = gemm.workersWorthwhile(workers, count: offsetsA.count)
      FanOut.run(pieces: offsetsA.count, workers: workers) { index, _ in
        gemm.runHere(a + offsetsA[index], b + offsetsB[index], c + index * m * n)
      }
    }
    withExtendedLifetime((left.tensor, right.tensor)) {}
    return result
  }

  private static func broadcastShape(_ left: [Int], _ right: [Int]) throws(TensorError) -> [Int] {
    let rank = max(left.count, right.count)
    let a = Array(repeating: 1, count: rank - left.count) + left
    let b = Array(repeating: 1, count: rank - right.count) + right
    var shape: [Int] = []
    for (sizeA, sizeB) in zip(a, b) {
      guard sizeA == sizeB || sizeA == 1 || sizeB == 1 else {
        throw .shape(operation: "broadcast", expected: left, actual: right)
      }
      shape.append(sizeA == 1 ? sizeB : sizeA)
    }
    return shape
  }

  /// A tensor whose last two axes BLAS can read: one of them has stride 1, the other a legal leading dimension.
  private struct Operand {
    let tensor: Tensor
    let isTransposed: Bool
    let leadingDimension: Int

    init(_ given: Tensor) throws(TensorError) {
      let (rows, columns) = (given.shape[given.rank - 2], given.shape[given.rank - 1])
      let (rowStride, columnStride) = (given.strides[given.rank - 2], given.strides[given.rank - 1])
      // The stride of an axis of one element says nothing, and may be greater than BLAS can count.
      let rowGap = rows <= 1 ? max(1, columns) : rowStride
      let columnGap = columns <= 1 ? max(1, rows) : columnStride
      if columnStride == 1 || columns <= 1, (max(1, columns)...Int(Int32.max)).contains(rowGap) {
        (tensor, isTransposed, leadingDimension) = (given, false, rowGap)
      } else if rowStride == 1 || rows <= 1, (max(1, rows)...Int(Int32.max)).contains(columnGap) {
        (tensor, isTransposed, leadingDimension) = (given, true, columnGap)
      } else {
        (tensor, isTransposed) = (try given.copy(), false)
        leadingDimension = max(columns, 1)
      }
    }
  }
}

extension TensorLayout {
  /// The offset of each matrix (the last two axes) of the layout broadcast to `batch`, in row-major order.
  fileprivate func batchOffsets(broadcastTo batch: [Int]) throws(TensorError) -> [Int] {
    let leading = TensorLayout(
      offset: offset, shape: Array(shape.dropLast(2)), strides: Array(strides.dropLast(2)))
    var runs = try leading.broadcast(to: batch)
    // A last axis of one element, so that a run is one matrix.
    runs.shape.append(1)
    runs.strides.append(1)
    var offsets: [Int] = []
    runs.forEachRun { offsets.append($0) }
    return offsets
  }
}
