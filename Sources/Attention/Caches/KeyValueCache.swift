public import Tensors

/// The keys and values of all positions so far, for decoding: appended in place, attended where they lie.
///
/// Rows stand in pages, and a value of this type is a table of them. A copy shares the pages of the original, and an append to
/// either copies at most the one page that its rows begin in, never the past: snapshots, prefixes in common and beams cost next
/// to nothing. Positions are absolute: a batch element's first row stands at 0 for ever, also when a window has dropped it.
///
/// ```swift
/// var cache = try KeyValueCache<Float>(keyValueHeads: 2, headSize: 64, capacity: 4096)
/// let y = try scaledDotProductAttention(queries: q, keys: k, values: v, appendingTo: &cache, mask: .causal)
/// ```
///
/// - SeeAlso: Kwon et al. (2023), "Efficient memory management for large language model serving with PagedAttention", section 4;
///   Shazeer (2019), "Fast transformer decoding", for heads in groups.
public struct KeyValueCache<Scalar: BLASScalar>: Sendable {
  /// G
  public let keyValueHeads: Int
  /// D: size of a key's head.
  public let headSize: Int
  /// Dv: size of a value's head.
  public let valueHeadSize: Int
  /// The most positions of a batch element.
  public let capacity: Int
  /// How many positions a query attends: its own and those just before it; nil: all.
  public let window: Int?
  /// How the numbers are held.
  public let element: KeyValueElement
  /// Positions of a page.
  public let rowsPerPage: Int
  var table: KeyValuePageTable

  /// An empty cache.
  ///
  /// - Parameters:
  ///   - batch: B, which ``reorder(_:)`` may change.
  ///   - keyValueHeads: G.
  ///   - headSize: D.
  ///   - valueHeadSize: Dv; nil: D.
  ///   - capacity: the most positions of a batch element. Memory is taken as they come, or by ``reserveCapacity(_:)``.
  ///   - window: a query at position p attends p − window + 1 … p only; what no later query can attend is dropped with the next
  ///     append, page by page. nil: all are kept.
  ///   - element: `full`, or half the memory and traffic of Float: rows are then rounded to nearest, ties to even, as they are
  ///     appended (finite numbers from 65520 on become infinite in `float16`), and the arithmetic stays in `Scalar`.
  ///   - rowsPerPage: positions of a page; nil: 384, a tile of the fused path, or fewer where capacity or window are smaller.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` for a number out of range, ``AttentionError/tooLarge(name:shape:)``
  ///   when the whole does not fit the address space.
  public init(
    batch: Int = 1, keyValueHeads: Int, headSize: Int, valueHeadSize: Int? = nil, capacity: Int, window: Int? = nil,
    element: KeyValueElement = .full, rowsPerPage: Int? = nil
  ) throws(AttentionError) {
    try Self.check("keyValueHeads", keyValueHeads, 1...Int(Int32.max))
    try Self.check("capacity", capacity, 1...Int(Int32.max))
    // What attention over the whole cache needs to fit.
    let shape = try AttentionShape(
      batch: batch, heads: keyValueHeads, queries: 0, keys: capacity, headSize: headSize, valueHeadSize: valueHeadSize)
    if let window { try Self.check("window", window, 1...Int(Int32.max)) }
    let span = min(capacity, window ?? capacity)
    let rows = rowsPerPage ?? min(FusedAttention.tileKeys, (span + 15) / 16 * 16)
    try Self.check("rowsPerPage", rows, 1...Int(Int32.max))
    try AttentionShape.checkCount(keyValueHeads, rows, max(headSize, 1), 1, "page of keys")
    try AttentionShape.checkCount(keyValueHeads, rows, max(shape.valueHeadSize, 1), 1, "page of values")
    self.keyValueHeads = keyValueHeads
    self.headSize = headSize
    self.valueHeadSize = shape.valueHeadSize
    self.capacity = capacity
    self.window = window
    self.element = element
    self.rowsPerPage = rows
    table = KeyValuePageTable(
      layout: KeyValuePageLayout(
        heads: keyValueHeads, headSize: headSize, valueHeadSize: shape.valueHeadSize, rows: rows,
        elementSize: element.byteCount(Scalar.self)),
      batch: batch, pagesPerElement: min(8, (capacity + rows - 1) / rows))
  }

  private static func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(AttentionError) {
    guard range.contains(value) else { throw .argument(name: name, expected: "\(range)", actual: "\(value)") }
  }

  /// B
  public var batch: Int { table.batch }
  /// Positions so far, of each batch element [B].
  public var lengths: [Int] { table.lengths }
  /// Positions so far of the longest batch element: S of attention over the cache.
  public var length: Int { table.lengths.max() ?? 0 }
  /// What ``lengths`` were before the last append: where the rows of that append begin.
  public var pastLengths: [Int] { table.pastLengths }

  /// The positions of a batch element whose rows are held: all so far, or the later ones where a window drops the others.
  ///
  /// - Precondition: `batch` in 0 ..< B.
  public func heldPositions(batch: Int) -> Range<Int> { table.firstPositions[batch]..<table.lengths[batch] }

  /// Bytes of the pages, those in common counted once, and of those kept for later. Copies of a cache share both.
  public var byteCount: Int { (table.distinctPages + table.pool.spareCount) * table.layout.byteCount }

  /// Pages of which rows were copied, because a snapshot or another beam had them too.
  package var copiedPages: Int { table.copiedPages }
  /// Pages for which memory was asked for, by this cache and all that it was copied from or to.
  package var allocatedPages: Int { table.pool.allocatedCount }

  /// Makes the table this value's own.
  mutating func makeUnique() {
    if !isKnownUniquelyReferenced(&table) { table = KeyValuePageTable(table, elements: Array(0..<batch)) }
  }

  /// Pages that a batch element of so many positions has at most, where no more than a page of rows is appended at once.
  func pageCount(positions: Int) -> Int {
    let all = (positions + rowsPerPage - 1) / rowsPerPage
    guard let window else { return all }
    // Positions p … p + n − 1 lie in (n − 2) / rows + 2 pages at most.
    let span = min(window - 1, capacity) + rowsPerPage
    return min(all, (max(span, 2) - 2) / rowsPerPage + 2)
  }

  /// How many pages are worth having, with those kept for later.
  var pageLimit: Int { batch * pageCount(positions: capacity) }
}

extension KeyValueCache: CustomStringConvertible {
  /// Such as `KeyValueCache [B 2, G 3, D 64] float16, lengths [7, 5] of 4096, window 1024, 589824 bytes in pages of 384`.
  public var description: String {
    let sizes = valueHeadSize == headSize ? "D \(headSize)" : "D \(headSize), Dv \(valueHeadSize)"
    let counts = batch <= 8 ? "\(lengths)" : "up to \(length)"
    let numbers = element == .full ? "\(Scalar.self)" : element.rawValue
    let limits = "\(capacity)\(window.map { ", window \($0)" } ?? "")"
    return "KeyValueCache [B \(batch), G \(keyValueHeads), \(sizes)] \(numbers), lengths \(counts) of \(limits), "
      + "\(byteCount) bytes in pages of \(rowsPerPage)"
  }
}
