internal import CKernels

/// The rules that turn a tile of scaled scores into final ones: softcap, then bias, then mask (`kernels.h`).
package struct ScoreRules<Scalar> {
  /// c·tanh(s/c) where above 0.
  package var softcap: Scalar
  /// Added to row r from `bias + r·biasStride`; nil: nothing.
  package var bias: UnsafePointer<Scalar>?
  package var biasStride: Int
  /// Row r at `keep + r·keepStride`, one byte a column, 0 = masked; nil: all kept.
  package var keep: UnsafePointer<Bool>?
  package var keepStride: Int
  /// The attended columns of row r: `first[r] ..< end[r]`; nil: all.
  package var first: UnsafePointer<Int32>?
  package var end: UnsafePointer<Int32>?

  package init(
    softcap: Scalar, bias: UnsafePointer<Scalar>? = nil, biasStride: Int = 0, keep: UnsafePointer<Bool>? = nil,
    keepStride: Int = 0, first: UnsafePointer<Int32>? = nil, end: UnsafePointer<Int32>? = nil
  ) {
    self.softcap = softcap
    self.bias = bias
    self.biasStride = biasStride
    self.keep = keep
    self.keepStride = keepStride
    self.first = first
    self.end = end
  }
}

/// The kernels of `kernels.h` for one element type, in the best instruction set of this CPU. Matrices are rows × columns,
/// row-major, with a leading dimension `ld`.
package struct RowKernels<Scalar>: Sendable {
  package typealias Matrix = UnsafeMutablePointer<Scalar>
  package typealias Vector = UnsafePointer<Scalar>

  package let exp: @Sendable (_ x: Vector, _ y: Matrix, _ count: Int) -> Void
  package let softcap: @Sendable (_ s: Matrix, _ rows: Int, _ columns: Int, _ ld: Int, _ cap: Scalar) -> Void
  package let mask: @Sendable (_ s: Matrix, _ rows: Int, _ columns: Int, _ ld: Int, _ rules: ScoreRules<Scalar>) -> Void
  package let softmaxRows:
    @Sendable (
      _ s: Matrix, _ rows: Int, _ columns: Int, _ ld: Int, _ rules: ScoreRules<Scalar>, _ logSumExp: Matrix?
    ) -> Void
  package let softmaxStep:
    @Sendable (
      _ s: Matrix, _ rows: Int, _ columns: Int, _ ld: Int, _ rules: ScoreRules<Scalar>, _ maximum: Matrix,
      _ sum: Matrix, _ rescale: Matrix
    ) -> Void
  package let weights:
    @Sendable (_ s: Matrix, _ rows: Int, _ columns: Int, _ ld: Int, _ maximum: Vector, _ sum: Vector) -> Void
  package let logSumExp: @Sendable (_ maximum: Vector, _ sum: Vector, _ out: Matrix, _ rows: Int) -> Void
  package let scaleRows: @Sendable (_ x: Matrix, _ rows: Int, _ columns: Int, _ ld: Int, _ factor: Vector) -> Void
  package let divideRows:
    @Sendable (
      _ x: Vector, _ rows: Int, _ columns: Int, _ ld: Int, _ divisor: Vector, _ out: Matrix, _ ldOut: Int
    ) -> Void
  package let dot: @Sendable (_ x: Vector, _ y: Vector, _ count: Int) -> Scalar
  package let axpy: @Sendable (_ a: Scalar, _ x: Vector, _ y: Matrix, _ count: Int) -> Void
  /// y ← α·x·Wᵀ + β·addend for `rows` rows of x [rows, size] and W [features, size]; `ldAddend` 0: the same addend for all rows.
  package let fewRows:
    @Sendable (
      _ rows: Int, _ features: Int, _ size: Int, _ alpha: Scalar, _ x: Vector, _ ldX: Int, _ w: Vector, _ ldW: Int,
      _ beta: Scalar, _ addend: Vector?, _ ldAddend: Int, _ y: Matrix, _ ldY: Int
    ) -> Void
  /// Up to so many rows ``fewRows`` is faster than BLAS.
  package let mostFewRows: Int
  /// Whether ``packedProduct`` is expected to be faster than BLAS for more rows than that.
  package let packsWeights: Bool
  /// From so many features on.
  package let leastPackedFeatures: Int
  /// Rows that it has in the cache at a time.
  package let passingRows: Int
  /// The elements that ``pack`` writes.
  package let packedSize: @Sendable (_ features: Int, _ size: Int) -> Int
  /// W [features, size] in the order in which ``packedProduct`` reads it.
  package let pack: @Sendable (_ w: Vector, _ ldW: Int, _ features: Int, _ size: Int, _ panels: Matrix) -> Void
  /// y ← x·Wᵀ + bias for `rows` rows of x [rows, size] and `features` of the packed W from `first` on.
  package let packedProduct:
    @Sendable (
      _ rows: Int, _ first: Int, _ features: Int, _ size: Int, _ x: Vector, _ ldX: Int, _ panels: Vector,
      _ bias: Vector?, _ y: Matrix, _ ldY: Int
    ) -> Void
  package let allFinite: @Sendable (_ x: Vector, _ rows: Int, _ columns: Int, _ ld: Int) -> Bool
  package let widenFloat16: @Sendable (_ x: UnsafePointer<UInt16>, _ y: Matrix, _ count: Int) -> Void
  package let widenBFloat16: @Sendable (_ x: UnsafePointer<UInt16>, _ y: Matrix, _ count: Int) -> Void
  package let narrowFloat16: @Sendable (_ x: Vector, _ y: UnsafeMutablePointer<UInt16>, _ count: Int) -> Void
  package let narrowBFloat16: @Sendable (_ x: Vector, _ y: UnsafeMutablePointer<UInt16>, _ count: Int) -> Void
}

extension ScoreRules {
  /// Bool is one byte, 0 or 1, as C's uint8_t sees it.
  var keepBytes: UnsafePointer<UInt8>? {
    keep.map { UnsafeRawPointer($0).assumingMemoryBound(to: UInt8.self) }
  }
}

extension RowKernels<Float> {
  /// The kernels in the best instruction set of this CPU.
  static let selected: RowKernels<Float> = {
    guard let kernels = (kernels_f32(kernels_selected()) ?? kernels_f32(KernelSetPlain))?.pointee else {
      preconditionFailure("the plain kernels are part of every build")
    }
    return RowKernels(kernels)
  }()

  private init(_ table: KernelsF32) {
    self.init(
      exp: { table.exp($0, $1, $2) },
      softcap: { table.softcap($0, $1, $2, $3, $4) },
      mask: { s, rows, columns, ld, r in
        withUnsafePointer(to: ScoreRulesF32(r)) { table.mask(s, rows, columns, ld, $0) }
      },
      softmaxRows: { s, rows, columns, ld, r, logSumExp in
        withUnsafePointer(to: ScoreRulesF32(r)) { table.softmax_rows(s, rows, columns, ld, $0, logSumExp) }
      },
      softmaxStep: { s, rows, columns, ld, r, maximum, sum, rescale in
        withUnsafePointer(to: ScoreRulesF32(r)) { table.softmax_step(s, rows, columns, ld, $0, maximum, sum, rescale) }
      },
      weights: { table.weights($0, $1, $2, $3, $4, $5) },
      logSumExp: { table.log_sum_exp($0, $1, $2, $3) },
      scaleRows: { table.scale_rows($0, $1, $2, $3, $4) },
      divideRows: { table.divide_rows($0, $1, $2, $3, $4, $5, $6) },
      dot: { table.dot($0, $1, $2) },
      axpy: { table.axpy($0, $1, $2, $3) },
      fewRows: { table.few_rows($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) },
      mostFewRows: table.most_few_rows,
      packsWeights: table.packs_weights,
      leastPackedFeatures: table.least_packed_features,
      passingRows: table.passing_rows,
      packedSize: { table.packed_size($0, $1) },
      pack: { table.pack($0, $1, $2, $3, $4) },
      packedProduct: { table.packed_product($0, $1, $2, $3, $4, $5, $6, $7, $8, $9) },
      allFinite: { table.all_finite($0, $1, $2, $3) },
      widenFloat16: { table.widen_f16($0, $1, $2) },
      widenBFloat16: { table.widen_bf16($0, $1, $2) },
      narrowFloat16: { table.narrow_f16($0, $1, $2) },
      narrowBFloat16: { table.narrow_bf16($0, $1, $2) })
  }
}

extension RowKernels<Double> {
  /// The kernels in the best instruction set of this CPU.
  static let selected: RowKernels<Double> = {
    guard let kernels = (kernels_f64(kernels_selected()) ?? kernels_f64(KernelSetPlain))?.pointee else {
      preconditionFailure("the plain kernels are part of every build")
    }
    return RowKernels(kernels)
  }()

  private init(_ table: KernelsF64) {
    self.init(
      exp: { table.exp($0, $1, $2) },
      softcap: { table.softcap($0, $1, $2, $3, $4) },
      mask: { s, rows, columns, ld, r in
        withUnsafePointer(to: ScoreRulesF64(r)) { table.mask(s, rows, columns, ld, $0) }
      },
      softmaxRows: { s, rows, columns, ld, r, logSumExp in
        withUnsafePointer(to: ScoreRulesF64(r)) { table.softmax_rows(s, rows, columns, ld, $0, logSumExp) }
      },
      softmaxStep: { s, rows, columns, ld, r, maximum, sum, rescale in
        withUnsafePointer(to: ScoreRulesF64(r)) { table.softmax_step(s, rows, columns, ld, $0, maximum, sum, rescale) }
      },
      weights: { table.weights($0, $1, $2, $3, $4, $5) },
      logSumExp: { table.log_sum_exp($0, $1, $2, $3) },
      scaleRows: { table.scale_rows($0, $1, $2, $3, $4) },
      divideRows: { table.divide_rows($0, $1, $2, $3, $4, $5, $6) },
      dot: { table.dot($0, $1, $2) },
      axpy: { table.axpy($0, $1, $2, $3) },
      fewRows: { table.few_rows($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) },
      mostFewRows: table.most_few_rows,
      packsWeights: table.packs_weights,
      leastPackedFeatures: table.least_packed_features,
      passingRows: table.passing_rows,
      packedSize: { table.packed_size($0, $1) },
      pack: { table.pack($0, $1, $2, $3, $4) },
      packedProduct: { table.packed_product($0, $1, $2, $3, $4, $5, $6, $7, $8, $9) },
      allFinite: { table.all_finite($0, $1, $2, $3) },
      widenFloat16: { table.widen_f16($0, $1, $2) },
      widenBFloat16: { table.widen_bf16($0, $1, $2) },
      narrowFloat16: { table.narrow_f16($0, $1, $2) },
      narrowBFloat16: { table.narrow_bf16($0, $1, $2) })
  }
}

extension ScoreRulesF32 {
  init(_ rules: ScoreRules<Float>) {
    self.init(
      softcap: rules.softcap, bias: rules.bias, bias_stride: rules.biasStride, keep: rules.keepBytes,
      keep_stride: rules.keepStride, first: rules.first, end: rules.end)
  }
}

extension ScoreRulesF64 {
  init(_ rules: ScoreRules<Double>) {
    self.init(
      softcap: rules.softcap, bias: rules.bias, bias_stride: rules.biasStride, keep: rules.keepBytes,
      keep_stride: rules.keepStride, first: rules.first, end: rules.end)
  }
}
