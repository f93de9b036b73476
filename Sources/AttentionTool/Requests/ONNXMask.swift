internal import Attention
internal import Checkpoints

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
        mask = .keep(try Self.fitted(file.tensor(name, as: Bool.self), masked: false, shape: shape))
      } else if type.realElement != nil {
        mask = .bias(try Self.fitted(file.tensor(name, convertedTo: Scalar.self), masked: -.infinity, shape: shape))
      } else {
        throw CheckpointError.wrongElementType(
          tensor: name, expected: "BOOL or a floating-point type (F64, F32, F16, BF16)", actual: type)
      }
    } catch let error as TensorError {
      throw CheckpointError.tensor(name: name, error)
    }
  }

  /// The mask with a last dimension of S.
  static func fitted<Element: TensorElement>(
    _ mask: Tensor<Element>, masked: Element, shape: AttentionShape
  ) throws -> Tensor<Element> {
    guard (1...4).contains(mask.rank), let width = mask.shape.last else {
      throw AttentionError.rank(name: "mask", expected: "1, 2, 3 or 4", shape: mask.shape)
    }
    let full = [shape.batch, shape.heads, shape.queries, shape.keys]
    let axesFit = zip(mask.shape, full.suffix(mask.rank)).dropLast().allSatisfy { $0 == $1 || $0 == 1 }
    guard axesFit, width <= shape.keys else {
      throw AttentionError.maskShape(name: "mask", shape: mask.shape, expected: full)
    }
    if width == shape.keys { return mask }
    // A mask without elements, in a file of a few bytes, may have any number of rows: a tensor throws where an array would
    // stop the program.
    var padded = try Tensor(repeating: masked, shape: mask.shape.dropLast() + [shape.keys])
    let elements = mask.elements
    try padded.withMutableSpan { padded in
      for index in elements.indices { padded[index / width * shape.keys + index % width] = elements[index] }
    }
    return padded
  }
}
