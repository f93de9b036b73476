public import Tensors

/// What is wrong with a matrix to factorise, or with the outcome.
public enum FactorizationError: Error, Equatable, Sendable {
  /// The tensor has another rank than the operation takes.
  case rank(expected: String, shape: [Int])
  /// A matrix without elements has no factors.
  case empty(shape: [Int])
  /// The first element, in row-major order, that is NaN or infinite; `value` is `nan`, `inf` or `-inf`.
  case notFinite(index: [Int], value: String)
  /// Sizes that LAPACK's 32-bit integers don't hold: the count of a matrix's or a workspace's elements, or a dimension.
  case tooLarge(shape: [Int], needed: Int, limit: Int)
  /// A number outside its range.
  case argument(name: String, expected: String, actual: String)
  /// An iterative algorithm gave up: nothing of what it computed is to be trusted.
  case notConverged(operation: String, shape: [Int])
  /// The factors of finite numbers lie beyond the range of the element type: scale the matrix, or use `Double`.
  case overflow(operation: String, shape: [Int])
  /// The LAPACK in use refused the call's argument of that number, which no conforming one does.
  case refused(operation: String, argument: Int)
  /// From the tensor layer: memory not given.
  case tensor(TensorError)
}

extension FactorizationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .rank(let expected, let shape):
      "shape \(shape) is of rank \(shape.count), expected rank \(expected)"
    case .empty(let shape):
      "shape \(shape) has no elements, expected at least one row and one column"
    case .notFinite(let index, let value):
      "the element at \(index) is \(value), expected finite numbers"
    case .tooLarge(let shape, let needed, let limit):
      "a matrix of shape \(shape) needs integers up to \(needed), LAPACK's end at \(limit)"
    case .argument(let name, let expected, let actual):
      "\(name) is \(actual), expected \(expected)"
    case .notConverged(let operation, let shape):
      "\(operation) of a matrix of shape \(shape) did not converge"
    case .overflow(let operation, let shape):
      "\(operation) of a matrix of shape \(shape) gives numbers beyond the range of its element type"
    case .refused(let operation, let argument):
      "LAPACK's \(operation) refused its argument \(argument)"
    case .tensor(let error):
      error.description
    }
  }
}

/// Runs `body`, giving tensor errors as factorization errors.
func rethrowing<Result>(_ body: () throws(TensorError) -> Result) throws(FactorizationError) -> Result {
  do {
    return try body()
  } catch {
    throw .tensor(error)
  }
}
