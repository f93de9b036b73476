import Support
import Testing

/// A case of Tests/Golden/positions.safetensors that is no rotation.
struct PositionGoldenCase: Decodable, CustomTestStringConvertible {
  let kind: String
  let name: String
  let heads: Int?
  let count: Int?
  let furthest: Int?
  let bidirectional: Bool?
  let firstDistance: Int?

  var testDescription: String { name }

  static func all(_ kind: String) -> [PositionGoldenCase] {
    ((try? GoldenFile("positions").cases(of: PositionGoldenCase.self)) ?? []).filter { $0.kind == kind }
  }
}
