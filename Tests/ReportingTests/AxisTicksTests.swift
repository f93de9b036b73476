import Testing

@testable import Reporting

@Suite("Axis ticks")
struct AxisTicksTests {
  @Test(
    "have round values and equally many decimals",
    arguments: [
      (largest: 100.0, labels: ["0", "20", "40", "60", "80", "100"]),
      (12, ["0", "2", "4", "6", "8", "10", "12"]),
      (1, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
      (1.9, ["0.00", "0.25", "0.50", "0.75", "1.00", "1.25", "1.50", "1.75", "2.00"]),
      (0.001, ["0.0000", "0.0002", "0.0004", "0.0006", "0.0008", "0.0010"]),
      (3e-7, ["0", "0.5e-7", "1.0e-7", "1.5e-7", "2.0e-7", "2.5e-7", "3.0e-7"]),
      (4e9, ["0", "0.5e9", "1.0e9", "1.5e9", "2.0e9", "2.5e9", "3.0e9", "3.5e9", "4.0e9"]),
    ] as [(largest: Double, labels: [String])])
  func labels(largest: Double, labels: [String]) {
    #expect(AxisTicks(reaching: largest).labels == labels)
  }

  @Test("reach the largest value in four to ten steps, without a step too many")
  func reach() {
    for exponent in -40...40 {
      for mantissa in [1, 1.3, 1.99, 2, 2.01, 2.6, 3.7, 4.1, 5, 7.9, 8.3, 9.99] {
        var largest = mantissa
        for _ in 0..<abs(exponent) { largest = exponent < 0 ? largest / 10 : largest * 10 }
        let ticks = AxisTicks(reaching: largest)
        #expect(ticks.limit >= largest * (1 - 1e-9), "\(largest): \(ticks)")
        #expect(ticks.limit - ticks.step < largest, "\(largest): \(ticks)")
        #expect((4...10).contains(ticks.count), "\(largest): \(ticks)")
        #expect(Set(ticks.labels).count == ticks.count + 1, "\(ticks.labels)")
      }
    }
  }

  @Test(
    "are 0 and 1 where there is nothing to reach", arguments: [0, -3, .nan, .infinity, .leastNonzeroMagnitude, 1e301])
  func nothing(largest: Double) {
    #expect(AxisTicks(reaching: largest).labels == ["0", "1"])
  }
}
