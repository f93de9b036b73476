internal import Foundation

/// y = factor·x^exponent, fitted by least squares to the logarithms.
struct PowerLaw: Equatable, Sendable {
  let exponent: Double
  let factor: Double

  /// nil for fewer than two places x, or where a number is not above 0.
  init?(_ points: [(x: Double, y: Double)]) {
    guard points.allSatisfy({ $0.x > 0 && $0.y > 0 && $0.x.isFinite && $0.y.isFinite }), !points.isEmpty else {
      return nil
    }
    let logarithms = points.map { (x: log($0.x), y: log($0.y)) }
    let count = Double(points.count)
    let mean = (x: logarithms.reduce(0) { $0 + $1.x } / count, y: logarithms.reduce(0) { $0 + $1.y } / count)
    let spread = logarithms.reduce(0) { $0 + ($1.x - mean.x) * ($1.x - mean.x) }
    guard spread > 0 else { return nil }
    exponent = logarithms.reduce(0) { $0 + ($1.x - mean.x) * ($1.y - mean.y) } / spread
    factor = exp(mean.y - exponent * mean.x)
  }
}
