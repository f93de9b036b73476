internal import Attention
internal import Checkpoints
internal import Foundation

/// The layer of the sentence model that the package's tests carry: real parameters, the hidden states of a real sentence, and
/// what PyTorch makes of them.
struct MiniLMFile {
  let parameters: LayerParameters
  /// The sentence before the layer [tokens, E].
  let hidden: [Float]
  /// After it, computed by PyTorch in Double [tokens, E].
  let expected: [Double]

  static let path = "Tests/Golden/minilm_layer0.safetensors"

  init(contentsOf path: String) throws {
    let file = try SafetensorsFile(contentsOf: path)
    parameters = try LayerParameters(file, prefix: "encoder.layer.0.")
    hidden = try file.tensor("sentence/hidden", convertedTo: Float.self).elements
    expected = try file.tensor("sentence/output", convertedTo: Double.self).elements
  }

  /// The file of the package's folder, looked for upwards from the working directory and from the executable; nil where
  /// the executable has left the package.
  static func find() throws -> MiniLMFile? {
    let starts = [URL(fileURLWithPath: FileManager.default.currentDirectoryPath), Bundle.main.executableURL]
    for start in starts.compactMap({ $0 }) {
      var folder = start.standardizedFileURL
      while folder.path != "/" {
        let file = folder.appendingPathComponent(path).path
        if FileManager.default.fileExists(atPath: file) { return try MiniLMFile(contentsOf: file) }
        folder.deleteLastPathComponent()
      }
    }
    return nil
  }

  /// The layer on the sentence as it is.
  var sentence: LayerCase {
    var layer = LayerCase.miniLM
    layer.batch = 1
    layer.length = hidden.count / layer.embeddingSize
    return layer
  }
}
