internal import Tensors

extension AttentionShape {
  /// The sizes of a problem from its tensors: rank 4 [B, H, L, D], [B, G, S, D], [B, G, S, Dv], or rank 3 [B, L, H·D],
  /// [B, S, G·D], [B, S, G·Dv] with head counts.
  ///
  /// - Parameters:
  ///   - queries: B, L and D, and H for rank 4.
  ///   - keys: S, and G for rank 4.
  ///   - values: Dv.
  ///   - heads: H, needed for queries of rank 3; checked where the tensor has it too.
  ///   - keyValueHeads: G; nil: H for rank 3.
  /// - Throws: ``AttentionError`` naming the tensor, what the others ask of it, and its shape.
  public init<Scalar: BLASScalar>(
    queries: Tensor<Scalar>, keys: Tensor<Scalar>, values: Tensor<Scalar>, heads: Int? = nil,
    keyValueHeads: Int? = nil
  ) throws(AttentionError) {
    let query = try HeadSizes(queries, "query", heads)
    let key = try HeadSizes(keys, "key", keyValueHeads ?? (keys.rank == 3 ? query.heads : nil))
    let value = try HeadSizes(values, "value", keyValueHeads ?? (values.rank == 3 ? key.heads : nil))
    guard key.batch == query.batch, key.size == query.size else {
      throw .shape(
        name: "key",
        expected: "batch \(query.batch) and head size \(query.size) to go with query \(queries.shape)",
        actual: keys.shape)
    }
    guard value.batch == key.batch, value.heads == key.heads, value.rows == key.rows else {
      throw .shape(
        name: "value",
        expected: "batch \(key.batch), \(key.heads) heads and \(key.rows) rows to go with key \(keys.shape)",
        actual: values.shape)
    }
    try self.init(
      batch: query.batch, heads: query.heads, keyValueHeads: key.heads, queries: query.rows, keys: key.rows,
      headSize: query.size, valueHeadSize: value.size)
  }
}

/// The sizes of one operand.
struct HeadSizes {
  let batch: Int
  let heads: Int
  let rows: Int
  let size: Int

  init<Scalar: BLASScalar>(_ tensor: Tensor<Scalar>, _ name: String, _ heads: Int?) throws(AttentionError) {
    let shape = tensor.layout.shape
    switch shape.count {
    case 4:
      if let heads, heads != shape[1] {
        throw .shape(name: name, expected: "\(heads) heads, as asked for", actual: shape)
      }
      (batch, self.heads, rows, size) = (shape[0], shape[1], shape[2], shape[3])
    case 3:
      guard let heads else {
        throw .argument(
          name: "\(name) head count", expected: "a number, for \(name) of shape \(shape)", actual: "not given")
      }
      guard heads > 0, shape[2] % heads == 0 else {
        throw .shape(name: name, expected: "a last dimension divisible by \(heads) heads", actual: shape)
      }
      (batch, self.heads, rows, size) = (shape[0], heads, shape[1], shape[2] / heads)
    default:
      throw .rank(name: name, expected: "3 or 4", shape: shape)
    }
  }
}

extension HeadMatrices {
  /// A tensor of rank 4, or of rank 3 with joined heads, as matrices, and the tensor that must outlive them: the given one,
  /// or a copy where BLAS can't read its strides.
  static func of(_ tensor: Tensor<Scalar>, heads: Int) throws(AttentionError) -> (HeadMatrices, Tensor<Scalar>)
  where Scalar: BLASScalar {
    if let matrices = HeadMatrices(tensor, heads: heads) { return (matrices, tensor) }
    let copy = try rethrowing { () throws(TensorError) in try tensor.copy() }
    guard let matrices = HeadMatrices(copy, heads: heads) else {
      throw .tooLarge(name: "operand", shape: tensor.shape)
    }
    return (matrices, copy)
  }

  private init?(_ tensor: Tensor<Scalar>, heads: Int) where Scalar: BLASScalar {
    guard let strides = HeadStrides(tensor, heads: heads) else { return nil }
    self.init(base: UnsafePointer(tensor.storage.base + tensor.layout.offset), strides: strides)
  }
}

extension HeadStrides {
  /// A tensor's strides; nil where columns are not neighbours or rows overlap.
  init?<Scalar: BLASScalar>(_ tensor: Tensor<Scalar>, heads: Int) {
    let (rank, layout) = (tensor.rank, tensor.layout)
    let columns = rank == 3 ? layout.shape[2] : layout.shape[3]
    let rows = layout.shape[rank - 2]
    guard columns <= 1 || layout.strides[rank - 1] == 1 else { return nil }
    self.init(
      batch: layout.strides[0], head: rank == 3 ? columns / max(heads, 1) : layout.strides[1],
      row: layout.strides[rank - 2])
    guard isReadable(rows: rows, columns: rank == 3 ? columns / max(heads, 1) : columns) else { return nil }
  }
}
