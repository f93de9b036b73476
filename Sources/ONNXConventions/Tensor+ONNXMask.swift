package import Attention

extension Tensor {
  /// `attn_mask` of ONNX `Attention` with a last dimension of S: of rank 1 to 4, right-aligned to [B, H, L, S], and where its last
  /// dimension is shorter (1 included) the keys after it are masked.
  ///
  /// - Parameters:
  ///   - masked: what stands for a key that may not be attended: `false`, or −∞ where the mask is added.
  ///   - shape: the problem's.
  /// - Throws: `AttentionError` for another rank, or a shape that does not fit; `TensorError` where there is no memory for it.
  package func onnxMask(masked: Element, shape problem: AttentionShape) throws -> Tensor {
    guard (1...4).contains(rank), let width = shape.last else {
      throw AttentionError.rank(name: "mask", expected: "1, 2, 3 or 4", shape: shape)
    }
    let full = [problem.batch, problem.heads, problem.queries, problem.keys]
    let axesFit = zip(shape, full.suffix(rank)).dropLast().allSatisfy { $0 == $1 || $0 == 1 }
    guard axesFit, width <= problem.keys else {
      throw AttentionError.maskShape(name: "mask", shape: shape, expected: full)
    }
    if width == problem.keys { return self }
    // A mask without elements, in a file of a few bytes, may have any number of rows: a tensor throws where an array would
    // stop the program.
    var padded = try Tensor(repeating: masked, shape: shape.dropLast() + [problem.keys])
    let elements = self.elements
    try padded.withMutableSpan { padded in
      for index in elements.indices { padded[index / width * problem.keys + index % width] = elements[index] }
    }
    return padded
  }
}
