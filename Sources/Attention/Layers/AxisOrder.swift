internal import Tensors

/// Which of a sequence's two leading axes comes first in what goes into a layer and comes out of it.
///
/// Results are the same numbers; neither order is copied into the other.
///
/// - SeeAlso: PyTorch `torch.nn.MultiheadAttention`, whose `batch_first` is true for ``batchFirst`` and false, its
///   default, for ``sequenceFirst``.
public enum AxisOrder: Sendable, Hashable, CaseIterable {
  /// [B, L, E]
  case batchFirst
  /// [L, B, E]
  case sequenceFirst

  /// The axis of the batch elements, among the first two.
  var batchAxis: Int { self == .batchFirst ? 0 : 1 }
  /// The axis of a sequence's rows.
  var rowAxis: Int { 1 - batchAxis }

  /// A shape in letters, such as [B, L, E].
  func letters(_ rows: String, _ size: String) -> String {
    self == .batchFirst ? "[B, \(rows), \(size)]" : "[\(rows), B, \(size)]"
  }

  /// The shape of `rows` rows of `size` numbers for every batch element.
  func shape(batch: Int, rows: Int, size: Int) -> [Int] {
    self == .batchFirst ? [batch, rows, size] : [rows, batch, size]
  }

  /// Such rows seen as [B, rows, size], in memory where they follow one another in this order.
  ///
  /// - Parameters:
  ///   - batch: B.
  ///   - rows: seen of each batch element.
  ///   - room: further rows of each, behind those that are seen.
  ///   - size: numbers seen of each row.
  ///   - rowSize: from one row to the next.
  ///   - offset: of the first number.
  func layout(batch: Int, rows: Int, room: Int = 0, size: Int, rowSize: Int, offset: Int = 0) -> TensorLayout {
    let strides = self == .batchFirst ? [(rows + room) * rowSize, rowSize, 1] : [rowSize, batch * rowSize, 1]
    return TensorLayout(offset: offset, shape: [batch, rows, size], strides: strides)
  }

  /// Whether a layout is that of such rows from the beginning of memory, without room or gaps.
  func isLayout(_ layout: TensorLayout, batch: Int, rows: Int, size: Int) -> Bool {
    let (shape, strides) = (layout.shape, layout.strides)
    guard layout.offset == 0, shape.count == 3 else { return false }
    let (batchStride, rowStride) = self == .batchFirst ? (rows * size, size) : (size, batch * size)
    return shape[0] == batch && shape[1] == rows && shape[2] == size && strides[0] == batchStride
      && strides[1] == rowStride && strides[2] == 1
  }
}
