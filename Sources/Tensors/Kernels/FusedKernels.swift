internal import CKernels

/// The kernels of `fused.h` for one element type, in the best instruction set of this CPU.
///
/// A class, so that whoever has it counts one reference and not one for each function.
package final class FusedKernels<Scalar>: Sendable {
  package typealias Matrix = UnsafeMutablePointer<Scalar>
  package typealias Vector = UnsafePointer<Scalar>

  /// The most rows of a block.
  package let width: Int
  /// Blocks of at most so many rows read each key and value once.
  package let few: Int
  package let queriesCount: @Sendable (_ headSize: Int) -> Int
  package let accumulatorCount: @Sendable (_ valueHeadSize: Int) -> Int
  package let scratchCount: @Sendable (_ headSize: Int, _ valueHeadSize: Int) -> Int
  package let packQueries:
    @Sendable (_ block: FusedBlock<Scalar>, _ queries: FusedRows<Scalar>, _ first: Int, _ factor: Scalar) -> Void
  /// One tile; `rules` nil: all is attended.
  package let step:
    @Sendable (
      _ block: inout FusedBlock<Scalar>, _ keys: Vector, _ ldKeys: Int, _ values: Vector, _ ldValues: Int, _ count: Int,
      _ rules: ScoreRules<Scalar>?, _ valuesAreFinite: Bool
    ) -> Void
  package let merge: @Sendable (_ block: inout FusedBlock<Scalar>, _ other: FusedBlock<Scalar>) -> Void
  package let finish:
    @Sendable (_ block: FusedBlock<Scalar>, _ output: FusedRows<Scalar>, _ first: Int, _ logSumExp: Matrix?) -> Void

  fileprivate init(
    width: Int, few: Int, queriesCount: @escaping @Sendable (Int) -> Int,
    accumulatorCount: @escaping @Sendable (Int) -> Int, scratchCount: @escaping @Sendable (Int, Int) -> Int,
    packQueries: @escaping @Sendable (FusedBlock<Scalar>, FusedRows<Scalar>, Int, Scalar) -> Void,
    step:
      @escaping @Sendable (
        inout FusedBlock<Scalar>, Vector, Int, Vector, Int, Int, ScoreRules<Scalar>?, Bool
      ) -> Void,
    merge: @escaping @Sendable (inout FusedBlock<Scalar>, FusedBlock<Scalar>) -> Void,
    finish: @escaping @Sendable (FusedBlock<Scalar>, FusedRows<Scalar>, Int, Matrix?) -> Void
  ) {
    (self.width, self.few, self.queriesCount) = (width, few, queriesCount)
    (self.accumulatorCount, self.scratchCount, self.packQueries) = (accumulatorCount, scratchCount, packQueries)
    (self.step, self.merge, self.finish) = (step, merge, finish)
  }

  /// Keys in a tile, at most; sequences are cut at its multiples.
  package static var tileKeys: Int { Int(FUSED_TILE_KEYS) }
}

private let tableF32: FusedKernelsF32 = {
  guard let kernels = (fused_f32(kernels_selected()) ?? fused_f32(KernelSetPlain))?.pointee else {
    preconditionFailure("the plain kernels are part of every build")
  }
  return kernels
}()

extension FusedKernels<Float> {
  /// The kernels in the best instruction set of this CPU.
  static let selected = FusedKernels()

  // Functions name the table rather than capture it: calls would count references to what they captured.
  private convenience init() {
    self.init(
      width: tableF32.width, few: tableF32.few, queriesCount: { tableF32.queries_size($0) },
      accumulatorCount: { tableF32.accumulator_size($0) }, scratchCount: { tableF32.scratch_size($0, $1) },
      packQueries: { block, queries, first, factor in
        var inner = FusedBlockF32(block)
        var input = FusedInputRowsF32(
          base: queries.base, inner: queries.inner, inner_stride: queries.innerStride,
          outer_stride: queries.outerStride)
        tableF32.pack_queries(&inner, &input, first, factor)
      },
      step: { block, keys, ldKeys, values, ldValues, count, rules, valuesAreFinite in
        var inner = FusedBlockF32(block)
        if let rules {
          var inC = ScoreRulesF32(rules)
          tableF32.step(&inner, keys, ldKeys, values, ldValues, count, &inC, valuesAreFinite)
        } else {
          tableF32.step(&inner, keys, ldKeys, values, ldValues, count, nil, valuesAreFinite)
        }
        block.hasBegun = inner.begun
      },
      merge: { block, other in
        var (inner, second) = (FusedBlockF32(block), FusedBlockF32(other))
        tableF32.merge(&inner, &second)
        block.hasBegun = inner.begun
      },
      finish: { block, output, first, logSumExp in
        var inner = FusedBlockF32(block)
        var rows = FusedOutputRowsF32(
          base: output.base, inner: output.inner, inner_stride: output.innerStride, outer_stride: output.outerStride)
        tableF32.finish(&inner, &rows, first, logSumExp)
      })
  }
}

extension FusedBlockF32 {
  fileprivate init(_ block: FusedBlock<Float>) {
    self.init(
      rows: block.rows, head_size: block.headSize, value_head_size: block.valueHeadSize, natural: block.isNatural,
      begun: block.hasBegun, same_bits: block.hasSameBits, queries: block.queries, maximum: block.maximum,
      sum: block.sum, accumulator: block.accumulator, scratch: block.scratch, ahead: nil, ahead_count: 0)
  }
}

private let tableF64: FusedKernelsF64 = {
  guard let kernels = (fused_f64(kernels_selected()) ?? fused_f64(KernelSetPlain))?.pointee else {
    preconditionFailure("the plain kernels are part of every build")
  }
  return kernels
}()

extension FusedKernels<Double> {
  /// The kernels in the best instruction set of this CPU.
  static let selected = FusedKernels()

  // Functions name the table rather than capture it: calls would count references to what they captured.
  private convenience init() {
    self.init(
      width: tableF64.width, few: tableF64.few, queriesCount: { tableF64.queries_size($0) },
      accumulatorCount: { tableF64.accumulator_size($0) }, scratchCount: { tableF64.scratch_size($0, $1) },
      packQueries: { block, queries, first, factor in
        var inner = FusedBlockF64(block)
        var input = FusedInputRowsF64(
          base: queries.base, inner: queries.inner, inner_stride: queries.innerStride,
          outer_stride: queries.outerStride)
        tableF64.pack_queries(&inner, &input, first, factor)
      },
      step: { block, keys, ldKeys, values, ldValues, count, rules, valuesAreFinite in
        var inner = FusedBlockF64(block)
        if let rules {
          var inC = ScoreRulesF64(rules)
          tableF64.step(&inner, keys, ldKeys, values, ldValues, count, &inC, valuesAreFinite)
        } else {
          tableF64.step(&inner, keys, ldKeys, values, ldValues, count, nil, valuesAreFinite)
        }
        block.hasBegun = inner.begun
      },
      merge: { block, other in
        var (inner, second) = (FusedBlockF64(block), FusedBlockF64(other))
        tableF64.merge(&inner, &second)
        block.hasBegun = inner.begun
      },
      finish: { block, output, first, logSumExp in
        var inner = FusedBlockF64(block)
        var rows = FusedOutputRowsF64(
          base: output.base, inner: output.inner, inner_stride: output.innerStride, outer_stride: output.outerStride)
        tableF64.finish(&inner, &rows, first, logSumExp)
      })
  }
}

extension FusedBlockF64 {
  fileprivate init(_ block: FusedBlock<Double>) {
    self.init(
      rows: block.rows, head_size: block.headSize, value_head_size: block.valueHeadSize, natural: block.isNatural,
      begun: block.hasBegun, same_bits: block.hasSameBits, queries: block.queries, maximum: block.maximum,
      sum: block.sum, accumulator: block.accumulator, scratch: block.scratch, ahead: nil, ahead_count: 0)
  }
}
