internal import Tensors

/// How the keys of few rows are cut: into at most eight chunks of whole tiles, whose parts are computed apart and folded in order.
///
/// Cut by where the rows' last key is, and by nothing else: so a row gets the same bits whoever computes its chunks.
struct KeyChunks: Sendable, Hashable {
  static var most: Int { 8 }

  let keysPerChunk: Int
  let end: Int

  /// - Parameter end: behind the last key that some row attends.
  init(end: Int) {
    let tile = FusedAttention.tileKeys
    let tiles = (end + tile - 1) / tile
    keysPerChunk = max(1, (tiles + Self.most - 1) / Self.most) * tile
    self.end = end
  }

  var count: Int { (end + keysPerChunk - 1) / keysPerChunk }

  /// Empty beyond the last one.
  subscript(index: Int) -> Range<Int> {
    let start = min(index * keysPerChunk, end)
    return start..<min(start + keysPerChunk, end)
  }
}
