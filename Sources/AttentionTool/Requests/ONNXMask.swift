internal import Attention
internal import Checkpoints
internal import ONNXConventions

/// `mask` as ONNX `Attention` reads it: BOOL (true = attend) or numbers that are added, of rank 1 to 4, right-aligned to
/// [B, H, L, S], and where its last dimension is shorter than S (1 included) the keys after it are masked.
struct ONNXMask<Scalar: BLASScalar> {
  let mask: AttentionMask<Scalar>

  /// - Returns: nil when the file has none.
  init?(_ file: SafetensorsFile, shape: AttentionShape) throws {
    let name = "mask"
    guard file.contains(name) else { return nil }
    let type = try file.entry(name).type
    do {
      if type == .bool {
        mask = .keep(try file.tensor(name, as: Bool.self).onnxMask(masked: false, shape: shape))
      } else if type.realElement != nil {
        mask = .bias(try file.tensor(name, convertedTo: Scalar.self).onnxMask(masked: -.infinity, shape: shape))
      } else {
        throw CheckpointError.wrongElementType(
          tensor: name, expected: "BOOL or a floating-point type (F64, F32, F16, BF16)", actual: type)
      }
    } catch let error as TensorError {
      throw CheckpointError.tensor(name: name, error)
    }
  }
}
