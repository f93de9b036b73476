internal import Foundation

/// The ticks of an axis from 0: round numbers at equal distances, labelled with equally many decimals.
struct AxisTicks: Equatable {
  let step: Double
  /// How many steps from 0 to the axis' end.
  let count: Int

  /// - Parameter largest: what the axis has to reach; anything but a number from 1e-300 to 1e300 makes an axis from 0 to 1.
  init(reaching largest: Double) {
    guard (1e-300...1e300).contains(largest) else {
      (step, count) = (1, 1)
      return
    }
    step = Self.step(largest)
    // No step more for a rounding error.
    count = max(1, Int((largest / step - 1e-9).rounded(.up)))
  }

  /// The axis' end.
  var limit: Double { Double(count) * step }

  var values: [Double] { (0...count).map { Double($0) * step } }

  /// The values as texts: `0.00`, `0.25`, `0.50`; beyond five decimals or seven digits with an exponent that all share.
  var labels: [String] {
    if limit < 1e7, let decimals = Self.decimals(step, upTo: 5) {
      return values.map { String(format: "%.\(decimals)f", $0) }
    }
    let exponent = Int(log10(limit).rounded(.down))
    let unit = pow(10, Double(exponent))
    let decimals = Self.decimals(step / unit, upTo: 5) ?? 5
    return values.map { $0 == 0 ? "0" : String(format: "%.\(decimals)fe%d", $0 / unit, exponent) }
  }

  /// How many decimals a number has, if that many do.
  private static func decimals(_ value: Double, upTo most: Int) -> Int? {
    (0...most).first { count in
      let shifted = value * pow(10, Double(count))
      return shifted >= 0.5 && abs(shifted - shifted.rounded()) < 1e-6 * shifted
    }
  }

  /// A round step that takes four to ten times.
  private static func step(_ largest: Double) -> Double {
    var power = 1.0
    while power * 10 <= largest { power *= 10 }
    while power > largest { power /= 10 }
    for factor in [0.1, 0.2, 0.25, 0.5] where largest / (power * factor) <= 8 { return power * factor }
    return power
  }
}
