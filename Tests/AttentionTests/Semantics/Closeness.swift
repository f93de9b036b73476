import Attention
import Testing

/// Expects a tensor's elements within the way's tolerance, reporting the largest error and where it is. NaN and infinities must
/// be where they are expected.
func expectClose(
  _ actual: Tensor<Double>?, _ expected: [Double], _ way: Way, _ what: String = "output",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard let actual else {
    Issue.record("\(what) is missing", sourceLocation: sourceLocation)
    return
  }
  let elements = actual.elements
  guard elements.count == expected.count else {
    Issue.record(
      "\(what) has \(elements.count) elements, expected \(expected.count)", sourceLocation: sourceLocation)
    return
  }
  // Errors as parts of the tolerance.
  var largest = 0.0
  var place = 0
  for index in expected.indices {
    let (a, e) = (elements[index], expected[index])
    let error: Double =
      if a == e || (a.isNaN && e.isNaN) {
        0
      } else if a.isFinite && e.isFinite {
        abs(a - e) / way.tolerance(e)
      } else {
        .infinity
      }
    if error > largest { (largest, place) = (error, index) }
  }
  guard largest > 1 else { return }
  var index: [Int] = []
  var rest = place
  for size in actual.shape.reversed() {
    index.insert(rest % size, at: 0)
    rest /= size
  }
  Issue.record(
    "\(what)\(index) is \(elements[place]), expected \(expected[place]): \(largest) times the tolerance",
    sourceLocation: sourceLocation)
}

/// Whether two tensors hold the same bits, NaN included.
func isBitwiseEqual<Scalar: BLASScalar>(_ left: Tensor<Scalar>?, _ right: Tensor<Scalar>?) -> Bool {
  guard let left, let right else { return left == nil && right == nil }
  // Conversion to Double keeps the bits of all numbers apart.
  return left.shape == right.shape
    && zip(left.elements, right.elements).allSatisfy { $0.asDouble.bitPattern == $1.asDouble.bitPattern }
}

/// Numbers in −2 ..< 2, the same for the same seed: multiples of 1/64, which every element type holds exactly.
func numbers(_ shape: [Int], seed: UInt64 = 1) throws -> Tensor<Double> {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  let count = shape.reduce(1, *)
  return try Tensor(
    (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(Int(state >> 56) - 128) / 64
    }, shape: shape)
}

/// True for about three in four places, the same for the same seed.
func coins(_ shape: [Int], seed: UInt64 = 1) throws -> Tensor<Bool> {
  try numbers(shape, seed: seed).map { $0 < 1 }
}
