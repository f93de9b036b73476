internal import Attention

extension Xoshiro256 {
  /// - Parameter stream: tells apart the sequences of one seed, so that a case's input does not depend on which cases ran
  ///   before it.
  init(seed: UInt64, stream: String) {
    // FNV-1a: the standard library's hash differs from run to run.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in stream.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    self.init(seed: seed ^ hash)
  }

  /// Normal numbers of mean 0.
  mutating func normal(_ count: Int, deviation: Double = 1) throws(AttentionError) -> [Float] {
    try Initialization.normal([count], standardDeviation: deviation, using: &self).elements
  }
}
