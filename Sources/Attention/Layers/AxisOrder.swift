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

  /// [B, L, E] in this order, and the other way round. No copy.
  func turned<Scalar: BLASScalar>(_ tensor: Tensor<Scalar>) throws(AttentionError) -> Tensor<Scalar> {
    if self == .batchFirst { return tensor }
    return try rethrowing { () throws(TensorError) in try tensor.transposed(0, 1) }
  }
}
