internal import Synchronization
internal import Tensors

/// A layer's weight packed for products of many rows: by the first of them, for all copies of the layer.
final class PackedWeight<Scalar: BLASScalar>: Sendable {
  private let matrix = Mutex<PackedMatrix<Scalar>?>(nil)

  /// The packed weight, made by `pack` if nobody has asked before; whoever asks meanwhile waits.
  ///
  /// - Throws: what `pack` throws; the next product tries again.
  func packed(
    _ pack: () throws(TensorError) -> PackedMatrix<Scalar>
  ) throws(AttentionError) -> PackedMatrix<Scalar> {
    try rethrowing { () throws(TensorError) in
      try matrix.withLock { held throws(TensorError) in
        if let held { return held }
        let packed = try pack()
        held = packed
        return packed
      }
    }
  }
}
