internal import Glibc
internal import Tensors

/// What a page holds: keys [G, rows, D] and, from the next cache line on, values [G, rows, Dv].
struct KeyValuePageLayout: Sendable, Hashable {
  let heads: Int
  let headSize: Int
  let valueHeadSize: Int
  let rows: Int
  /// Bytes of one number.
  let elementSize: Int

  static var cacheLine: Int { 64 }

  private var keyBytes: Int { heads * rows * headSize * elementSize }
  private var valueBytes: Int { heads * rows * valueHeadSize * elementSize }

  /// Where the values begin, in bytes.
  var valueOffset: Int { (keyBytes + Self.cacheLine - 1) / Self.cacheLine * Self.cacheLine }
  var byteCount: Int { max(valueOffset + valueBytes, 1) }

  /// Where a row of keys begins, in bytes.
  func keyOffset(head: Int, row: Int) -> Int { (head * rows + row) * headSize * elementSize }
  /// Where a row of values begins, in bytes.
  func valueOffset(head: Int, row: Int) -> Int { valueOffset + (head * rows + row) * valueHeadSize * elementSize }
}

/// The keys and values of some consecutive positions, of one batch element or of several that have them in common.
///
/// Sendable: written only by a table that is the page's only holder and is itself held once.
final class KeyValuePage: @unchecked Sendable {
  let memory: UnsafeMutableRawPointer

  /// Memory whose content is undefined.
  init(byteCount: Int) throws(AttentionError) {
    guard let memory = AlignedMemory.allocate(byteCount: byteCount) else {
      throw .tensor(.outOfMemory(bytes: byteCount))
    }
    self.memory = memory
  }

  deinit { free(memory) }

  /// Copies the first rows of every head.
  func copy(rows count: Int, from other: KeyValuePage, _ layout: KeyValuePageLayout) {
    for head in 0..<layout.heads {
      let (keys, values) = (layout.keyOffset(head: head, row: 0), layout.valueOffset(head: head, row: 0))
      (memory + keys).copyMemory(
        from: other.memory + keys, byteCount: count * layout.headSize * layout.elementSize)
      (memory + values).copyMemory(
        from: other.memory + values, byteCount: count * layout.valueHeadSize * layout.elementSize)
    }
  }
}
