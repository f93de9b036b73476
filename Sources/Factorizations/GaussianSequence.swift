internal import Glibc

/// Independent numbers of mean 0 and variance 1, two at a time from a point within the unit circle.
///
/// - SeeAlso: Marsaglia and Bray (1964), "A convenient method for generating normal variables", SIAM Review 6(3): the polar
///   method.
package struct GaussianSequence<Generator: RandomNumberGenerator> {
  package private(set) var generator: Generator
  private var spare: Double?

  package init(_ generator: Generator) { self.generator = generator }

  package mutating func next() -> Double {
    if let number = spare {
      spare = nil
      return number
    }
    while true {
      let (x, y) = (coordinate(), coordinate())
      let square = x * x + y * y
      guard square < 1, square > 0 else { continue }
      let factor = (-2 * log(square) / square).squareRoot()
      spare = y * factor
      return x * factor
    }
  }

  /// Uniform in [−1, 1): a multiple of 2⁻⁵².
  private mutating func coordinate() -> Double {
    Double(generator.next() >> 11) * 0x1p-52 - 1
  }
}
