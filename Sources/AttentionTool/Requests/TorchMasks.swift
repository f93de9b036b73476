internal import Attention
internal import Checkpoints

/// `attn_mask` and `key_padding_mask` as `nn.MultiheadAttention` reads them: BOOL with **true = ignore**, or numbers that are
/// added; of its shapes, a size of 1 repeating.
struct TorchMasks<Scalar: BLASScalar> {
  private(set) var mask = AttentionMask<Scalar>.none

  /// - Parameter sizes: of the inputs; nil: no masks, since shapes that are wrong otherwise are for the layer to say.
  init(_ file: SafetensorsFile, sizes: LayerSizes?, headCount: Int) throws {
    guard let sizes else { return }
    let (batch, queries, keys) = (sizes.batch, sizes.queries, sizes.keys)
    // A batch without elements may have any size: more than can be counted is no mask's.
    let (matrices, overflows) = batch.multipliedReportingOverflow(by: headCount)
    let perHead = overflows ? [] : [[matrices, queries, keys]]
    try add("attn_mask", file, [[queries, keys]] + perHead) { boolean in
      try .ignoring(torchAttentionMask: boolean, headCount: headCount)
    } adding: { numbers in
      try .adding(torchAttentionMask: numbers, headCount: headCount)
    }
    try add("key_padding_mask", file, [sizes.isBatched ? [batch, keys] : [keys]]) { boolean in
      try .ignoring(torchKeyPaddingMask: boolean)
    } adding: { numbers in
      try .adding(torchKeyPaddingMask: numbers)
    }
  }

  private mutating func add(
    _ name: String, _ file: SafetensorsFile, _ shapes: [[Int]],
    ignoring: (Tensor<Bool>) throws -> AttentionMask<Scalar>,
    adding: (Tensor<Scalar>) throws -> AttentionMask<Scalar>
  ) throws {
    guard file.contains(name) else { return }
    let entry = try file.entry(name)
    let fits = shapes.contains { shape in
      entry.shape.count == shape.count && zip(entry.shape, shape).allSatisfy { $0 == $1 || $0 == 1 }
    }
    guard fits else {
      let expected = shapes.map { "\($0)" }.joined(separator: " or ") + ", or 1 for any of these sizes"
      throw AttentionError.shape(name: name, expected: expected, actual: entry.shape)
    }
    if entry.type == .bool {
      mask = mask & (try ignoring(file.tensor(name, as: Bool.self)))
    } else if entry.type.realElement != nil {
      mask = mask & (try adding(file.tensor(name, convertedTo: Scalar.self)))
    } else {
      throw CheckpointError.wrongElementType(
        tensor: name, expected: "BOOL or a floating-point type (F64, F32, F16, BF16)", actual: entry.type)
    }
  }
}
