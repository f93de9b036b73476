internal import Glibc

/// Buckets of distances: of n on a side, the first n / 2 hold a distance each, the others logarithmically more of them.
struct PositionBuckets: Sendable, Hashable {
  /// Of both sides, if there are two.
  let count: Int
  let isBidirectional: Bool
  let maximumDistance: Int

  private var perSide: Int { isBidirectional ? count / 2 : count }
  /// Distances below this have a bucket each.
  private var exactCount: Int { perSide / 2 }

  func validate() throws(AttentionError) {
    let least = isBidirectional ? 4 : 2
    guard count >= least else {
      throw .argument(name: "bucket count", expected: "\(least) or more", actual: "\(count)")
    }
    guard maximumDistance > exactCount else {
      throw .argument(
        name: "maximumDistance", expected: "above \(exactCount), which have a bucket each", actual: "\(maximumDistance)"
      )
    }
  }

  /// The bucket of d = j − p.
  func bucket(of distance: Int) -> Int {
    let side = isBidirectional && distance > 0 ? perSide : 0
    let length = isBidirectional ? abs(distance) : max(-distance, 0)
    guard length >= exactCount else { return side + length }
    // In Float, operation by operation as the reference does, so that distances at an edge fall on the same side of it.
    let ratio = Float(length) / Float(exactCount)
    let share = Float(log(Double(ratio))) / Float(log(Double(maximumDistance) / Double(exactCount)))
    let further = share * Float(perSide - exactCount)
    // Far beyond the last bucket there is no need of an exact number.
    return side + (further < Float(perSide) ? min(exactCount + Int(further), perSide - 1) : perSide - 1)
  }
}
