import Testing

@testable import AttentionBenchmark

@Suite struct MeasurementTests {
  private func measurement(_ samples: [Double]) -> Measurement {
    var measurement = Measurement()
    for sample in samples { measurement.append(sample) }
    return measurement
  }

  @Test(arguments: [
    (samples: [4.0], median: 4.0, p90: 4.0, minimum: 4.0),
    (samples: [3, 1], median: 2, p90: 2.8, minimum: 1),  // 1 + 0.9·2
    (samples: [5, 1, 3], median: 3, p90: 4.6, minimum: 1),  // place 1.8: 3 + 0.8·2
    (samples: [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0], median: 5, p90: 9, minimum: 0),
    (samples: [1, 1, 1, 101], median: 1, p90: 71, minimum: 1),  // place 2.7
  ]) func quantiles(samples: [Double], median: Double, p90: Double, minimum: Double) throws {
    let measurement = measurement(samples)
    #expect(abs(try #require(measurement.median) - median) < 1e-12)
    #expect(abs(try #require(measurement.p90) - p90) < 1e-12)
    #expect(measurement.minimum == minimum)
  }

  @Test func nothingWithoutSamples() {
    let measurement = measurement([])
    #expect(measurement.median == nil)
    #expect(measurement.p90 == nil)
    #expect(measurement.minimum == nil)
  }

  /// A short body is run often enough to fill the shortest time, and once before, uncounted; a long one once.
  @Test(arguments: [
    (estimate: 0.0005, calls: 5), (estimate: 0.0015, calls: 3), (estimate: 0.01, calls: 2), (estimate: 1, calls: 1),
  ])
  func callsOfASample(estimate: Double, calls: Int) {
    var count = 0
    _ = Measurement.sample(estimate: estimate) { count += 1 }
    #expect(count == calls)
  }
}
