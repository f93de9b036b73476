internal import Tensors

/// A mask or bias broadcast to [B, H, L, S]: a pointer and strides of 0 where it repeats. Keys are neighbours.
struct MaskOperand<Element> {
  let base: UnsafePointer<Element>
  let batchStride: Int
  let headStride: Int
  let queryStride: Int

  func row(batch: Int, head: Int, query: Int) -> UnsafePointer<Element> {
    base + batch * batchStride + head * headStride + query * queryStride
  }
}

/// A mask fitted to one problem: for each row a range of keys, and within it a keep operand and a bias operand.
///
/// Ranges move forward with the query: both ends are ascending in i, so the union over a block of queries is from its
/// first row's start to its last row's end, and what all its rows attend from its last row's start to its first's end.
struct ResolvedMask<Scalar: BLASScalar>: ~Copyable {
  let queries: Int
  let keys: Int
  let isCausal: Bool
  let windowLeft: Int?
  let windowRight: Int?
  let keyLengths: [Int]?
  let alignment: QueryAlignment
  let keep: MaskOperand<Bool>?
  let bias: MaskOperand<Scalar>?
  /// Whether there is a keep mask, and a bias. Kept beside the operands because unspecialised code as Swift 6.3.1 optimises it
  /// answers `bias != nil` with true always; `explain()` of release builds then called every tile partial.
  let hasKeep: Bool
  let hasBias: Bool
  /// The pattern's; must let a place through.
  let rule: (any MaskRule)?
  /// Whether there is one: to ask the optional copies it.
  let hasRule: Bool
  /// Whether no row has places that are masked, nor any that has a bias.
  let isUnrestricted: Bool
  /// The tensors behind the pointers.
  let keepTensor: Tensor<Bool>?
  let biasTensor: Tensor<Scalar>?

  init(
    _ mask: AttentionMask<Scalar>, alignment: QueryAlignment?, shape: AttentionShape
  ) throws(AttentionError) {
    if mask.needsAlignment, alignment == nil, shape.queries != shape.keys {
      throw .alignmentNeeded(queries: shape.queries, keys: shape.keys)
    }
    try Self.check("window left", mask.windowLeft)
    try Self.check("window right", mask.windowRight)
    if let lengths = mask.keyLengths {
      try Self.check(keyLengthCount: lengths.count, shape)
      for count in mask.keyLengthCounts { try Self.check(keyLengthCount: count, shape) }
      for length in lengths where length < 0 || length > shape.keys {
        throw .argument(name: "key length", expected: "0...\(shape.keys)", actual: "\(length)")
      }
    }
    try alignment?.validate(batch: shape.batch)
    try mask.pattern?.rule.validate(for: shape)
    let keepTensor = try Self.combined(mask.keeps, name: "keep mask", shape: shape) { $0 && $1 }
    let (biasTensor, bias) = try Self.bias(of: mask, alignment: alignment ?? .start, shape: shape)
    queries = shape.queries
    keys = shape.keys
    isCausal = mask.isCausal
    // Wider than any sequence is unbounded.
    windowLeft = mask.windowLeft.map { min($0, QueryAlignment.limit) }
    windowRight = mask.windowRight.map { min($0, QueryAlignment.limit) }
    keyLengths = mask.keyLengths
    self.alignment = alignment ?? .start
    keep = keepTensor.map(Self.operand)
    self.keepTensor = keepTensor
    (self.biasTensor, self.bias) = (biasTensor, bias)
    (hasKeep, hasBias) = (!mask.keeps.isEmpty, !mask.biases.isEmpty || mask.hasPositionBias)
    rule = mask.pattern?.rule
    hasRule = mask.pattern != nil
    let isUnbounded = !isCausal && windowLeft == nil && windowRight == nil && keyLengths == nil
    isUnrestricted = isUnbounded && !hasKeep && !hasBias && !hasRule
  }

  private static func bias(
    of mask: AttentionMask<Scalar>, alignment: QueryAlignment, shape: AttentionShape
  ) throws(AttentionError) -> (Tensor<Scalar>?, MaskOperand<Scalar>?) {
    if mask.hasPositionBias, let position = mask.positionBias {
      return try positionBias(position, of: mask, alignment: alignment, shape: shape)
    }
    let tensor = try combined(mask.biases, name: "bias", shape: shape, sum)
    return (tensor, tensor.map(operand))
  }

  private static func check(_ name: String, _ width: Int?) throws(AttentionError) {
    if let width, width < 0 {
      throw .argument(name: name, expected: "0 or more, or -1 for unbounded", actual: "\(width)")
    }
  }

  private static func check(keyLengthCount count: Int, _ shape: AttentionShape) throws(AttentionError) {
    guard count == shape.batch else {
      throw .argument(name: "key lengths", expected: "\(shape.batch), one per batch element", actual: "\(count)")
    }
  }

  // MARK: Ranges

  /// The keys that row `query` may attend, but for `keep`; empty ranges are 0 ..< 0 or start at or after their end.
  func range(batch: Int, query: Int) -> (first: Int, end: Int) {
    let limit = keyLengths?[batch] ?? keys
    let place = alignment.offset(batch: batch, queries: queries, keys: keys, keyLengths: keyLengths) + query
    var first = 0
    var end = limit
    if let windowLeft { first = max(first, place - windowLeft) }
    if let windowRight { end = min(end, place + windowRight + 1) }
    if isCausal { end = min(end, place + 1) }
    // Clamped ascending ends keep the block formulas true for empty rows too.
    return (min(max(first, 0), keys), min(max(end, 0), keys))
  }

  /// The keys that some row of a block of queries may attend.
  func union(batch: Int, queries block: Range<Int>) -> Range<Int> {
    let first = range(batch: batch, query: block.lowerBound).first
    let end = range(batch: batch, query: block.upperBound - 1).end
    return first..<max(first, end)
  }

  /// Whether every row of a block of queries may attend every one of these keys, as far as ranges say.
  func coversWholly(batch: Int, queries block: Range<Int>, keys tile: Range<Int>) -> Bool {
    let first = range(batch: batch, query: block.upperBound - 1).first
    let end = range(batch: batch, query: block.lowerBound).end
    return first <= tile.lowerBound && end >= tile.upperBound
  }

  /// Whether ranges differ from query to query.
  var hasEdge: Bool { isCausal || windowLeft != nil || windowRight != nil }
  /// Whether ranges restrict anything in this problem.
  var hasRanges: Bool { hasEdge || keyLengths != nil }

  // MARK: Keep tiles

  /// How much of the tile `keep` lets through, for the query heads in `heads`. O(rows · keys) where it differs by row.
  func keepCoverage(batch: Int, heads: Range<Int>, queries block: Range<Int>, keys tile: Range<Int>) -> MaskCoverage {
    guard hasKeep, let keep else { return .all }
    var any = false
    var all = true
    let heads = keep.headStride == 0 ? heads.prefix(1) : heads[...]
    let block = keep.queryStride == 0 ? block.prefix(1) : block[...]
    for head in heads {
      for query in block {
        let row = UnsafeBufferPointer(
          start: keep.row(batch: batch, head: head, query: query) + tile.lowerBound, count: tile.count)
        for kept in row {
          any = any || kept
          all = all && kept
        }
        if any && !all { return .part }
      }
    }
    return all ? .all : any ? .part : .none
  }

  // MARK: Operands

  /// The sum of two biases: −∞ masks whatever the other is, and finite ones do not become −∞ by overflow.
  static func sum(_ left: Scalar, _ right: Scalar) -> Scalar {
    if left == -.infinity || right == -.infinity { return -.infinity }
    let sum = left + right
    return sum == -.infinity ? -.greatestFiniteMagnitude : sum
  }

  /// One operand for several: combined element by element over the shape that they broadcast to.
  static func combined<Element: TensorElement>(
    _ tensors: [Tensor<Element>], name: String, shape: AttentionShape, _ combine: (Element, Element) -> Element
  ) throws(AttentionError) -> Tensor<Element>? {
    for tensor in tensors { try check(tensor, name: name, shape: shape) }
    guard var result = tensors.first else { return nil }
    for tensor in tensors.dropFirst() {
      let rank = max(result.rank, tensor.rank)
      let sizes = [shape.batch, shape.heads, shape.queries, shape.keys].suffix(rank)
      let axes = zip(padded(result.shape, to: rank), padded(tensor.shape, to: rank))
      let common = zip(axes, sizes).map { $0.0 == 1 && $0.1 == 1 ? 1 : $1 }
      result = try rethrowing { () throws(TensorError) in
        let (left, right) = (try result.broadcast(to: common).elements, try tensor.broadcast(to: common).elements)
        return try Tensor(zip(left, right).map(combine), shape: common)
      }
    }
    return try expandingKeys(result, shape: shape)
  }

  private static func padded(_ shape: [Int], to rank: Int) -> [Int] {
    Array(repeating: 1, count: rank - shape.count) + shape
  }

  private static func check<Element: TensorElement>(
    _ tensor: Tensor<Element>, name: String, shape: AttentionShape
  ) throws(AttentionError) {
    let rank = tensor.rank
    guard (1...4).contains(rank) else { throw .rank(name: name, expected: "1, 2, 3 or 4", shape: tensor.shape) }
    for axis in 0..<rank {
      let size = tensor.layout.shape[axis]
      let full =
        switch rank - axis {
        case 1: shape.keys
        case 2: shape.queries
        case 3: shape.heads
        default: shape.batch
        }
      guard size == full || size == 1 else {
        throw .maskShape(name: name, shape: tensor.shape, expected: shape.scoresShape)
      }
    }
  }

  /// The same with the keys of a row next to each other: copied only where they are not (a broadcast or transposed last axis).
  private static func expandingKeys<Element: TensorElement>(
    _ tensor: Tensor<Element>, shape: AttentionShape
  ) throws(AttentionError) -> Tensor<Element> {
    let last = tensor.rank - 1
    if tensor.layout.shape[last] == shape.keys, shape.keys <= 1 || tensor.layout.strides[last] == 1 { return tensor }
    return try rethrowing { () throws(TensorError) in
      try tensor.broadcast(to: Array(tensor.shape.dropLast()) + [shape.keys]).copy()
    }
  }

  static func operand<Element: TensorElement>(_ tensor: Tensor<Element>) -> MaskOperand<Element> {
    func stride(fromEnd: Int) -> Int {
      let axis = tensor.rank - fromEnd
      guard axis >= 0, tensor.layout.shape[axis] > 1 else { return 0 }
      return tensor.layout.strides[axis]
    }
    return MaskOperand(
      base: UnsafePointer(tensor.storage.base) + tensor.layout.offset, batchStride: stride(fromEnd: 4),
      headStride: stride(fromEnd: 3), queryStride: stride(fromEnd: 2))
  }
}
