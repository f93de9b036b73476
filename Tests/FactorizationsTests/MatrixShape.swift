import Support
import Tensors
import Testing

/// The shape of a matrix to factorise: primes, so that no exchange of sides can pass.
struct MatrixShape: CustomTestStringConvertible, Sendable {
  let rows: Int
  let columns: Int

  var testDescription: String { "\(rows)×\(columns)" }
  var least: Int { min(rows, columns) }

  /// One element, single rows and columns, square, tall and wide; the last two are beyond the 128 columns from where LAPACK
  /// works in blocks.
  static let all = [
    (1, 1), (1, 7), (7, 1), (2, 2), (5, 5), (7, 3), (3, 11), (13, 13), (31, 17), (17, 37), (67, 5), (5, 67), (151, 139),
    (139, 157),
  ].map { MatrixShape(rows: $0.0, columns: $0.1) }

  /// Normal numbers that are the same on every run.
  func matrix<Scalar: BLASScalar>(_ type: Scalar.Type) throws -> Tensor<Scalar> {
    var generator = SeededGenerator(seed: UInt64(rows * 1000 + columns))
    return try generator.normal([rows, columns], as: type)
  }
}
