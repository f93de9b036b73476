internal import Tensors

extension AttentionMask {
  /// The same mask over a sequence to which keys are appended that every query attends: PyTorch pads its masks so for
  /// `bias_k` and `add_zero_attn`.
  ///
  /// Causal, windows and key lengths speak of the sequence alone, so they become a `keep` mask; a pattern stays one.
  ///
  /// - Parameters:
  ///   - count: how many keys are appended.
  ///   - shape: the sizes before.
  ///   - alignment: where queries stand among the keys of the sequence.
  /// - Throws: what a mask that does not fit `shape` throws.
  /// - Complexity: a copy of the masks as long as they are, and for causal or a window L·(S + count) Booleans, for key
  ///   lengths or offsets of each batch element B times as many.
  func appending(
    _ count: Int, to shape: AttentionShape, alignment: QueryAlignment?
  ) throws(AttentionError) -> AttentionMask {
    if count == 0 { return self }
    let resolved = try ResolvedMask(self, alignment: alignment, shape: shape)
    var mask = AttentionMask.none
    if resolved.hasRanges { mask = mask & .keep(try resolved.ranges(appending: count, to: shape)) }
    if let rule = resolved.rule {
      let offsets = (0..<shape.batch).map { resolved.offset(batch: $0) }
      mask =
        mask & .pattern(MaskPattern(AppendedKeysRule(rule: rule, keys: shape.keys, count: count, offsets: offsets)))
    }
    if resolved.hasKeep, let keep = resolved.keepTensor { mask = mask & .keep(try keep.appending(count, of: true)) }
    if hasPositionBias {
      mask = mask & .bias(try resolved.biases(appending: count, to: shape))
    } else if resolved.hasBias, let bias = resolved.biasTensor {
      mask = mask & .bias(try bias.appending(count, of: 0))
    }
    return mask
  }
}

extension ResolvedMask {
  /// What ranges let through, true = attend: [B, 1, L, S + count], with 1 for B or L where they do not differ.
  fileprivate func ranges(appending count: Int, to shape: AttentionShape) throws(AttentionError) -> Tensor<Bool> {
    let (batch, queries) = (differsByElement ? shape.batch : 1, hasEdge ? shape.queries : 1)
    let width = shape.keys + count
    return try rethrowing { () throws(TensorError) in
      let keep = try Tensor<Bool>(zeros: [batch, 1, queries, width])
      // Without rows there is nothing that lengths could be looked up for.
      guard shape.batch > 0, shape.queries > 0 else { return keep }
      for element in 0..<batch {
        for query in 0..<queries {
          let row = keep.storage.base + (element * queries + query) * width
          let (first, end) = range(batch: element, query: query)
          if first < end { (row + first).update(repeating: true, count: end - first) }
          (row + shape.keys).update(repeating: true, count: count)
        }
      }
      return keep
    }
  }

  /// The biases laid out, 0 for the appended keys: [B, H, L, S + count], with 1 for B where they do not differ.
  fileprivate func biases(appending count: Int, to shape: AttentionShape) throws(AttentionError) -> Tensor<Scalar> {
    let width = shape.keys + count
    return try rethrowing { () throws(TensorError) in
      guard hasBias, let bias else { return try Tensor(zeros: [width]) }
      let batch = shape.batch == 0 || bias.batchStride != 0 ? shape.batch : 1
      let dense = try Tensor<Scalar>(zeros: [batch, shape.heads, shape.queries, width])
      var row = dense.storage.base
      for element in 0..<batch {
        for head in 0..<shape.heads {
          for query in 0..<shape.queries {
            row.update(from: bias.row(batch: element, head: head, query: query), count: shape.keys)
            row += width
          }
        }
      }
      return dense
    }
  }

  /// Whether ranges differ from one batch element to the next.
  private var differsByElement: Bool {
    if keyLengths != nil { return true }
    if case .offsets = alignment { return hasEdge }
    return false
  }
}

extension Tensor {
  /// […, S] → […, S + count], the new columns all of one value.
  fileprivate func appending(_ count: Int, of value: Element) throws(AttentionError) -> Tensor {
    try rethrowing { () throws(TensorError) in
      let width = shape[rank - 1]
      let longer = try Tensor(repeating: value, shape: Array(shape.dropLast()) + [width + count])
      guard width > 0, self.count > 0 else { return longer }
      let rows = try contiguous()
      for row in 0..<(rows.count / width) {
        (longer.storage.base + row * (width + count)).update(
          from: rows.storage.base + rows.layout.offset + row * width, count: width)
      }
      withExtendedLifetime(rows) {}
      return longer
    }
  }
}
