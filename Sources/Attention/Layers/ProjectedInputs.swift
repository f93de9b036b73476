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

  /// Pieces begin on cache lines.
  static var alignment: Int { 64 / MemoryLayout<Scalar>.stride }

  /// Projects the inputs [B, rows, size] into `storage`.
  init(
    query: Tensor<Scalar>, key: Tensor<Scalar>, value: Tensor<Scalar>, by projection: InputProjection<Scalar>,
    in storage: TensorStorage<Scalar>, workers: Int
  ) throws(AttentionError) {
    let inputs = [query, key, value]
    let size = projection.embeddingSize
    var views: [Tensor<Scalar>] = []
    var start = 0
    var products = 0
    while views.count < 3 {
      let part = views.count
      let input = inputs[part]
      let (linear, outputs): (Linear<Scalar>, Range<Int>)
      switch projection {
      case .packed(let packed):
        // Neighbours that are one input share a product: [3E, E] for self-attention, [2E, E] for keys and values of a
        // memory.
        var end = part + 1
        while end < 3, inputs[end].isSameView(as: input) { end += 1 }
        (linear, outputs) = (packed, (part * size)..<(end * size))
      case .separate(let query, let key, let value):
        (linear, outputs) = ([query, key, value][part], 0..<size)
      }
      let (batch, rows) = (input.layout.shape[0], input.layout.shape[1])
      try linear.run(
        RowMatrix(input), outputs: outputs, into: storage.base + start, leadingDimension: outputs.count,
        workers: workers)
      products += 1
      for index in 0..<(outputs.count / size) {
        let layout = TensorLayout(
          offset: start + index * size, shape: [batch, rows, size], strides: [rows * outputs.count, outputs.count, 1])
        views.append(Tensor(storage: storage, layout: layout))
      }
      start += (batch * rows * outputs.count + Self.alignment - 1) / Self.alignment * Self.alignment
    }
    (queries, keys, values, productCount) = (views[0], views[1], views[2], products)
  }
}

extension Tensor {
  /// Whether both see the same memory in the same way.
  func isSameView(as other: Tensor) -> Bool { storage === other.storage && layout == other.layout }
}
