import CKernels
import Testing

/// What C's FusedBlock holds, for either element type.
struct FusedBlock<T: KernelElement> {
  var rows: Int
  var headSize: Int
  var valueHeadSize: Int
  var isNatural = false
  var hasSameBits = true
  var begun = false
  var queries: UnsafeMutablePointer<T>
  var maximum: UnsafeMutablePointer<T>
  var sum: UnsafeMutablePointer<T>
  var accumulator: UnsafeMutablePointer<T>
  var scratch: UnsafeMutablePointer<T>
}

/// The register-blocked kernels of one instruction set for one element type, as Swift closures.
struct FusedTable<T: KernelElement>: Sendable, CustomTestStringConvertible {
  typealias Input = UnsafePointer<T>
  typealias Output = UnsafeMutablePointer<T>
  /// Row r begins at base + (r / inner)·outer + (r % inner)·stride.
  typealias Spacing = (inner: Int, stride: Int, outer: Int)

  var set: KernelSet
  var width: Int
  var few: Int
  var queriesSize: @Sendable (Int) -> Int
  var accumulatorSize: @Sendable (Int) -> Int
  var scratchSize: @Sendable (Int, Int) -> Int
  var packQueries: @Sendable (FusedBlock<T>, Input, Spacing, _ first: Int, _ factor: T) -> Void
  var step:
    @Sendable (inout FusedBlock<T>, Input, _ ldk: Int, Input, _ ldv: Int, _ count: Int, Rules<T>?, _ finite: Bool)
      -> Void
  var merge: @Sendable (inout FusedBlock<T>, FusedBlock<T>) -> Void
  var finish: @Sendable (FusedBlock<T>, Output, Spacing, _ first: Int, _ logSumExp: Output?) -> Void
  var exp2: @Sendable (Input, Output, Int) -> Void

  var testDescription: String { "\(String(cString: kernels_name(set))) \(T.self)" }
}

extension FusedTable where T == Float {
  /// The tables that this CPU runs.
  static var available: [FusedTable<Float>] {
    [KernelSetPlain, KernelSetAVX2, KernelSetAVX512, KernelSetNEON].compactMap(FusedTable.init)
  }

  init?(_ set: KernelSet) {
    guard let c = fused_f32(set)?.pointee else { return nil }
    self.init(
      set: set, width: c.width, few: c.few, queriesSize: { c.queries_size($0) },
      accumulatorSize: { c.accumulator_size($0) }, scratchSize: { c.scratch_size($0, $1) },
      packQueries: { block, base, spacing, first, factor in
        var cBlock = FusedBlockF32(block)
        var rows = FusedInputRowsF32(
          base: base, inner: spacing.inner, inner_stride: spacing.stride, outer_stride: spacing.outer)
        c.pack_queries(&cBlock, &rows, first, factor)
      },
      step: { block, keys, ldk, values, ldv, count, rules, finite in
        var cBlock = FusedBlockF32(block)
        if let rules {
          rules.withC { c.step(&cBlock, keys, ldk, values, ldv, count, $0, finite) }
        } else {
          c.step(&cBlock, keys, ldk, values, ldv, count, nil, finite)
        }
        block.begun = cBlock.begun
      },
      merge: { block, other in
        var cBlock = FusedBlockF32(block)
        var cOther = FusedBlockF32(other)
        c.merge(&cBlock, &cOther)
        block.begun = cBlock.begun
      },
      finish: { block, out, spacing, first, logSumExp in
        var cBlock = FusedBlockF32(block)
        var rows = FusedOutputRowsF32(
          base: out, inner: spacing.inner, inner_stride: spacing.stride, outer_stride: spacing.outer)
        c.finish(&cBlock, &rows, first, logSumExp)
      }, exp2: { c.exp2($0, $1, $2) })
  }
}

extension FusedTable where T == Double {
  /// The tables that this CPU runs.
  static var available: [FusedTable<Double>] {
    [KernelSetPlain, KernelSetAVX2, KernelSetAVX512, KernelSetNEON].compactMap(FusedTable.init)
  }

  init?(_ set: KernelSet) {
    guard let c = fused_f64(set)?.pointee else { return nil }
    self.init(
      set: set, width: c.width, few: c.few, queriesSize: { c.queries_size($0) },
      accumulatorSize: { c.accumulator_size($0) }, scratchSize: { c.scratch_size($0, $1) },
      packQueries: { block, base, spacing, first, factor in
        var cBlock = FusedBlockF64(block)
        var rows = FusedInputRowsF64(
          base: base, inner: spacing.inner, inner_stride: spacing.stride, outer_stride: spacing.outer)
        c.pack_queries(&cBlock, &rows, first, factor)
      },
      step: { block, keys, ldk, values, ldv, count, rules, finite in
        var cBlock = FusedBlockF64(block)
        if let rules {
          rules.withC { c.step(&cBlock, keys, ldk, values, ldv, count, $0, finite) }
        } else {
          c.step(&cBlock, keys, ldk, values, ldv, count, nil, finite)
        }
        block.begun = cBlock.begun
      },
      merge: { block, other in
        var cBlock = FusedBlockF64(block)
        var cOther = FusedBlockF64(other)
        c.merge(&cBlock, &cOther)
        block.begun = cBlock.begun
      },
      finish: { block, out, spacing, first, logSumExp in
        var cBlock = FusedBlockF64(block)
        var rows = FusedOutputRowsF64(
          base: out, inner: spacing.inner, inner_stride: spacing.stride, outer_stride: spacing.outer)
        c.finish(&cBlock, &rows, first, logSumExp)
      }, exp2: { c.exp2($0, $1, $2) })
  }
}

extension FusedBlockF32 {
  init(_ block: FusedBlock<Float>) {
    self.init(
      rows: block.rows, head_size: block.headSize, value_head_size: block.valueHeadSize, natural: block.isNatural,
      begun: block.begun, same_bits: block.hasSameBits, queries: block.queries, maximum: block.maximum,
      sum: block.sum, accumulator: block.accumulator, scratch: block.scratch, ahead: nil, ahead_count: 0)
  }
}

extension FusedBlockF64 {
  init(_ block: FusedBlock<Double>) {
    self.init(
      rows: block.rows, head_size: block.headSize, value_head_size: block.valueHeadSize, natural: block.isNatural,
      begun: block.begun, same_bits: block.hasSameBits, queries: block.queries, maximum: block.maximum,
      sum: block.sum, accumulator: block.accumulator, scratch: block.scratch, ahead: nil, ahead_count: 0)
  }
}
