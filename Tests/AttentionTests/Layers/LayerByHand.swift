import Attention
import Support
import Testing

/// A multi-head layer of E = 15 and H = 3, D = 5, and its parts, for tests that put them together by hand.
struct LayerByHand<Scalar: BLASScalar> {
  var layer: MultiHeadAttention<Scalar>

  /// A layer whose biases are not 0.
  init(order: AxisOrder = .batchFirst, seed: UInt64 = 1, appendsKeys: Bool = false) throws {
    layer = try MultiHeadAttention(
      embeddingSize: 15, headCount: 3, appendsLearnedKey: appendsKeys, appendsZeroKey: appendsKeys, axisOrder: order,
      seed: seed)
    var random = SeededGenerator(seed: seed)
    var state = try layer.stateDict()
    state["in_proj_bias"] = try random.normal([45])
    state["out_proj.bias"] = try random.normal([15])
    try layer.load(stateDict: state)
  }

  /// [B, L, E] → [B, H, L, D]
  func queries(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> { try layer.inputProjection.query(x).splittingHeads(3) }
  func keys(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> { try layer.inputProjection.key(x).splittingHeads(3) }
  func values(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> { try layer.inputProjection.value(x).splittingHeads(3) }

  /// [B, H, L, D] → [B, L, E]
  func output(_ heads: Tensor<Scalar>) throws -> Tensor<Scalar> { try layer.outputProjection(heads.mergingHeads()) }
}

/// Expects a tensor within 10⁻¹² of its largest number in Double, or the tolerance given.
func expectClose<Scalar: BLASScalar>(
  _ actual: Tensor<Scalar>?, _ expected: Tensor<Scalar>, within tolerance: Double? = nil, _ what: String = "output",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let comparison = Comparison(
    actual, expected.doubles, shape: expected.shape,
    absolute: tolerance ?? ErrorBound.double(expected.doubles, least: 1))
  #expect(comparison.isWithin, "\(what): \(comparison)", sourceLocation: sourceLocation)
}
