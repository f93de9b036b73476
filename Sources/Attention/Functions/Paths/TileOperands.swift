internal import Tensors

/// The keys and values of a tile, each in one piece: in place where they lie so, else gathered.
struct TileOperands<Scalar: BLASScalar> {
  /// Where the tile's first key is, or would be: only those asked for are there.
  let keys: UnsafePointer<Scalar>
  let ldKeys: Int
  let values: UnsafePointer<Scalar>
  let ldValues: Int
  private let attended: Range<Int>
  private let attendedValues: UnsafePointer<Scalar>
  private var areFinite: Bool?

  /// - Parameters:
  ///   - problem: whose keys and values.
  ///   - batch: the batch element.
  ///   - head: the key/value head.
  ///   - tile: the keys that pointers count from.
  ///   - attended: those of them that are read; not empty.
  ///   - scratch: for rows that must be gathered or converted: ``scratchCount(_:)`` elements.
  init(
    _ problem: AttentionProblem<Scalar>, _ batch: Int, _ head: Int, _ tile: Range<Int>, reading attended: Range<Int>,
    _ scratch: UnsafeMutablePointer<Scalar>
  ) {
    let before = attended.lowerBound - tile.lowerBound
    let k = problem.keys.gathered(batch: batch, head: head, rows: attended, scratch: scratch)
    let v = problem.values.gathered(
      batch: batch, head: head, rows: attended, scratch: scratch + attended.count * problem.keys.columns)
    (keys, ldKeys) = (k.base - before * k.leadingDimension, k.leadingDimension)
    (values, ldValues) = (v.base - before * v.leadingDimension, v.leadingDimension)
    (self.attended, attendedValues) = (attended, v.base)
  }

  /// Elements of scratch for tiles of `keys` keys.
  static func scratchCount(_ keys: KeyValueRows<Scalar>, _ values: KeyValueRows<Scalar>, tileKeys: Int) -> Int {
    if keys.isWhole(every: tileKeys), values.isWhole(every: tileKeys) { return 0 }
    return tileKeys * (keys.columns + values.columns)
  }

  /// Whether the values that are read hold neither NaN nor infinities; looked for once.
  mutating func valuesAreFinite(_ problem: AttentionProblem<Scalar>) -> Bool {
    if let areFinite { return areFinite }
    let finite = Scalar.arithmetic.kernels.allFinite(
      attendedValues, attended.count, problem.shape.valueHeadSize, ldValues)
    areFinite = finite
    return finite
  }
}
