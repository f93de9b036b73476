internal import Attention
internal import CRoofline

/// How fast so many threads read as many keys and values as a case has, again and again: what decoding can't exceed, as it needs
/// each of them once.
///
/// Keys and values are read in step, each worker its parts of both, with prefetches at several distances or none; the best counts. The memory
/// is the kind that a case's own operands are in, so that caches and pages count as they do there.
struct ReadRate {
  let threads: Int
  private let loops: Roofline
  private let keys: Tensor<Float>
  private let values: Tensor<Float>
  private var estimate = 0.0
  private var measurements = [Measurement](repeating: Measurement(), count: ReadRate.distances.count)

  /// How many bytes ahead of where it reads a loop asks for lines; 0: it leaves that to the core.
  static let distances = [0, 1024, 4096, 8192]
  /// Parts of a reading for each thread where there are several, so that all end together.
  private static let partsPerThread = 4

  /// nil where the CPU has no instruction set of that name.
  ///
  /// - Parameters:
  ///   - keys: row-major, as many numbers as `values` has.
  ///   - values: row-major.
  init?(
    threads: Int, keys: Tensor<Float>, values: Tensor<Float>, set: String = BLASConfiguration.current.kernelSet
  ) {
    guard let loops = roofline_named(set)?.pointee, keys.count == values.count else { return nil }
    self.threads = threads
    self.loops = loops
    (self.keys, self.values) = (keys, values)
  }

  var bytes: Int { (keys.count + values.count) * MemoryLayout<Float>.stride }

  /// Takes one sample at each distance.
  mutating func sample() {
    for (index, distance) in Self.distances.enumerated() {
      let seconds = Measurement.sample(estimate: estimate) { read(distance: distance) }
      estimate = estimate == 0 ? seconds : min(estimate, seconds)
      measurements[index].append(seconds)
    }
  }

  /// Reads all once; the sum.
  @discardableResult
  func read(distance: Int) -> Float {
    let (loops, keys, values, count) = (loops, keys.storage.base, values.storage.base, keys.count)
    let parts = threads == 1 ? 1 : max(1, min(threads * Self.partsPerThread, count / 16))
    // Parts begin on cache lines.
    let size = ((count + parts - 1) / parts + 15) / 16 * 16
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: parts) { sums in
      sums.initialize(repeating: 0)
      let own = sums
      FanOut.run(pieces: parts, workers: threads) { part, _ in
        let start = min(part * size, count)
        own[part] = loops.read(keys + start, values + start, min(size, count - start), distance)
      }
      return sums.reduce(0, +)
    }
  }

  /// 10⁹ bytes in a second, by the median at the distance that is best; nil without samples.
  var gigabytes: Double? {
    measurements.compactMap(\.median).min().map { Double(bytes) / $0 / 1e9 }
  }
}
