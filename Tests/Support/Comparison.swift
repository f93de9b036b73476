import Glibc
public import Tensors

/// The place where a result is farthest from what was expected, measured against what is allowed there.
///
/// Equal infinities, and two NaNs, are no error; one NaN, or unequal infinities, are an infinite one.
public struct Comparison: Sendable, CustomStringConvertible {
  /// |actual − expected| at the worst place.
  public private(set) var error = 0.0
  /// What is allowed there.
  public private(set) var allowed = 0.0
  /// The index of the worst place, one number per axis.
  public private(set) var index: [Int] = []
  public private(set) var actual = 0.0
  public private(set) var expected = 0.0
  /// Why the two can't be compared at all.
  private var mismatch: String?

  /// Whether every element is within what is allowed: absolute + relative·|expected|.
  public var isWithin: Bool { mismatch == nil && error <= allowed }

  /// - Parameters:
  ///   - actual: the elements of a result, row-major.
  ///   - expected: what they should be.
  ///   - shape: of both.
  public init(
    _ actual: [Double], _ expected: [Double], shape: [Int], absolute: Double = 0, relative: Double = 0
  ) {
    let count = shape.reduce(1, *)
    guard actual.count == expected.count, actual.count == count else {
      mismatch = "\(actual.count) elements, expected \(expected.count) for shape \(shape)"
      return
    }
    guard let worst = Self.worstPlace(actual, expected, absolute: absolute, relative: relative) else { return }
    (self.actual, self.expected) = (actual[worst], expected[worst])
    error = Self.difference(self.actual, self.expected)
    let size = abs(self.expected)
    allowed = absolute + (size < .infinity ? relative * size : 0)
    index = Self.index(of: worst, shape: shape)
  }

  /// Compares a tensor, in row-major order, with what it should be.
  public init<Element: RealElement>(
    _ actual: Tensor<Element>?, _ expected: [Double], shape: [Int], absolute: Double = 0, relative: Double = 0
  ) {
    guard let actual, actual.shape == shape else {
      self.init([], [0], shape: shape)
      mismatch = "shape \(actual.map { "\($0.shape)" } ?? "none"), expected \(shape)"
      return
    }
    self.init(actual.doubles, expected, shape: shape, absolute: absolute, relative: relative)
  }

  private static func index(of place: Int, shape: [Int]) -> [Int] {
    var index = shape
    var rest = place
    for axis in shape.indices.reversed() {
      index[axis] = rest % shape[axis]
      rest /= shape[axis]
    }
    return index
  }

  public var description: String {
    mismatch ?? "largest error \(error) (allowed \(allowed)) at \(index): \(actual), expected \(expected)"
  }
}

extension Tensor where Element: RealElement {
  /// The elements in row-major order, in Double.
  public var doubles: [Double] {
    let elements = self.elements
    if let doubles = elements as? [Double] { return doubles }
    if let floats = elements as? [Float] {
      return [Double](unsafeUninitializedCapacity: floats.count) { buffer, initialized in
        var place = 0
        while place < floats.count {
          buffer[place] = Double(floats[place])
          place += 1
        }
        initialized = floats.count
      }
    }
    return elements.map(\.asDouble)
  }

  /// Whether shape and every bit are the same (NaN included; −0 is not 0).
  public func isBitwiseEqual(to other: Tensor) -> Bool {
    guard shape == other.shape else { return false }
    return elements.withUnsafeBytes { mine in
      other.elements.withUnsafeBytes { others in
        guard let mine = mine.baseAddress, let theirs = others.baseAddress else { return true }
        return memcmp(mine, theirs, others.count) == 0
      }
    }
  }
}
