internal import Tensors

/// Queries [B, L, E], keys [B, S, E] and values [B, S, E] after the input projection, heads side by side in each row.
///
/// What one matrix product made lies in one piece: for self-attention all three are views of [B, L, 3E], which
/// attention reads through its row stride of 3E. Nothing is rearranged into heads.
package struct ProjectedInputs<Scalar: BLASScalar> {
  package let queries: Tensor<Scalar>
  package let keys: Tensor<Scalar>
  package let values: Tensor<Scalar>
  /// Keys and values with all of the room behind them.
  private let extendedKeys: Tensor<Scalar>
  private let extendedValues: Tensor<Scalar>
  let arrangement: ProjectionArrangement

  /// How many matrix products made them.
  package var productCount: Int { arrangement.productCount }
  /// Rows of memory behind the last key and value of each batch element, not yet written.
  var room: Int { arrangement.room }

  /// The numbers that queries, keys and values take in memory, with `room` more of each for every batch element.
  ///
  /// - Parameters:
  ///   - shape: of the attention, which has been checked against overflow.
  ///   - keys: how many rows of keys are projected.
  ///   - room: how many rows are left free behind those of each batch element.
  static func capacity(_ shape: AttentionShape, keys: Int, room: Int) -> Int {
    let rows = shape.batch * (shape.queries + room) + 2 * shape.batch * (keys + room)
    return rows * shape.heads * shape.headSize + 3 * ProjectionArrangement.alignment(Scalar.self)
  }

  /// Views of memory that is yet to be written.
  init(_ arrangement: ProjectionArrangement, in storage: TensorStorage<Scalar>) {
    func view(_ part: Int, appended: Int = 0) -> Tensor<Scalar> {
      let layout = arrangement.layout(
        min(part, arrangement.partCount - 1), appended: appended,
        alignment: ProjectionArrangement.alignment(Scalar.self))
      return Tensor(storage: storage, layout: layout)
    }
    self.arrangement = arrangement
    (queries, keys, values) = (view(0), view(1), view(2))
    let room = arrangement.room
    (extendedKeys, extendedValues) = room == 0 ? (keys, values) : (view(1, appended: room), view(2, appended: room))
  }

  private init(_ inputs: ProjectedInputs, keys: Tensor<Scalar>, values: Tensor<Scalar>) {
    (queries, arrangement) = (inputs.queries, inputs.arrangement)
    (self.keys, self.values) = (keys, values)
    (extendedKeys, extendedValues) = (keys, values)
  }

  /// Projects the inputs that the arrangement was made for into the memory of the views.
  ///
  /// - Parameter packs: whether many rows may have the weights packed.
  func project(
    query: Tensor<Scalar>, key: Tensor<Scalar>?, value: Tensor<Scalar>?, by projection: InputProjection<Scalar>,
    packs: Bool, workers: Int
  ) throws(AttentionError) {
    try project(query, part: 0, by: projection, packs: packs, workers: workers)
    if let key { try project(key, part: 1, by: projection, packs: packs, workers: workers) }
    if let value { try project(value, part: 2, by: projection, packs: packs, workers: workers) }
  }

  private func project(
    _ input: Tensor<Scalar>, part: Int, by projection: InputProjection<Scalar>, packs: Bool, workers: Int
  ) throws(AttentionError) {
    guard arrangement.first(part) == part else { return }
    let (linear, outputs) = projection.layer(part, count: arrangement.width(part))
    let start = arrangement.start(part, alignment: ProjectionArrangement.alignment(Scalar.self))
    let matrix = try RowMatrix(input)
    let parts = arrangement.productsPerPart
    guard parts > 0 else { return }
    let rows = matrix.rows / parts
    for element in 0..<parts {
      try linear.run(
        matrix.rows((element * rows)..<((element + 1) * rows)), outputs: outputs,
        into: queries.storage.base + start + element * (rows + room) * outputs.count,
        leadingDimension: outputs.count, packs: packs, workers: workers)
    }
  }

  /// The same with these keys and values behind those of every batch element, in the room that was left for them.
  ///
  /// - Precondition: the inputs were projected with room for `appended.count` rows, and no others are appended.
  /// - Complexity: writes 2·B·E·count numbers; the sequence stays where it is.
  package func appending(_ appended: AppendedKeys<Scalar>) -> ProjectedInputs {
    precondition(appended.count == room, "\(appended.count) keys to append, room for \(room)")
    guard appended.count > 0 else { return self }
    keys.append(appended.key, zero: appended.hasZero)
    // Keys that stand in for values stay what they are.
    if arrangement.partCount > 2 { values.append(appended.value, zero: appended.hasZero) }
    return ProjectedInputs(self, keys: extendedKeys, values: extendedValues)
  }
}

extension Tensor where Element: BLASScalar {
  /// Writes a row [1, 1, E] and a row of zeros behind the last one of every batch element of [B, S, E].
  fileprivate func append(_ row: Tensor?, zero: Bool) {
    let (batch, size) = (layout.shape[0], layout.shape[2])
    for element in 0..<batch {
      var next = storage.base + layout.offset + element * layout.strides[0] + layout.shape[1] * layout.strides[1]
      if let row {
        next.initialize(from: row.storage.base + row.layout.offset, count: size)
        next += layout.strides[1]
      }
      if zero { next.initialize(repeating: 0, count: size) }
    }
    withExtendedLifetime((storage, row)) {}
  }
}

extension Tensor {
  /// Whether both see the same memory in the same way.
  func isSameView(as other: Tensor) -> Bool { storage === other.storage && layout == other.layout }
}
