import Factorizations
import Support
import Testing

@Suite struct GaussianSequenceTests {
  // Moments 1 to 4 of n normal numbers are 0, 1, 0, 3 with variances 1, 2, 15, 96 over n; five standard deviations.
  @Test func moments() {
    var sequence = GaussianSequence(SeededGenerator(seed: 17))
    let count = 20_000
    var moments = [0.0, 0, 0, 0]
    for _ in 0..<count {
      let number = sequence.next()
      var power = 1.0
      for index in 0..<4 {
        power *= number
        moments[index] += power / Double(count)
      }
    }
    for (moment, (expected, variance)) in zip(moments, [(0.0, 1.0), (1, 2), (0, 15), (3, 96)]) {
      #expect(abs(moment - expected) <= 5 * (variance / Double(count)).squareRoot(), "\(moments)")
    }
  }

  /// Gives 64-bit numbers from a list.
  private struct Listed: RandomNumberGenerator {
    var numbers: [UInt64]
    mutating func next() -> UInt64 { numbers.removeFirst() }
  }

  // Points (−1, −1) outside the circle and (0, 0) in its middle are passed over; (1/2, 1/2) has s = 1/2, and √(−2·log s / s)
  // = 2·√log 2.
  @Test func byHand() {
    let (low, middle, threeQuarters) = (UInt64(0), UInt64(1) << 63, UInt64(3) << 62)
    var sequence = GaussianSequence(Listed(numbers: [low, low, middle, middle, threeQuarters, threeQuarters]))
    let expected = 0.8325546111576977  // √log 2
    #expect(abs(sequence.next() - expected) <= 2 * expected.ulp)
    #expect(abs(sequence.next() - expected) <= 2 * expected.ulp)
    #expect(sequence.generator.numbers.isEmpty)
  }
}
