internal import Tensors

/// Where projected queries, keys and values stand in a workspace: all that it depends on, in numbers, so that a run of the same
/// sizes as the last one finds its views made.
struct ProjectionArrangement: Hashable, Sendable {
  let order: AxisOrder
  /// E
  let size: Int
  /// B
  let batch: Int
  /// L
  let queries: Int
  /// S of what is projected.
  let keys: Int
  /// Rows of memory behind the last key and value of each batch element.
  let room: Int
  /// Queries, keys and values, in this order: the first one, two or three of them.
  let partCount: Int
  /// Whether one product makes queries and keys.
  let keysJoinQueries: Bool
  /// Whether one product makes keys and values.
  let valuesJoinKeys: Bool

  /// Pieces begin on cache lines.
  static func alignment<Scalar>(_: Scalar.Type) -> Int { 64 / MemoryLayout<Scalar>.stride }

  /// The part at which the product of `part` begins.
  func first(_ part: Int) -> Int {
    switch part {
    case 1: keysJoinQueries ? 0 : 1
    case 2: valuesJoinKeys ? first(1) : 2
    default: 0
    }
  }

  /// How many parts the product that begins at `first` makes.
  func width(_ first: Int) -> Int {
    var end = first + 1
    while end < partCount, self.first(end) == first { end += 1 }
    return end - first
  }

  func rows(_ part: Int) -> Int { part == 0 ? queries : keys }

  /// Products with the weights of one part: room behind each sequence parts the batch, unless the rows of all sequences alternate.
  var productsPerPart: Int { room > 0 && order == .batchFirst ? batch : 1 }

  /// How many matrix products make all.
  var productCount: Int {
    var count = 0
    for part in 0..<partCount where first(part) == part { count += productsPerPart }
    return count
  }

  /// Where the piece of memory begins that the product at `first` writes, in elements that pieces are aligned to.
  func start(_ first: Int, alignment: Int) -> Int {
    var start = 0
    for part in 0..<first where self.first(part) == part {
      start += (batch * (rows(part) + room) * width(part) * size + alignment - 1) / alignment * alignment
    }
    return start
  }

  /// A part seen as [B, rows, E].
  ///
  /// - Parameter appended: further rows that are seen, of the room.
  func layout(_ part: Int, appended: Int = 0, alignment: Int) -> TensorLayout {
    let first = first(part)
    return order.layout(
      batch: batch, rows: rows(part) + appended, room: room - appended, size: size, rowSize: width(first) * size,
      offset: start(first, alignment: alignment) + (part - first) * size)
  }
}

extension ProjectionArrangement {
  /// - Parameters:
  ///   - layer: whose inputs they are.
  ///   - query: [B, L, E], or [L, E].
  ///   - key: [B, S, keySize], or [S, keySize]; nil: queries alone.
  ///   - value: [B, S, valueSize], or [S, valueSize]; nil: the keys stand in for values.
  init<Scalar: BLASScalar>(
    _ layer: MultiHeadAttention<Scalar>, query: Tensor<Scalar>, key: Tensor<Scalar>?, value: Tensor<Scalar>?
  ) {
    let (isBatched, order) = (query.layout.shape.count == 3, layer.axisOrder)
    let rowAxis = isBatched ? order.rowAxis : 0
    // Neighbours that are one input share a product: [3E, E] for self-attention, [2E, E] for keys and values of a memory.
    var (joinsQueries, joinsKeys, parts, keys) = (false, false, 1, 0)
    if let key {
      let isPacked = layer.inputProjection.isPacked
      (parts, keys) = (2, key.layout.shape[rowAxis])
      joinsQueries = isPacked && key.isSameView(as: query)
      if let value {
        parts = 3
        joinsKeys = isPacked && value.isSameView(as: key)
      }
    }
    self.init(
      order: order, size: layer.embeddingSize, batch: isBatched ? query.layout.shape[order.batchAxis] : 1,
      queries: query.layout.shape[rowAxis], keys: keys, room: key == nil ? 0 : layer.appendedKeys.count,
      partCount: parts, keysJoinQueries: joinsQueries, valuesJoinKeys: joinsKeys)
  }
}

extension InputProjection {
  var isPacked: Bool {
    switch self {
    case .packed: true
    case .separate: false
    }
  }

  /// The layer that makes `count` parts from `part` on (0 query, 1 key, 2 value), and which of its outputs they are.
  func layer(_ part: Int, count: Int) -> (linear: Linear<Scalar>, outputs: Range<Int>) {
    let size = embeddingSize
    switch self {
    case .packed(let packed): return (packed, (part * size)..<((part + count) * size))
    case .separate(let query, let key, let value): return (part == 0 ? query : part == 1 ? key : value, 0..<size)
    }
  }
}
