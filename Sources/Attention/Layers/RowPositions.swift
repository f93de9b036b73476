public import Tensors

/// At which position each row of a sequence stands.
///
/// A position may be negative where rows are computed for it, as those of ``RotaryPositions`` are: rotating by −p undoes
/// rotating by p.
public enum RowPositions: Sendable {
  /// Row i stands at offset + i: how many rows came before, where a sequence is processed in pieces.
  case offset(Int)
  /// Row i of batch element b stands at offsets[b] + i [B].
  case offsets([Int])
  /// Row i stands at the i-th of these [L], or for each batch element its own [B, L].
  case given(Tensor<Int>)
}

extension RowPositions {
  /// The position of a row; checked before.
  func position(batch: Int, row: Int) -> Int {
    switch self {
    case .offset(let offset): return offset + row
    case .offsets(let offsets): return offsets[batch] + row
    case .given(let positions):
      let layout = positions.layout
      let start = layout.rank == 2 && layout.shape[0] > 1 ? layout.offset + batch * layout.strides[0] : layout.offset
      return positions.storage.base[start + row * layout.strides[layout.rank - 1]]
    }
  }

  /// That there is a position for every row, within `range`.
  ///
  /// - Parameter expected: the range in words.
  func validate(batch: Int, rows: Int, within range: Range<Int>, expected: String) throws(AttentionError) {
    func check(_ position: Int) throws(AttentionError) {
      guard range.contains(position) else {
        throw .argument(name: "position", expected: expected, actual: "\(position)")
      }
    }
    func check(offset: Int) throws(AttentionError) {
      guard rows > 0 else { return }
      try check(offset)
      let (last, overflows) = offset.addingReportingOverflow(rows - 1)
      try check(overflows ? .max : last)
    }
    switch self {
    case .offset(let offset): try check(offset: offset)
    case .offsets(let offsets):
      guard offsets.count == batch else {
        throw .argument(name: "offsets", expected: "\(batch), one per batch element", actual: "\(offsets.count)")
      }
      for offset in offsets { try check(offset: offset) }
    case .given(let positions):
      let shape = positions.layout.shape
      guard shape == [rows] || shape == [batch, rows] || shape == [1, rows] else {
        throw .shape(name: "positions", expected: "\([rows]) or \([batch, rows])", actual: shape)
      }
      for element in 0..<(shape.count == 2 ? shape[0] : 1) {
        for row in 0..<rows { try check(position(batch: element, row: row)) }
      }
    }
  }

  /// The greatest position of any row; nil where there are none.
  func greatest(batch: Int, rows: Int) -> Int? {
    guard batch > 0, rows > 0 else { return nil }
    switch self {
    case .offset(let offset): return offset + rows - 1
    case .offsets(let offsets): return offsets.max().map { $0 + rows - 1 }
    case .given(let positions): return positions.elements.max()
    }
  }
}
