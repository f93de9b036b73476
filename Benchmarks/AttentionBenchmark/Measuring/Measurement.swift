/// The times of one contender, in seconds.
struct Measurement: Equatable, Sendable {
  private(set) var samples: [Double] = []

  var isEmpty: Bool { samples.isEmpty }

  mutating func append(_ seconds: Double) { samples.append(seconds) }

  /// nil without samples.
  var median: Double? { quantile(0.5) }
  /// Nine samples in ten were no slower; nil without samples.
  var p90: Double? { quantile(0.9) }
  /// nil without samples.
  var minimum: Double? { samples.min() }

  /// The value below which a fraction of the samples lies, interpolated between neighbours as numpy does by default.
  ///
  /// - SeeAlso: Hyndman and Fan (1996), "Sample quantiles in statistical packages", definition 7.
  private func quantile(_ fraction: Double) -> Double? {
    guard !samples.isEmpty else { return nil }
    let sorted = samples.sorted()
    let place = fraction * Double(sorted.count - 1)
    let below = Int(place)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
  }
}

extension Measurement {
  /// The seconds that `body` takes by a clock that never jumps.
  static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    return try clock.measure(body) / .seconds(1)
  }

  /// The shortest time to measure: below it the clock and the call to it count.
  static let shortest = 0.002

  /// Seconds of one call: the mean of as many calls as fill ``shortest``. A first call that is not counted brings a
  /// short one's data back to the caches, which what ran before it has used, as in a caller's loop.
  static func sample(estimate: Double, _ body: () throws -> Void) rethrows -> Double {
    let calls = max(1, min(1000, Int((shortest / max(estimate, 1e-9)).rounded(.up))))
    if estimate < 10 * shortest { try body() }
    return try seconds { for _ in 0..<calls { try body() } } / Double(calls)
  }
}
