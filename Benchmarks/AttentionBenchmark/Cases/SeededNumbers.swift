internal import Foundation

/// Reproducible numbers drawn from the standard normal distribution.
///
/// - SeeAlso: Steele, Lea and Flood (2014), "Fast splittable pseudorandom number generators", section 4 (SplitMix64); Box and
///   Muller (1958), "A note on the generation of random normal deviates".
struct SeededNumbers {
  private var state: UInt64

  /// - Parameter stream: tells apart the sequences of one seed, so that a case's input does not depend on which cases ran
  ///   before it.
  init(seed: UInt64, stream: String) {
    // FNV-1a: the standard library's hash differs from run to run.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in stream.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    state = seed ^ hash
  }

  private mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// In (0, 1].
  private mutating func uniform() -> Double { Double((next() >> 11) + 1) * 0x1p-53 }

  /// `count` numbers, with the given standard deviation.
  mutating func normal(_ count: Int, deviation: Double = 1) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in stride(from: 0, to: count, by: 2) {
        let radius = deviation * (-2 * log(uniform())).squareRoot()
        let angle = 2 * Double.pi * uniform()
        buffer.initializeElement(at: index, to: Float(radius * cos(angle)))
        if index + 1 < count { buffer.initializeElement(at: index + 1, to: Float(radius * sin(angle))) }
      }
      initialized = count
    }
  }
}
