/// A line of the report: how fast a path was on a case. Times are in seconds; nil where nothing was measured.
struct CaseResult: Equatable, Sendable {
  var labels: CaseLabels
  var path: String
  /// The path that the package's plan takes; nil for the benchmark's own kernels.
  var planPath: String?
  var threads: Int
  /// How often it was timed.
  var samples: Int
  var median: Double?
  var p90: Double?
  var minimum: Double?
  /// 10⁹ useful operations in a second, by the median.
  var gigaflops: Double?
  /// What the matrix product reached on as many threads in the same rounds.
  var productGigaflops: Double?
  /// What multiply-adds in registers reached on as many threads in the same rounds.
  var peakGigaflops: Double?
  /// Decoding alone: 10⁹ bytes of keys and values in a second, each counted once, by the median.
  var gigabytes: Double?
  /// Decoding alone: what reading as many bytes reached on as many threads in the same rounds.
  var readGigabytes: Double?
  /// The naive kernel's median by this one's; nil where the naive kernel would have needed too long.
  var speedup: Double?
  /// The largest difference from Double.
  var maxError: Double
  var scratchBytes: Int

  /// `gigaflops` as a percentage of `productGigaflops`.
  var productShare: Double? { Self.percentage(gigaflops, of: productGigaflops) }
  /// `gigaflops` as a percentage of `peakGigaflops`.
  var peakShare: Double? { Self.percentage(gigaflops, of: peakGigaflops) }
  /// `gigabytes` as a percentage of `readGigabytes`.
  var readShare: Double? { Self.percentage(gigabytes, of: readGigabytes) }

  private static func percentage(_ part: Double?, of whole: Double?) -> Double? {
    guard let part, let whole else { return nil }
    return 100 * part / whole
  }
}
