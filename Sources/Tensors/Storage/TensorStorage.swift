internal import Glibc

/// The memory behind one or several tensors: aligned to 64 bytes when it is our own, or somebody else's read-only memory
/// (a mapped file) kept alive by its owner.
///
/// Sendable: memory is written only by a holder that has checked that it is the only one (``Tensor``'s copy-on-write),
/// or before the storage is shared.
package final class TensorStorage<Element: TensorElement>: @unchecked Sendable {
  package let base: UnsafeMutablePointer<Element>
  package let count: Int
  private let owner: (any Sendable)?

  package static var alignment: Int { AlignedMemory.alignment }

  /// The elements whose bytes can be counted in `Int`.
  package static var greatestCount: Int { (Int.max - alignment) / MemoryLayout<Element>.stride }

  /// Memory whose content is undefined.
  ///
  /// - Throws: ``TensorError/negativeDimension(shape:)``, ``TensorError/tooManyElements(shape:)`` or
  ///   ``TensorError/outOfMemory(bytes:)``.
  package init(uninitializedCount count: Int) throws(TensorError) {
    guard count >= 0 else { throw .negativeDimension(shape: [count]) }
    guard count <= Self.greatestCount else { throw .tooManyElements(shape: [count]) }
    let bytes = count * MemoryLayout<Element>.stride
    guard let memory = AlignedMemory.allocate(byteCount: bytes) else { throw .outOfMemory(bytes: bytes) }
    self.base = memory.bindMemory(to: Element.self, capacity: max(count, 1))
    self.count = count
    self.owner = nil
  }

  /// Somebody else's memory, only ever read, alive as long as `owner` is.
  package init(readOnly memory: UnsafePointer<Element>, count: Int, owner: any Sendable) {
    self.base = UnsafeMutablePointer(mutating: memory)
    self.count = count
    self.owner = owner
  }

  package var isWritable: Bool { owner == nil }

  deinit {
    if owner == nil { free(base) }
  }
}
