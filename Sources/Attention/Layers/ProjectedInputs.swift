internal import Tensors

/// Queries [B, L, E], keys [B, S, E] and values [B, S, E] after the input projection, heads side by side in each row.
///
/// What one matrix product made lies in one piece: for self-attention all three are views of [B, L, 3E], which
/// attention reads through its row stride of 3E. Nothing is rearranged into heads.
package struct ProjectedInputs<Scalar: BLASScalar> {
  package let queries: Tensor<Scalar>
  package let keys: Tensor<Scalar>
  package let values: Tensor<Scalar>
  /// How many matrix products made them.
  package let productCount: Int
  /// Rows of memory behind the last key and value of each batch element, not yet written.
  let room: Int

  /// Pieces begin on cache lines.
  static var alignment: Int { 64 / MemoryLayout<Scalar>.stride }

  /// The numbers that queries, keys and values take in memory, with `room` more of each for every batch element.
  ///
  /// - Parameters:
  ///   - shape: of the attention, which has been checked against overflow.
  ///   - keys: how many rows of keys are projected.
  ///   - room: how many rows are left free behind those of each batch element.
  static func capacity(_ shape: AttentionShape, keys: Int, room: Int) -> Int {
    let rows = shape.batch * (shape.queries + room) + 2 * shape.batch * (keys + room)
    return rows * shape.heads * shape.headSize + 3 * alignment
  }

  init(queries: Tensor<Scalar>, keys: Tensor<Scalar>, values: Tensor<Scalar>, productCount: Int, room: Int) {
    (self.queries, self.keys, self.values) = (queries, keys, values)
    (self.productCount, self.room) = (productCount, room)
  }

  /// Projects the inputs, of rank 3 in the axis order given, into `storage`.
  ///
  /// - Parameters:
  ///   - value: nil: the keys stand in for values.
  ///   - room: how many rows to leave free behind those of each batch element.
  init(
    query: Tensor<Scalar>, key: Tensor<Scalar>, value: Tensor<Scalar>?, by projection: InputProjection<Scalar>,
    order: AxisOrder, room: Int, in storage: TensorStorage<Scalar>, workers: Int
  ) throws(AttentionError) {
    var inputs = [query, key]
    if let value { inputs.append(value) }
    let size = projection.embeddingSize
    var views: [Tensor<Scalar>] = []
    var start = 0
    var products = 0
    while views.count < inputs.count {
      let part = views.count
      let input = inputs[part]
      let (linear, outputs): (Linear<Scalar>, Range<Int>)
      switch projection {
      case .packed(let packed):
        // Neighbours that are one input share a product: [3E, E] for self-attention, [2E, E] for keys and values of a
        // memory.
        var end = part + 1
        while end < inputs.count, inputs[end].isSameView(as: input) { end += 1 }
        (linear, outputs) = (packed, (part * size)..<(end * size))
      case .separate(let query, let key, let value):
        (linear, outputs) = ([query, key, value][part], 0..<size)
      }
      let (batch, rows) = (input.layout.shape[order.batchAxis], input.layout.shape[order.rowAxis])
      // Room behind each sequence parts the batch, unless the rows of all sequences alternate.
      let parts = room > 0 && order == .batchFirst ? batch : 1
      for element in 0..<parts {
        let sequences =
          parts == 1 ? input : try rethrowing { () throws(TensorError) in try input.selecting(axis: 0, element) }
        try linear.run(
          RowMatrix(sequences), outputs: outputs, into: storage.base + start + element * (rows + room) * outputs.count,
          leadingDimension: outputs.count, workers: workers)
      }
      products += parts
      for index in 0..<(outputs.count / size) {
        let layout = order.layout(
          batch: batch, rows: rows, room: room, size: size, rowSize: outputs.count, offset: start + index * size)
        views.append(Tensor(storage: storage, layout: layout))
      }
      start += (batch * (rows + room) * outputs.count + Self.alignment - 1) / Self.alignment * Self.alignment
    }
    self.init(
      queries: views[0], keys: views[1], values: views[inputs.count - 1], productCount: products, room: room)
  }
}

extension InputProjection {
  /// The part that makes queries.
  var queries: (linear: Linear<Scalar>, outputs: Range<Int>) {
    switch self {
    case .packed(let packed): (packed, 0..<embeddingSize)
    case .separate(let query, _, _): (query, 0..<embeddingSize)
    }
  }
}

extension Tensor {
  /// Whether both see the same memory in the same way.
  func isSameView(as other: Tensor) -> Bool { storage === other.storage && layout == other.layout }
}
