import Attention
import Support
import Testing

/// A sweep case with its numbers drawn, for the package and for the oracle.
struct SweepProblem<Scalar: BLASScalar> {
  let sweepCase: SweepCase
  let queries: Tensor<Scalar>
  let keys: Tensor<Scalar>
  let values: Tensor<Scalar>
  let mask: SweepMaskValue<Scalar>
  let oracle: AttentionOracle

  init(_ sweepCase: SweepCase) throws {
    self.sweepCase = sweepCase
    let s = sweepCase.sizes
    var random = SeededGenerator(seed: sweepCase.seed)
    let queries: Tensor<Scalar> = try random.normal([s.batch, s.heads, s.queries, s.headSize])
    let keys: Tensor<Scalar> = try random.normal([s.batch, s.keyValueHeads, s.keys, s.headSize])
    let values: Tensor<Scalar> = try random.normal([s.batch, s.keyValueHeads, s.keys, s.valueHeadSize])
    let mask = try SweepMaskValue<Scalar>(sweepCase.mask, s, &random)
    self.mask = mask
    var oracle = AttentionOracle()
    (oracle.batch, oracle.heads, oracle.keyValueHeads) = (s.batch, s.heads, s.keyValueHeads)
    (oracle.queryCount, oracle.keyCount) = (s.queries, s.keys)
    (oracle.headSize, oracle.valueHeadSize) = (s.headSize, s.valueHeadSize)
    (oracle.queries, oracle.keys, oracle.values) = (queries.doubles, keys.doubles, values.doubles)
    (oracle.scale, oracle.softcap) = (sweepCase.scale, sweepCase.softcap ?? 0)
    if !mask.isUnrestricted { oracle.isAttended = mask.isAttended }
    if mask.hasBias { oracle.bias = mask.bias }
    self.oracle = oracle
    self.queries = try Self.laid(queries, sweepCase.layout)
    self.keys = try Self.laid(keys, sweepCase.layout)
    self.values = try Self.laid(values, sweepCase.layout)
  }

  /// The same numbers in another layout.
  private static func laid(_ tensor: Tensor<Scalar>, _ layout: SweepCase.Layout) throws -> Tensor<Scalar> {
    switch layout {
    case .headsFirst: tensor
    case .joined: try tensor.mergingHeads()
    case .split: try Tensor(tensor.transposed(1, 2).elements, shape: tensor.transposed(1, 2).shape).transposed(1, 2)
    }
  }

  func run(_ path: AttentionPath, _ details: AttentionDetailSet, workers: Int = 1) throws -> AttentionResult<Scalar> {
    let isJoined = sweepCase.layout == .joined
    return try scaledDotProductAttention(
      queries: queries, keys: keys, values: values, heads: isJoined ? sweepCase.sizes.heads : nil,
      keyValueHeads: isJoined ? sweepCase.sizes.keyValueHeads : nil, mask: mask.mask,
      options: AttentionOptions(
        scale: sweepCase.scale, softcap: sweepCase.softcap, alignment: mask.alignment, details: details, path: path,
        workers: workers))
  }

  /// A result's output as [B, H, L, Dv].
  func headsFirst(_ output: Tensor<Scalar>) throws -> Tensor<Scalar> {
    sweepCase.layout == .joined ? try output.splittingHeads(sweepCase.sizes.heads) : output
  }
}
