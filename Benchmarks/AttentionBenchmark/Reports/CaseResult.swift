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
  /// The naive kernel's median by this one's; nil where the naive kernel would have needed too long.
  var speedup: Double?
  /// The largest difference from Double.
  var maxError: Double
  var scratchBytes: Int

  /// `gigaflops` as a percentage of `productGigaflops`.
  var productShare: Double? {
    guard let gigaflops, let productGigaflops else { return nil }
    return 100 * gigaflops / productGigaflops
  }
}
