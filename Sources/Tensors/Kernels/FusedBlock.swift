/// Rows of queries or of results that are apart by `innerStride`, and by `outerStride` after every `inner` of them: the rows of
/// some heads.
package struct FusedRows<Scalar> {
  package let base: UnsafeMutablePointer<Scalar>
  package let inner: Int
  package let innerStride: Int
  package let outerStride: Int

  package init(base: UnsafeMutablePointer<Scalar>, inner: Int, innerStride: Int, outerStride: Int) {
    (self.base, self.inner, self.innerStride, self.outerStride) = (base, inner, innerStride, outerStride)
  }
}

/// A block of query rows and what has been summed up for it so far (`fused.h`).
package struct FusedBlock<Scalar> {
  /// 1…width
  package var rows: Int
  package var headSize: Int
  package var valueHeadSize: Int
  /// Whether queries were packed with the factor scale, as softcap and bias need it, or with scale·log₂e.
  package var isNatural: Bool
  /// Whether few rows get the bits that they would get among many.
  package var hasSameBits: Bool
  /// Whether a tile has been added, or what else stands in the accumulator.
  package var hasBegun = false
  /// Packed.
  package var queries: UnsafeMutablePointer<Scalar>
  /// [width], to base 2.
  package var maximum: UnsafeMutablePointer<Scalar>
  /// [width]
  package var sum: UnsafeMutablePointer<Scalar>
  package var accumulator: UnsafeMutablePointer<Scalar>
  package var scratch: UnsafeMutablePointer<Scalar>

  package init(
    rows: Int, headSize: Int, valueHeadSize: Int, isNatural: Bool, hasSameBits: Bool,
    queries: UnsafeMutablePointer<Scalar>, maximum: UnsafeMutablePointer<Scalar>,
    sum: UnsafeMutablePointer<Scalar>, accumulator: UnsafeMutablePointer<Scalar>, scratch: UnsafeMutablePointer<Scalar>
  ) {
    (self.rows, self.headSize, self.valueHeadSize, self.isNatural) = (rows, headSize, valueHeadSize, isNatural)
    self.hasSameBits = hasSameBits
    (self.queries, self.maximum, self.sum) = (queries, maximum, sum)
    (self.accumulator, self.scratch) = (accumulator, scratch)
  }
}
