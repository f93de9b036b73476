internal import Attention
internal import Checkpoints

/// `kv_lengths` [B]: how many keys of each batch element are keys at all (ONNX `nonpad_kv_seqlen`).
struct KeyLengths: Sendable {
  let lengths: [Int]

  /// - Returns: nil when the file has none.
  /// - Throws: for another shape than [B], a length outside 0…S, or a past beside them (which ONNX excludes as well: the past's
  ///   length and the key lengths would each place the queries).
  init?(_ file: SafetensorsFile, shape: AttentionShape, hasPast: Bool) throws {
    let name = "kv_lengths"
    guard file.contains(name) else { return nil }
    let tensor = try file.tensor(name, convertedTo: Int.self)
    guard !hasPast else {
      throw AttentionError.shape(
        name: name, expected: "none beside past_key \(try file.entry("past_key").shape)", actual: tensor.shape)
    }
    guard tensor.shape == [shape.batch] else {
      throw AttentionError.shape(name: name, expected: "[B] = [\(shape.batch)]", actual: tensor.shape)
    }
    lengths = tensor.elements
    for (index, length) in lengths.enumerated() where length < 0 || length > shape.keys {
      throw AttentionError.argument(
        name: "\(name)[\(index)]", expected: "0...\(shape.keys), the number of keys", actual: "\(length)")
    }
  }
}
