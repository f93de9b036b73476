internal import Attention
internal import Checkpoints
internal import Foundation

/// The parameters of a layer, in PyTorch's layout: rows are outputs.
struct LayerParameters: Sendable {
  /// [3E, E]: queries, keys, values.
  var inputWeight: [Float]
  /// [3E]
  var inputBias: [Float]
  /// [E, E]
  var outputWeight: [Float]
  /// [E]
  var outputBias: [Float]

  /// Parameters drawn at random, such that numbers keep their size from layer to layer.
  init(_ layer: LayerCase, numbers: inout Xoshiro256) throws(AttentionError) {
    let e = layer.embeddingSize
    let deviation = 1 / Double(e).squareRoot()
    inputWeight = try numbers.normal(3 * e * e, deviation: deviation)
    inputBias = try numbers.normal(3 * e, deviation: deviation)
    outputWeight = try numbers.normal(e * e, deviation: deviation)
    outputBias = try numbers.normal(e, deviation: deviation)
  }

  /// A layer of BERT's family from a checkpoint.
  ///
  /// - Throws: ``CheckpointError`` for a tensor that is not there or not convertible.
  init(_ file: SafetensorsFile, prefix: String) throws {
    func elements(_ name: String) throws -> [Float] {
      try file.tensor(prefix + name, convertedTo: Float.self).elements
    }
    let parts = ["query", "key", "value"].map { "attention.self.\($0)" }
    inputWeight = try parts.flatMap { try elements($0 + ".weight") }
    inputBias = try parts.flatMap { try elements($0 + ".bias") }
    outputWeight = try elements("attention.output.dense.weight")
    outputBias = try elements("attention.output.dense.bias")
  }

  func layer(_ layer: LayerCase) throws -> MultiHeadAttention<Float> {
    let e = layer.embeddingSize
    return try MultiHeadAttention(
      inputProjection: .packed(
        Linear(weight: Tensor(inputWeight, shape: [3 * e, e]), bias: Tensor(inputBias, shape: [3 * e]))),
      outputProjection: Linear(weight: Tensor(outputWeight, shape: [e, e]), bias: Tensor(outputBias, shape: [e])),
      headCount: layer.heads)
  }
}
