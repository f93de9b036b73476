internal import Tensors

/// The keys and values of a tile, each in one piece: in place where they lie so, else gathered.
struct TileOperands<Scalar: BLASScalar> {
  /// Where the tile's first key is, or would be: only those asked for are there.
  let keys: UnsafePointer<Scalar>
  let ldKeys: Int
  let values: UnsafePointer<Scalar>
  let ldValues: Int
  private let valueHeadSize: Int
  private let attended: Range<Int>
  private let attendedValues: UnsafePointer<Scalar>
  private var areFinite: Bool?

  /// - Parameters:
  ///   - keys: the problem's.
  ///   - values: the problem's.
  ///   - batch: the batch element.
  ///   - head: the key/value head.
  ///   - tile: the keys that pointers count from.
  ///   - attended: those of them that are read; not empty.
  ///   - scratch: for rows that must be gathered or converted: ``scratchCount(_:)`` elements.
  init(
    _ keys: KeyValueRows<Scalar>, _ values: KeyValueRows<Scalar>, _ batch: Int, _ head: Int, _ tile: Range<Int>,
    reading attended: Range<Int>, _ scratch: UnsafeMutablePointer<Scalar>
  ) {
    let before = attended.lowerBound - tile.lowerBound
    let k = keys.gathered(batch: batch, head: head, rows: attended, scratch: scratch)
    let v = values.gathered(
      batch: batch, head: head, rows: attended, scratch: scratch + attended.count * keys.columns)
    valueHeadSize = values.columns
    (self.keys, ldKeys) = (k.base - before * k.leadingDimension, k.leadingDimension)
    (self.values, ldValues) = (v.base - before * v.leadingDimension, v.leadingDimension)
    (self.attended, attendedValues) = (attended, v.base)
  }

  /// Elements of scratch for tiles of `keys` keys.
  static func scratchCount(_ keys: KeyValueRows<Scalar>, _ values: KeyValueRows<Scalar>, tileKeys: Int) -> Int {
    if keys.isWhole(every: tileKeys), values.isWhole(every: tileKeys) { return 0 }
    return tileKeys * (keys.columns + values.columns)
  }

  /// Whether the values that are read hold neither NaN nor infinities; looked for once.
  mutating func valuesAreFinite() -> Bool {
    if let areFinite { return areFinite }
    let finite = Scalar.arithmetic.kernels.allFinite(attendedValues, attended.count, valueHeadSize, ldValues)
    areFinite = finite
    return finite
  }
}
