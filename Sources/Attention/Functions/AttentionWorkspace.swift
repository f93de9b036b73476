internal import Tensors

/// Scratch memory that a plan's runs reuse, so that a caller in a loop need not allocate.
///
/// Made by ``AttentionPlan/makeWorkspace()``, usable with any plan of the same element type (it grows if it must, once), by one
/// call at a time: it can't be copied, only handed on.
public struct AttentionWorkspace<Scalar: BLASScalar>: ~Copyable, Sendable {
  private var storage: TensorStorage<Scalar>
  private var sliceCount: Int
  private var slices: Int

  init(sliceCount: Int, slices: Int) throws(AttentionError) {
    storage = try Self.allocate(sliceCount: sliceCount, slices: slices)
    (self.sliceCount, self.slices) = (sliceCount, slices)
  }

  /// Bytes held.
  public var byteCount: Int { storage.count * MemoryLayout<Scalar>.stride }

  /// Gives `body` one slice of at least these parts for each of `slices` workers.
  mutating func withSlices(
    of parts: ScratchParts, slices: Int, _ body: (ScratchSlices<Scalar>) -> Void
  ) throws(AttentionError) {
    let sliceCount = parts.count
    if sliceCount > self.sliceCount || slices > self.slices {
      let (largest, most) = (max(sliceCount, self.sliceCount), max(slices, self.slices))
      storage = try Self.allocate(sliceCount: largest, slices: most)
      (self.sliceCount, self.slices) = (largest, most)
    }
    body(ScratchSlices(base: storage.base, stride: Self.stride(self.sliceCount), parts: parts))
  }

  private static func allocate(sliceCount: Int, slices: Int) throws(AttentionError) -> TensorStorage<Scalar> {
    let (count, overflows) = stride(sliceCount).multipliedReportingOverflow(by: slices)
    guard !overflows else { throw .tooLarge(name: "workspace", shape: [slices, sliceCount]) }
    return try rethrowing { () throws(TensorError) in try TensorStorage<Scalar>(uninitializedCount: count) }
  }

  /// Slices begin on cache lines of their own, and not all at the same place of a page (which would make them compete for
  /// the same sets of a cache).
  static func stride(_ sliceCount: Int) -> Int {
    let line = 64 / MemoryLayout<Scalar>.stride
    return (sliceCount + line - 1) / line * line + 5 * line
  }
}

/// One slice of scratch per worker.
struct ScratchSlices<Scalar> {
  let base: UnsafeMutablePointer<Scalar>
  let stride: Int
  /// Where the parts of a slice begin.
  var parts = ScratchParts()

  subscript(worker: Int) -> WorkerScratch<Scalar> {
    let start = base + worker * stride
    let kept = UnsafeMutableRawPointer(start + parts.path + parts.conversion)
    return WorkerScratch(
      base: start, conversion: start + parts.path,
      kept: kept.bindMemory(to: Bool.self, capacity: parts.kept * MemoryLayout<Scalar>.stride))
  }
}

/// What a worker's slice of scratch is cut into, in elements.
struct ScratchParts: Sendable, Hashable {
  /// The path's own.
  var path = 0
  /// Rows of keys or values that are converted as they are read.
  var conversion = 0
  /// One byte for each score of a block, where a rule decides which are attended.
  var kept = 0

  var count: Int { path + conversion + kept }
}

/// A worker's slice.
struct WorkerScratch<Scalar> {
  let base: UnsafeMutablePointer<Scalar>
  let conversion: UnsafeMutablePointer<Scalar>
  let kept: UnsafeMutablePointer<Bool>
}
