internal import Glibc

extension RotaryScaling {
  static func naturalLogarithm(_ x: Double) -> Double { log(x) }

  /// Writes the scaled frequencies of `size` / 2 pairs.
  ///
  /// - Parameters:
  ///   - size: r.
  ///   - length: of what is read, which dynamic scaling follows; nil: the original one.
  func writeFrequencies(
    to frequencies: UnsafeMutablePointer<Double>, size: Int, base: Double, length: Int?
  ) {
    let base = base * baseFactor(size: size, length: length)
    for pair in 0..<(size / 2) { frequencies[pair] = 1 / pow(base, Double(2 * pair) / Double(size)) }
    switch self {
    case .none, .ntk, .dynamicNTK: return
    case .linear(let factor):
      for pair in 0..<(size / 2) { frequencies[pair] /= factor }
    case .yarn(let factor, let length, let fast, let slow, _, let truncates):
      // The pair (as a real number) whose wave has so many rounds in the original length.
      func pairWith(rounds: Double) -> Double {
        Double(size) * log(Double(length) / (rounds * 2 * .pi)) / (2 * log(base))
      }
      let (low, high) = (pairWith(rounds: fast), pairWith(rounds: slow))
      let first = max(truncates ? low.rounded(.down) : low, 0)
      let last = min(truncates ? high.rounded(.up) : high, Double(size - 1))
      // As the reference implementations keep the ramp's width from being 0.
      let width = first == last ? 0.001 : last - first
      for pair in 0..<(size / 2) {
        let interpolated = min(max((Double(pair) - first) / width, 0), 1)
        frequencies[pair] = frequencies[pair] / factor * interpolated + frequencies[pair] * (1 - interpolated)
      }
    case .llama3(let factor, let length, let low, let high):
      for pair in 0..<(size / 2) {
        let rounds = Double(length) * frequencies[pair] / (2 * .pi)
        let kept = min(max((rounds - low) / (high - low), 0), 1)
        frequencies[pair] = (1 - kept) * frequencies[pair] / factor + kept * frequencies[pair]
      }
    }
  }

  private func baseFactor(size: Int, length: Int?) -> Double {
    // A single pair turns by 1 whatever the base.
    guard size > 2 else { return 1 }
    let exponent = Double(size) / Double(size - 2)
    switch self {
    case .ntk(let factor): return pow(factor, exponent)
    case .dynamicNTK(let factor, let original):
      guard let length, length > original else { return 1 }
      return pow(factor * Double(length) / Double(original) - (factor - 1), exponent)
    case .none, .linear, .yarn, .llama3: return 1
    }
  }
}
