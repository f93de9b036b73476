internal import Tensors

/// The operands of one run in memory, and how long they are.
struct AttentionOperands<Scalar: BLASScalar> {
  let shape: AttentionShape
  let queries: HeadMatrices<Scalar>  // [B, H, L, D]
  let keys: KeyValueRows<Scalar>  // [B, G, S, D]
  let values: KeyValueRows<Scalar>  // [B, G, S, Dv]
  let output: MutableHeadMatrices<Scalar>  // [B, H, L, Dv]
  /// The queries of each batch element, where they differ [B]; nil: L. Rows beyond are neither read nor written.
  var queryLengths: [Int]?
  /// Where queries stand among the keys; nil: as the plan's options say.
  var alignment: QueryAlignment?
}
