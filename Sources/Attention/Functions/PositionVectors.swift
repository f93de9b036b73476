internal import Synchronization
internal import Tensors

/// The numbers of a position bias for a range of distances, computed when needed and kept for the next run.
final class PositionVectors<Scalar: BLASScalar>: Sendable {
  private struct Kept {
    /// None or one of [H or 1, distances]. (Not an optional: unspecialised code as Swift 6.3.1 optimises it may take nil for a value.)
    var numbers: [Tensor<Scalar>] = []
    var first = 0
  }

  private let kept = Mutex(Kept())

  /// Numbers of at least these distances.
  ///
  /// - Parameters:
  ///   - distances: not empty.
  ///   - compute: numbers of a range.
  /// - Returns: [H or 1, distances], and the first distance.
  func numbers(
    of distances: Range<Int>, _ compute: (Range<Int>) throws(TensorError) -> Tensor<Scalar>
  ) throws(TensorError) -> (numbers: Tensor<Scalar>, first: Int) {
    try kept.withLock { kept throws(TensorError) in
      if let numbers = kept.numbers.first {
        let isEnough =
          kept.first <= distances.lowerBound && kept.first + numbers.layout.shape[1] >= distances.upperBound
        if isEnough { return (numbers, kept.first) }
      }
      // What has grown once, as with every decoding step, will grow again.
      let reserve = kept.numbers.isEmpty ? 0 : max(distances.count / 2, 64)
      let range = (distances.lowerBound - reserve)..<(distances.upperBound + reserve)
      let numbers = try compute(range)
      kept.numbers = [numbers]
      kept.first = range.lowerBound
      return (numbers, range.lowerBound)
    }
  }
}
