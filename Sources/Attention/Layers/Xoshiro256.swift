/// The random number generator xoshiro256**: a seed determines its numbers, the same on every platform.
///
/// Its period is 2²⁵⁶ − 1; the state is filled from the seed by SplitMix64, as its authors recommend. Not for secrets.
///
/// - SeeAlso: Blackman and Vigna (2021), "Scrambled linear pseudorandom number generators", ACM Transactions on
///   Mathematical Software 47(4); Steele, Lea and Flood (2014), "Fast splittable pseudorandom number generators",
///   OOPSLA 2014, section 5.
public struct Xoshiro256: RandomNumberGenerator, Sendable, Hashable {
  private var s0: UInt64
  private var s1: UInt64
  private var s2: UInt64
  private var s3: UInt64

  /// - Parameter seed: any number; near seeds give unrelated sequences.
  public init(seed: UInt64) {
    var mixer = seed
    self.init(state: (Self.splitMix(&mixer), Self.splitMix(&mixer), Self.splitMix(&mixer), Self.splitMix(&mixer)))
  }

  /// - Parameter state: not all 0, from where the generator would never leave.
  package init(state: (UInt64, UInt64, UInt64, UInt64)) {
    (s0, s1, s2, s3) = state
  }

  /// The next number of SplitMix64, of state `state`.
  package static func splitMix(_ state: inout UInt64) -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  public mutating func next() -> UInt64 {
    let result = Self.rotated(s1 &* 5, by: 7) &* 9
    let shifted = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = Self.rotated(s3, by: 45)
    return result
  }

  private static func rotated(_ value: UInt64, by bits: UInt64) -> UInt64 {
    (value << bits) | (value >> (64 - bits))
  }
}
