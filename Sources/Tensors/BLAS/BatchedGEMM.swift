/// The same matrix product for every element of a batch: element i reads A from i·strideA and B from i·strideB, and writes
/// C at i·strideC. A stride of 0 shares one A or B among all. Elements may stand one after the other, or side by side in the
/// rows of a wider matrix (heads in a packed `[L, H·D]`: stride D, leading dimension H·D).
///
/// OpenBLAS has no batched call before 0.3.28, so this is our loop of GEMMs, fanned out over the workers.
public struct BatchedGEMM<Scalar: BLASScalar>: Sendable {
  public let element: GEMM<Scalar>
  public let count: Int
  public let strideA: Int
  public let strideB: Int
  public let strideC: Int

  /// - Parameters:
  ///   - element: the product of one element.
  ///   - count: the number of elements.
  ///   - strideA: from one A to the next, 0 or more.
  ///   - strideB: from one B to the next, 0 or more.
  ///   - strideC: from one C to the next, so that no two elements write to one place: at least C's extent, or at least n
  ///     while all elements fit side by side into a row of `ldc`.
  /// - Throws: ``TensorError/argument(name:expected:actual:)``.
  public init(
    _ element: GEMM<Scalar>, count: Int, strideA: Int, strideB: Int, strideC: Int
  ) throws(TensorError) {
    for (name, value) in [("count", count), ("strideA", strideA), ("strideB", strideB)] where value < 0 {
      throw .argument(name: name, expected: "0 or more", actual: value)
    }
    let leastC = try element.extents().c
    // (count − 1)·strideC + n ≤ ldc, without overflow.
    let isSideBySide = strideC >= element.n && strideC <= max(0, element.ldc - element.n) / max(1, count - 1)
    guard strideC >= leastC || isSideBySide || count <= 1 else {
      throw .argument(name: "strideC", expected: "\(leastC) or more", actual: strideC)
    }
    (self.element, self.count) = (element, count)
    (self.strideA, self.strideB, self.strideC) = (strideA, strideB, strideC)
  }

  /// Computes every element in caller-owned memory.
  ///
  /// - Parameters:
  ///   - a: every element's A; one may serve all.
  ///   - b: every element's B; one may serve all.
  ///   - c: every element's C.
  ///   - workers: how many threads may share the batch; nil: ``Workers/count``.
  /// - Throws: ``TensorError/spanTooShort(name:expected:actual:)`` before anything is written.
  public func callAsFunction(
    _ a: Span<Scalar>, _ b: Span<Scalar>, into c: inout MutableSpan<Scalar>, workers: Int? = nil
  ) throws(TensorError) {
    let workers = try Workers.resolved(workers)
    guard count > 0, element.m > 0, element.n > 0 else { return }
    let extents = try element.extents()
    try check("A", extents.a, strideA, a.count)
    try check("B", extents.b, strideB, b.count)
    try check("C", extents.c, strideC, c.count)
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        c.withUnsafeMutableBufferPointer { c in
          guard let target = c.baseAddress else { return }
          let unread = UnsafePointer(target)
          run(a.baseAddress ?? unread, b.baseAddress ?? unread, target, workers: workers)
        }
      }
    }
  }

  private func check(_ name: String, _ extent: Int, _ stride: Int, _ actual: Int) throws(TensorError) {
    let (last, overflows) = stride.multipliedReportingOverflow(by: count - 1)
    let (needed, overflowsToo) = last.addingReportingOverflow(extent)
    guard !overflows, !overflowsToo else { throw .tooManyElements(shape: [count, stride]) }
    guard extent == 0 || actual >= needed else { throw .spanTooShort(name: name, expected: needed, actual: actual) }
  }

  /// The batch on memory known to be large enough.
  package func run(
    _ a: UnsafePointer<Scalar>, _ b: UnsafePointer<Scalar>, _ c: UnsafeMutablePointer<Scalar>, workers: Int
  ) {
    if count == 1 { return element.run(a, b, c, workers: workers) }
    FanOut.run(pieces: count, workers: element.workersWorthwhile(workers, count: count)) { index, _ in
      element.runHere(a + index * strideA, b + index * strideB, c + index * strideC)
    }
  }
}
