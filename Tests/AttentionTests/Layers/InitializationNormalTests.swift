import Attention
import Foundation
import Support
import Testing

@Suite struct InitializationNormalTests {
  /// Moments 1 to 4 of n normal numbers are 0, 1, 0 and 3 with variances 1, 2, 15 and 96 over n: five standard
  /// deviations. Of 29 999 numbers 0.27 % lie beyond 3, and some beyond 3.5.
  @Test func moments() throws {
    var generator = Xoshiro256(seed: 21)
    let numbers = try Initialization.normal([29_999], as: Double.self, using: &generator).elements
    let count = Double(numbers.count)
    for (power, expected, variance) in [(1, 0.0, 1.0), (2, 1, 2), (3, 0, 15), (4, 3, 96)] {
      var moment = 0.0
      for number in numbers { moment += pow(number, Double(power)) / count }
      #expect(abs(moment - expected) <= 5 * (variance / count).squareRoot(), "moment \(power): \(moment)")
    }
    let far = Double(numbers.count { abs($0) > 3 })
    #expect(abs(far - 0.0027 * count) <= 5 * (0.0027 * count).squareRoot(), "\(far)")
    #expect(numbers.contains { abs($0) > 3.5 })
    // Neighbours, which come of one point, are independent.
    let product = zip(numbers, numbers.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / (count - 1)
    #expect(abs(product) <= 5 / (count - 1).squareRoot(), "\(product)")
  }

  /// Gives 64-bit numbers from a list.
  private struct Listed: RandomNumberGenerator {
    var numbers: [UInt64]
    mutating func next() -> UInt64 { numbers.removeFirst() }
  }

  /// (−1, −1), outside the circle, and (0, 0), in its middle, are passed over. (1/2, −1/2) has s = 1/2, and √(−2·log s
  /// / s) is 2·√log 2, so that the numbers are ±√log 2. Of a third pair for three numbers the second is dropped.
  @Test func byHand() throws {
    let (low, quarter, middle, threeQuarters) = (UInt64(0), UInt64(1) << 62, UInt64(1) << 63, UInt64(3) << 62)
    var generator = Listed(numbers: [
      low, low, middle, middle, threeQuarters, quarter, quarter, threeQuarters,
    ])
    let numbers = try Initialization.normal(
      [3], mean: 10, standardDeviation: 2, as: Double.self, using: &generator)
    let root = 0.8325546111576977  // √log 2
    let comparison = Comparison(
      numbers, [10 + 2 * root, 10 - 2 * root, 10 - 2 * root], shape: [3], absolute: 4 * 12.0.ulp)
    #expect(comparison.isWithin, "\(comparison)")
    #expect(generator.numbers.isEmpty)
  }

  @Test func shapesAndTypes() throws {
    func numbers<Scalar: BLASScalar>(_ shape: [Int], _ type: Scalar.Type) throws -> Tensor<Scalar> {
      var generator = Xoshiro256(seed: 22)
      return try Initialization.normal(shape, as: type, using: &generator)
    }
    let expected = try numbers([2, 3, 5], Double.self)
    #expect(try numbers([30], Double.self).elements == expected.elements)
    #expect(try numbers([2, 3, 5], Float.self) == expected.converted(to: Float.self))
    #expect(try numbers([3, 0], Float.self).elements.isEmpty)
    var generator = Xoshiro256(seed: 1)
    #expect(
      try Initialization.normal([3], mean: 1.5, standardDeviation: 0, as: Float.self, using: &generator).elements
        == [1.5, 1.5, 1.5])
  }

  @Test func wrongArguments() throws {
    var generator = Xoshiro256(seed: 1)
    for deviation in [-1, Double.infinity, .nan] {
      #expect(
        throws: AttentionError.argument(
          name: "standardDeviation", expected: "a finite number, 0 or more", actual: "\(deviation)")
      ) {
        try Initialization.normal([3], standardDeviation: deviation, as: Float.self, using: &generator)
      }
    }
    #expect(throws: AttentionError.argument(name: "mean", expected: "a finite number", actual: "inf")) {
      try Initialization.normal([3], mean: .infinity, as: Float.self, using: &generator)
    }
    #expect(throws: AttentionError.tensor(.negativeDimension(shape: [3, -1]))) {
      try Initialization.normal([3, -1], as: Float.self, using: &generator)
    }
  }
}
