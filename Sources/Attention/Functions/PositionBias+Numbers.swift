internal import Tensors

extension PositionBias {
  /// That every term fits H heads.
  func validate(heads: Int) throws(AttentionError) {
    for term in terms {
      switch term {
      case .alibi(let headCount): try Self.check(slopeCount: headCount, heads: heads)
      case .slopes(let slopes):
        try Self.check(slopeCount: slopes.count, heads: heads)
        for slope in slopes where !slope.isFinite {
          throw .argument(name: "ALiBi slope", expected: "a finite number", actual: "\(slope)")
        }
      case .buckets(let table, let buckets):
        guard table.rank == 2 else {
          throw .rank(name: "bucket table", expected: "2: [buckets, H]", shape: table.shape)
        }
        let columns = table.layout.shape[1]
        guard columns == heads || columns == 1 else {
          throw .shape(name: "bucket table", expected: "[buckets, \(heads)] or [buckets, 1]", actual: table.shape)
        }
        try buckets.validate()
      case .distances(let table):
        let rank = table.rank
        guard rank == 1 || rank == 2 else {
          throw .rank(name: "distance table", expected: "1 or 2: [H, 2·R + 1]", shape: table.shape)
        }
        let fits = rank == 1 || table.layout.shape[0] == heads || table.layout.shape[0] == 1
        guard fits, table.layout.shape[rank - 1] % 2 == 1 else {
          throw .shape(
            name: "distance table", expected: "[2·R + 1] or [\(heads), 2·R + 1]", actual: table.shape)
        }
      }
    }
  }

  private static func check(slopeCount: Int, heads: Int) throws(AttentionError) {
    guard slopeCount == heads else {
      throw .argument(name: "ALiBi slopes", expected: "\(heads), one per head", actual: "\(slopeCount)")
    }
  }

  /// How many heads have numbers of their own: H, or 1.
  func headCount(heads: Int) -> Int {
    let isShared = terms.allSatisfy { term in
      switch term {
      case .alibi, .slopes: false
      case .buckets(let table, _): table.layout.shape[1] == 1
      case .distances(let table): table.rank == 1 || table.layout.shape[0] == 1
      }
    }
    return isShared ? 1 : heads
  }

  /// The bias at each distance of a range; −∞ masks.
  ///
  /// - Parameter heads: how many have numbers of their own.
  /// - Returns: [heads, distances.count].
  func numbers(of distances: Range<Int>, heads: Int) throws(TensorError) -> Tensor<Scalar> {
    let numbers = try Tensor<Scalar>(zeros: [heads, distances.count])
    for term in terms {
      for head in 0..<heads {
        Self.add(term, head: head, distances, to: numbers.storage.base + head * distances.count)
      }
    }
    return numbers
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private static func add(
    _ term: Term, head: Int, _ distances: Range<Int>, to numbers: UnsafeMutablePointer<Scalar>
  ) {
    switch term {
    case .alibi(let headCount):
      add(slope: alibiSlope(head: head, headCount: headCount), distances, to: numbers)
    case .slopes(let slopes): add(slope: slopes[head], distances, to: numbers)
    case .buckets(let table, let buckets):
      let (layout, base) = (table.layout, table.storage.base)
      let column = layout.offset + (layout.shape[1] > 1 ? head * layout.strides[1] : 0)
      for (index, distance) in distances.enumerated() {
        let bucket = base[column + buckets.bucket(of: distance) * layout.strides[0]]
        numbers[index] = ResolvedMask.sum(numbers[index], bucket)
      }
    case .distances(let table):
      let (layout, base) = (table.layout, table.storage.base)
      let (columns, stride) = (layout.shape[layout.rank - 1], layout.strides[layout.rank - 1])
      let row = layout.offset + (layout.rank == 2 && layout.shape[0] > 1 ? head * layout.strides[0] : 0)
      for (index, distance) in distances.enumerated() {
        let column = min(max(distance + columns / 2, 0), columns - 1)
        numbers[index] = ResolvedMask.sum(numbers[index], base[row + column * stride])
      }
    }
  }

  private static func add(slope: Double, _ distances: Range<Int>, to numbers: UnsafeMutablePointer<Scalar>) {
    let largest = Double(Scalar.greatestFiniteMagnitude)
    for (index, distance) in distances.enumerated() {
      // A number too large for its type must not become −∞, which would mask.
      let number = Scalar(min(max(-slope * Double(abs(distance)), -largest), largest))
      numbers[index] = ResolvedMask.sum(numbers[index], number)
    }
  }
}
