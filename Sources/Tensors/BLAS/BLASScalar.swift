/// The element types that BLAS computes in: `Float` and `Double`, and no others.
///
/// Only this module can make a ``BLASArithmetic``: other types have nothing to conform with.
public protocol BLASScalar: RealElement, BinaryFloatingPoint {
  /// The functions that compute in this type.
  static var arithmetic: BLASArithmetic<Self> { get }
}

/// Matrix products and row kernels for one element type; opaque outside the package.
///
/// An object, since generic code that is not specialised would copy a structure of so many closures whenever it asks for one.
public final class BLASArithmetic<Scalar>: Sendable {
  /// C ← α·op(A)·op(B) + β·C, row-major, on the calling thread; see ``GEMM`` for the checked form.
  package typealias Product =
    @Sendable (
      _ transposesA: Bool, _ transposesB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Scalar,
      _ a: UnsafePointer<Scalar>, _ lda: Int, _ b: UnsafePointer<Scalar>, _ ldb: Int, _ beta: Scalar,
      _ c: UnsafeMutablePointer<Scalar>, _ ldc: Int
    ) -> Void

  /// y ← α·op(A)·x + β·y, row-major, A of m × n.
  package typealias VectorProduct =
    @Sendable (
      _ transposesA: Bool, _ m: Int, _ n: Int, _ alpha: Scalar, _ a: UnsafePointer<Scalar>, _ lda: Int,
      _ x: UnsafePointer<Scalar>, _ incrementX: Int, _ beta: Scalar, _ y: UnsafeMutablePointer<Scalar>,
      _ incrementY: Int
    ) -> Void

  package let product: Product
  package let vectorProduct: VectorProduct
  package let kernels: RowKernels<Scalar>
  package let fused: FusedKernels<Scalar>

  init(
    product: @escaping Product, vectorProduct: @escaping VectorProduct, kernels: RowKernels<Scalar>,
    fused: FusedKernels<Scalar>
  ) {
    (self.product, self.vectorProduct, self.kernels, self.fused) = (product, vectorProduct, kernels, fused)
  }
}
