import Attention
import Checkpoints
import Support

@testable import AttentionTool

/// Tensors by name, on their way into a file.
struct Sample {
  private(set) var writer = SafetensorsWriter()

  init(_ fill: (inout Sample) throws -> Void) throws { try fill(&self) }

  mutating func set<Element: TensorElement>(_ name: String, _ tensor: Tensor<Element>) throws {
    try writer.add(tensor, named: name)
  }

  mutating func set<Element: TensorElement>(_ name: String, _ elements: [Element], _ shape: [Int]) throws {
    try set(name, Tensor(elements, shape: shape))
  }

  /// Numbers in [−1, 1), the same for the same name and shape.
  mutating func set(_ name: String, random shape: [Int]) throws { try set(name, Sample.random(name, shape)) }

  static func random(_ name: String, _ shape: [Int]) throws -> Tensor<Float> {
    var generator = SeededGenerator(seed: name.utf8.reduce(17) { $0 &* 31 &+ UInt64($1) })
    return try Tensor((0..<shape.reduce(1, *)).map { _ in Float(generator.uniform(-1, 1)) }, shape: shape)
  }

  /// Query [B, H, L, D], key [B, G, S, D] and value [B, G, S, Dv] of random numbers.
  mutating func setInputs(
    batch: Int = 2, heads: Int = 6, keyValueHeads: Int = 3, queries: Int = 5, keys: Int = 7, headSize: Int = 11,
    valueHeadSize: Int = 13
  ) throws {
    try set("query", random: [batch, heads, queries, headSize])
    try set("key", random: [batch, keyValueHeads, keys, headSize])
    try set("value", random: [batch, keyValueHeads, keys, valueHeadSize])
  }

  func bytes() throws -> [UInt8] { try writer.bytes() }

  func file() throws -> SafetensorsFile { try SafetensorsFile(bytes: bytes()) }

  func input(_ path: String = "in.safetensors") throws -> InputFile { InputFile(path: path, file: try file()) }
}

extension ResultFile {
  /// The file that would be written.
  func file() throws -> SafetensorsFile { try SafetensorsFile(bytes: tensors.bytes()) }
}

extension Tensor where Element == Float {
  /// In Double, for a library call of more precision.
  var inDouble: Tensor<Double> { get throws { try converted(to: Double.self) } }
}
