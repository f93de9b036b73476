import Testing

@testable import Reporting

@Suite("Decade ticks")
struct DecadeTicksTests {
  @Test(
    "are the powers of ten around the values",
    arguments: [
      (values: [0.02, 300.0], labels: ["0.01", "0.1", "1", "10", "100", "1000"]),
      ([1, 10], ["1", "10"]), ([5], ["1", "10"]), ([10], ["10", "100"]), ([0.1, 0.1], ["0.1", "1"]),
      ([1000, 1e7], ["1000", "10000", "100000", "1000000", "1e7"]),
      ([1e-9, 1e9], ["1e-9", "1e-6", "0.001", "1", "1000", "1000000", "1e9"]),
    ] as [(values: [Double], labels: [String])])
  func labels(values: [Double], labels: [String]) {
    let ticks = DecadeTicks(reaching: values)
    #expect(ticks.labels.map { $0.replacing("e-0", with: "e-").replacing("e+0", with: "e") } == labels)
    for value in values { #expect((-1e-9...(1 + 1e-9)).contains(ticks.place(value))) }
  }

  @Test("leave out what is not above 0 or no number")
  func undrawable() {
    #expect(DecadeTicks(reaching: [0, -1, .nan, .infinity, 1e301, 30]) == DecadeTicks(reaching: [30]))
    #expect(DecadeTicks(reaching: []).labels == ["1", "10"])
  }

  @Test("place values by their logarithms")
  func places() {
    let ticks = DecadeTicks(reaching: [1, 100])
    #expect(ticks.place(1) == 0)
    #expect(ticks.place(10) == 0.5)
    #expect(ticks.place(100) == 1)
  }

  @Test("are nine at most")
  func count() {
    for exponent in 1...290 {
      var largest = 1.0
      for _ in 0..<exponent { largest *= 10 }
      #expect(DecadeTicks(reaching: [1, largest]).values.count <= 9, "\(exponent)")
    }
  }
}
