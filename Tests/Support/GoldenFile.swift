internal import Checkpoints
internal import Foundation
public import Tensors

/// A file of Tests/Golden: cases, and tensors named `<case>/<tensor>`. The README there says what each file holds.
///
/// ```swift
/// struct Case: Decodable { let name: String; let heads: Int }
/// let file = try GoldenFile("mha")
/// for golden in try file.cases(of: Case.self) {
///   let query = try file.tensor("\(golden.name)/query", convertedTo: Float.self)
/// }
/// ```
public struct GoldenFile: Sendable {
  /// The file's path, for those who open it themselves.
  public let path: String
  private let file: SafetensorsFile

  /// - Parameter name: without folder and extension: `mha`, `minilm_layer0` or `sdpa`.
  public init(_ name: String) throws {
    path =
      URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Golden/\(name).safetensors").path
    file = try SafetensorsFile(contentsOf: path)
  }

  /// What the file says of its cases, decoded from snake_case names to camelCase.
  public func cases<Case: Decodable>(of type: Case.Type) throws -> [Case] {
    guard let json = file.metadata["cases"] else { throw GoldenError.noCases(path: path) }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode([Case].self, from: Data(json.utf8))
  }

  /// The names of all tensors.
  public var names: [String] { file.names }

  public func contains(_ name: String) -> Bool { file.contains(name) }

  /// Whether a tensor is of Booleans; false if there is none of this name.
  public func isBoolean(_ name: String) throws -> Bool {
    try file.contains(name) && file.entry(name).type == .bool
  }

  /// A tensor of the type that it has in the file.
  public func tensor<Element: TensorElement>(_ name: String, as type: Element.Type) throws -> Tensor<Element> {
    try file.tensor(name, as: type)
  }

  /// A tensor of numbers in another type: inputs are exact in Float and Double.
  public func tensor<Element: RealElement>(_ name: String, convertedTo type: Element.Type) throws -> Tensor<Element> {
    try file.tensor(name, convertedTo: type)
  }

  /// All tensors whose names begin with `prefix`, by what follows it.
  public func tensors<Element: RealElement>(
    under prefix: String, convertedTo type: Element.Type
  ) throws -> [String: Tensor<Element>] {
    var tensors: [String: Tensor<Element>] = [:]
    for name in names where name.hasPrefix(prefix) {
      tensors[String(name.dropFirst(prefix.count))] = try tensor(name, convertedTo: type)
    }
    return tensors
  }
}

/// What a golden file lacks.
public enum GoldenError: Error {
  case noCases(path: String)
}
