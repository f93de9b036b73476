internal import Tensors

/// Where an insight's figures go, row-major; nil: not asked for.
struct InsightPointers<Scalar: BLASScalar> {
  let logSumExp: UnsafeMutablePointer<Scalar>?
  let entropy: UnsafeMutablePointer<Scalar>?
  let keyTotals: UnsafeMutablePointer<Scalar>?
  let maximum: RankedKeys<Scalar>
  let top: RankedKeys<Scalar>
  let weights: UnsafeMutablePointer<Scalar>?
  /// The heads and queries of `weights`.
  let selectedHeads: [Int]
  let selectedQueries: [Int]
  let inspection: AttentionInspection

  /// The memory of a fresh insight.
  init(_ insight: inout AttentionInsight<Scalar>, _ inspection: AttentionInspection, shape: AttentionShape) {
    func pointer<Element: TensorElement>(_ tensor: inout Tensor<Element>?) -> UnsafeMutablePointer<Element>? {
      tensor?.makeUnique()
      return tensor.map { $0.storage.base + $0.layout.offset }
    }
    self.inspection = inspection
    logSumExp = pointer(&insight.logSumExp)
    entropy = pointer(&insight.entropy)
    keyTotals = pointer(&insight.keyTotals)
    maximum = RankedKeys(
      weights: pointer(&insight.maximumWeight), keys: pointer(&insight.maximumKey), count: 1)
    top = RankedKeys(
      weights: pointer(&insight.topWeights), keys: pointer(&insight.topKeys), count: inspection.topKeys ?? 0)
    weights = pointer(&insight.weights)
    let selection = inspection.weights
    selectedHeads = selection.map { $0.heads ?? Array(0..<shape.heads) } ?? []
    selectedQueries = selection.map { $0.queries ?? Array(0..<shape.queries) } ?? []
  }

  /// Whether anything of a piece is asked for.
  func concerns(_ piece: AttentionTiling.Piece) -> Bool {
    inspection.needsAllQueries
      || selectedHeads.contains(where: piece.heads.contains) && selectedQueries.contains(where: piece.queries.contains)
  }
}
