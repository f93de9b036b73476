internal import Tensors

/// A validated problem of linear attention with its operands in memory.
///
/// The pointers are valid while the call lasts. What a rule does not use points somewhere and is never read.
struct LinearAttentionProblem<Scalar: BLASScalar> {
  let shape: AttentionShape
  let queries: HeadMatrices<Scalar>  // [B, H, L, D]
  let keys: HeadMatrices<Scalar>  // [B, G, L, D]
  let values: HeadMatrices<Scalar>  // [B, G, L, Dv]
  let output: MutableHeadMatrices<Scalar>  // [B, H, L, Dv]
  /// [B, G, D, Dv] without gaps: before the first token, and in the end after the last.
  let state: UnsafeMutablePointer<Scalar>
  let scale: Scalar
  let isGated: Bool
  /// Whether a key dimension has a decay of its own.
  let isDecayPerKey: Bool
  let decay: HeadMatrices<Scalar>  // [B, G, L, 1] or [B, G, L, D]
  let isDelta: Bool
  let beta: HeadMatrices<Scalar>  // [B, G, L, 1]
}

/// One piece of the work, from the first token to the last: some columns of the state of one key/value head. Columns of a state never
/// meet: each is made of its column of the values alone.
struct LinearAttentionPiece {
  let batch: Int
  let keyValueHead: Int
  /// Among the Dv of the values.
  let columns: Range<Int>
  /// The query heads that read this state.
  let heads: Range<Int>
}

extension LinearAttentionProblem {
  /// The first of the piece's columns of row d of its state; rows are Dv apart.
  func state(_ piece: LinearAttentionPiece) -> UnsafeMutablePointer<Scalar> {
    state + (piece.batch * shape.keyValueHeads + piece.keyValueHead) * shape.headSize * shape.valueHeadSize
      + piece.columns.lowerBound
  }

  func keyRows(_ piece: LinearAttentionPiece, from token: Int) -> UnsafePointer<Scalar> {
    keys[piece.batch, piece.keyValueHead] + token * keys.strides.row
  }

  func valueRows(_ piece: LinearAttentionPiece, from token: Int) -> UnsafePointer<Scalar> {
    values[piece.batch, piece.keyValueHead] + token * values.strides.row + piece.columns.lowerBound
  }

  func decayRows(_ piece: LinearAttentionPiece, from token: Int) -> UnsafePointer<Scalar> {
    decay[piece.batch, piece.keyValueHead] + token * decay.strides.row
  }

  func rate(_ piece: LinearAttentionPiece, of token: Int) -> Scalar {
    beta[piece.batch, piece.keyValueHead][token * beta.strides.row]
  }

  func queryRows(_ piece: LinearAttentionPiece, head: Int, from token: Int) -> UnsafePointer<Scalar> {
    queries[piece.batch, head] + token * queries.strides.row
  }

  func outputRows(_ piece: LinearAttentionPiece, head: Int, from token: Int) -> UnsafeMutablePointer<Scalar> {
    output[piece.batch, head] + token * output.strides.row + piece.columns.lowerBound
  }
}
