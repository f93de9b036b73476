internal import Synchronization
internal import Tensors

/// A layer's weight [out, in] as products of many rows read it: packed when it is first wanted, for all copies of the layer and for
/// layers that are parts of it.
final class PackedWeight<Scalar: BLASScalar>: Sendable {
  private let weight: Tensor<Scalar>
  private let leadingDimension: Int
  private let matrix = AtomicLazyReference<PackedMatrix<Scalar>>()

  /// - Parameter weight: rows at equal distances, columns neighbours.
  init(_ weight: Tensor<Scalar>, leadingDimension: Int) {
    (self.weight, self.leadingDimension) = (weight, leadingDimension)
  }

  /// Whether it is packed.
  var isPacked: Bool { matrix.load() != nil }

  /// Whether products of so many rows want it packed.
  func isWanted(rows: Int) -> Bool {
    let shape = weight.layout.shape
    return shape[1] > 0 && PackedMatrix<Scalar>.isWorthwhile(rows: rows, features: shape[0])
  }

  /// The packed weight. Threads that come at the same time for the first time may each pack it; one of the copies stays.
  ///
  /// - Throws: ``AttentionError/tensor(_:)`` when memory for it is not given; the next product tries again.
  func packed() throws(AttentionError) -> PackedMatrix<Scalar> {
    if let packed = matrix.load() { return packed }
    let packed = try rethrowing { () throws(TensorError) in
      let (layout, base) = (weight.layout, UnsafePointer(weight.storage.base))
      return try PackedMatrix(
        base + layout.offset, ld: leadingDimension, features: layout.shape[0], size: layout.shape[1])
    }
    return matrix.storeIfNil(packed)
  }
}
