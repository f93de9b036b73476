package import Checkpoints

/// Why cases can't be read, or one of them not be run.
package enum ConformanceError: Error, Equatable, CustomStringConvertible {
  case usage
  case nothingAt(path: String)
  case noCases(path: String)
  case damaged(path: String, reason: String)
  /// What the operator's Swift side does not know of: left out, it would make the numbers wrong, or right by accident.
  case unknown(kind: String, name: String)
  case attributeKind(name: String, expected: String)
  case attributeValue(name: String, expected: String, actual: String)
  case outputType(ElementType)

  package var description: String {
    switch self {
    case .usage: "usage: ConformanceRunner PATH (a folder of cases that export.py wrote, or one file)"
    case .nothingAt(let path): "there is nothing at \(path): `make conformance` writes the cases"
    case .noCases(let path): "\(path) holds no cases: export.py writes them"
    case .damaged(let path, let reason): "\(path): \(reason)"
    case .unknown(let kind, let name): "\(kind) \(name) is not known to this operator"
    case .attributeKind(let name, let expected): "attribute \(name) is not \(expected)"
    case .attributeValue(let name, let expected, let actual): "attribute \(name) is \(actual), expected \(expected)"
    case .outputType(let type): "an output of type \(type.rawValue) is no floating point"
    }
  }
}
