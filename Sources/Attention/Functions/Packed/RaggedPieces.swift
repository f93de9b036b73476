/// Pieces of work of batch elements that have different numbers of them, counted through.
struct RaggedPieces {
  /// Pieces before each batch element, and in all [B + 1].
  private let starts: [Int]

  init(counts: [Int]) {
    var starts = [0]
    starts.reserveCapacity(counts.count + 1)
    for count in counts { starts.append(starts[starts.count - 1] + count) }
    self.starts = starts
  }

  var count: Int { starts[starts.count - 1] }

  /// The batch element of a piece, and its index there.
  ///
  /// - Complexity: O(log B).
  subscript(piece: Int) -> (batch: Int, index: Int) {
    var (low, high) = (0, starts.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= piece { low = middle } else { high = middle }
    }
    return (low, piece - starts[low])
  }
}
