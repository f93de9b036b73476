/// What is wrong with a shape, a view or a matrix product's arguments.
public enum TensorError: Error, Equatable, Sendable {
  /// A dimension is below 0.
  case negativeDimension(shape: [Int])
  /// The product of the dimensions (of those other than 0), or of their size in bytes, does not fit `Int`.
  case tooManyElements(shape: [Int])
  /// As many elements as the shape says were not given.
  case elementCount(shape: [Int], expected: Int, actual: Int)
  /// Rows of a nested array differ in length.
  case raggedRows(expected: Int, actual: Int, row: Int)
  /// The tensor has another rank than the operation takes.
  case rank(expected: String, actual: [Int])
  /// An axis outside 0 ..< rank.
  case axis(actual: Int, rank: Int)
  /// A range outside an axis.
  case range(actual: Range<Int>, axis: Int, size: Int)
  /// An order of axes that does not name each axis once.
  case permutation(actual: [Int], rank: Int)
  /// A shape that can't be reshaped into another, or broadcast to it.
  case shape(operation: String, expected: [Int], actual: [Int])
  /// An axis that can't be divided into equal parts.
  case division(axis: Int, size: Int, parts: Int)
  /// A number outside its range: an argument of a matrix product (by BLAS's name), a worker count, an element to convert.
  case argument(name: String, expected: String, actual: Int)
  /// A span too short for the matrix it is said to hold.
  case spanTooShort(name: String, expected: Int, actual: Int)
  /// Memory that the system did not give.
  case outOfMemory(bytes: Int)
}

extension TensorError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .negativeDimension(let shape):
      "shape \(shape) has a negative dimension"
    case .tooManyElements(let shape):
      "shape \(shape) has more elements than can be addressed"
    case .elementCount(let shape, let expected, let actual):
      "shape \(shape) takes \(expected) elements, \(actual) were given"
    case .raggedRows(let expected, let actual, let row):
      "row \(row) has \(actual) elements, the first row has \(expected)"
    case .rank(let expected, let actual):
      "expected rank \(expected), got shape \(actual) of rank \(actual.count)"
    case .axis(let actual, let rank):
      "axis \(actual) is outside 0..<\(rank)"
    case .range(let actual, let axis, let size):
      "range \(actual) is outside axis \(axis) of size \(size)"
    case .permutation(let actual, let rank):
      "\(actual) does not name each of the \(rank) axes once"
    case .shape(let operation, let expected, let actual):
      "\(operation): expected shape \(expected), got \(actual)"
    case .division(let axis, let size, let parts):
      "axis \(axis) of size \(size) can't be divided into \(parts) equal parts"
    case .argument(let name, let expected, let actual):
      "\(name) is \(actual), expected \(expected)"
    case .spanTooShort(let name, let expected, let actual):
      "\(name) holds \(actual) elements, at least \(expected) are needed"
    case .outOfMemory(let bytes):
      "the system gave no \(bytes) bytes"
    }
  }
}
