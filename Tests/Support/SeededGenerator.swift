import Glibc
public import Tensors

/// Random numbers that are the same on every run and machine: SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable
/// pseudorandom number generators", figure 15).
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64
  private var spare: Double?

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in [0, 1), of 53 bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Uniform in [`low`, `high`).
  public mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

  /// Uniform in `low` ... `high`.
  public mutating func integer(_ low: Int, _ high: Int) -> Int {
    low + Int(uniform() * Double(high - low + 1))
  }

  /// Of mean 0 and variance 1 (Box and Muller 1958).
  public mutating func normal() -> Double {
    if let number = spare {
      spare = nil
      return number
    }
    let radius = (-2 * log(1 - uniform())).squareRoot()
    let angle = 2 * Double.pi * uniform()
    spare = radius * sin(angle)
    return radius * cos(angle)
  }

  /// The numbers 0 ..< `count` in a random order (Fisher and Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    var last = count - 1
    while last > 0 {
      order.swapAt(last, integer(0, last))
      last -= 1
    }
    return order
  }
}

extension SeededGenerator {
  /// A tensor of normal numbers.
  public mutating func normal<Element: RealElement>(
    _ shape: [Int], as type: Element.Type = Element.self
  ) throws -> Tensor<Element> {
    let count = shape.reduce(1, *)
    var numbers: [Double] = []
    numbers.reserveCapacity(count)
    while numbers.count < count { numbers.append(normal()) }
    return try Tensor<Double>(numbers, shape: shape).converted(to: type)
  }

  /// A tensor of uniform numbers in [`low`, `high`).
  public mutating func uniform<Element: RealElement>(
    _ shape: [Int], _ low: Double = -1, _ high: Double = 1, as type: Element.Type = Element.self
  ) throws -> Tensor<Element> {
    let count = shape.reduce(1, *)
    var numbers: [Double] = []
    numbers.reserveCapacity(count)
    while numbers.count < count { numbers.append(uniform(low, high)) }
    return try Tensor<Double>(numbers, shape: shape).converted(to: type)
  }

  /// A mask whose elements are true with a probability.
  public mutating func mask(_ shape: [Int], probability: Double) throws -> Tensor<Bool> {
    let count = shape.reduce(1, *)
    var kept: [Bool] = []
    kept.reserveCapacity(count)
    while kept.count < count { kept.append(uniform() < probability) }
    return try Tensor(kept, shape: shape)
  }
}
