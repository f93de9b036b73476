internal import Attention
internal import CRoofline

/// The rate of multiply-adds in registers on so many threads, in the instruction set of the package's own kernels: what no kernel
/// of that set exceeds.
struct PeakRate {
  let threads: Int
  private let loops: Roofline
  private let rounds: Int
  private var measurement = Measurement()

  /// Pieces of a sample for each thread: many, so that all end together.
  private static let piecesPerThread = 16
  /// About what a piece takes: together they make the shortest time to measure.
  private static let secondsPerPiece = Measurement.shortest / Double(piecesPerThread)

  /// nil where the CPU has no instruction set of that name.
  init?(threads: Int, set: String = BLASConfiguration.current.kernelSet) {
    guard let loops = roofline_named(set)?.pointee else { return nil }
    self.threads = threads
    self.loops = loops
    let few = max(1, (1 << 18) / loops.operations)
    let times = (0..<4).map { _ in Measurement.seconds { _ = loops.multiply_adds(few, 0.5, 1) } }
    rounds = max(1, Int(Double(few) * Self.secondsPerPiece / max(times.min() ?? 0, 1e-7)))
  }

  /// Takes one sample; those taken with `isWarmUp` are not counted.
  mutating func sample(isWarmUp: Bool = false) {
    let (loops, rounds, threads) = (loops, rounds, threads)
    let seconds = Measurement.seconds {
      FanOut.run(pieces: threads * Self.piecesPerThread, workers: threads) { _, _ in
        // Towards 2, and never subnormal.
        _ = loops.multiply_adds(rounds, 0.5, 1)
      }
    }
    if !isWarmUp { measurement.append(seconds) }
  }

  /// GFLOP/s by the median; nil without samples.
  var gigaflops: Double? {
    let operations = Double(threads * Self.piecesPerThread * rounds * loops.operations)
    return measurement.median.map { operations / $0 / 1e9 }
  }
}
