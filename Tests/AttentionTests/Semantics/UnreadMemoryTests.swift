import Attention
import Glibc
import Testing

/// Numbers in pages of their own, some of which can't be read: touching one ends the process.
final class GuardedNumbers<Scalar: BLASScalar> {
  private let memory: UnsafeMutableRawPointer
  private let byteCount: Int
  let buffer: UnsafeBufferPointer<Scalar>

  /// `count` numbers (whole pages), those in `forbidden` (whole pages) unreadable.
  init(_ count: Int, forbidden: Range<Int>) throws {
    let size = MemoryLayout<Scalar>.stride
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    try #require(count * size % page == 0)
    try #require(forbidden.lowerBound * size % page == 0 && forbidden.count * size % page == 0)
    let mapped = try #require(mmap(nil, count * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
    try #require(mapped != MAP_FAILED)
    let numbers = mapped.bindMemory(to: Scalar.self, capacity: count)
    for index in 0..<count { numbers[index] = Scalar(index % 7) / 8 }
    memory = mapped
    byteCount = count * size
    buffer = UnsafeBufferPointer(start: numbers, count: count)
    try #require(mprotect(mapped + forbidden.lowerBound * size, forbidden.count * size, PROT_NONE) == 0)
  }

  deinit { munmap(memory, byteCount) }
}

@Suite("Memory that is never read")
struct UnreadMemoryTests {
  /// Tiles of 512 keys of 8 numbers are whole pages in Float and in Double.
  private static let (tile, d) = (512, 8)
  /// Those of the fused path begin at multiples of 384, whole pages too.
  private static func tile(of way: Way) -> Int { way.path == .fused ? 384 : tile }

  private func expectUnread<Scalar: BLASScalar>(
    _ type: Scalar.Type, _ way: Way, keys: Int, forbidden: Range<Int>, mask: AttentionMask<Scalar>, queries: Int = 2,
    alignment: QueryAlignment? = nil, details: AttentionDetailSet = []
  ) throws {
    let d = Self.d
    // The fused path keeps no scores.
    let details = way.path == .fused ? details.intersection(.logSumExp) : details
    let k = try GuardedNumbers<Scalar>(keys * d, forbidden: forbidden.lowerBound * d..<forbidden.upperBound * d)
    let v = try GuardedNumbers<Scalar>(keys * d, forbidden: forbidden.lowerBound * d..<forbidden.upperBound * d)
    let shape = try AttentionShape(heads: 2, keyValueHeads: 1, queries: queries, keys: keys, headSize: d)
    let q = [Scalar](repeating: 0, count: 2 * queries * d)
    var output = [Scalar](repeating: -1, count: 2 * queries * d)
    var span = output.mutableSpan
    try scaledDotProductAttention(
      shape: shape, queries: q.span, queryStrides: .headsFirst(heads: 2, rows: queries, headSize: d),
      keys: k.buffer.span, keyStrides: .headsFirst(heads: 1, rows: keys, headSize: d),
      values: v.buffer.span, valueStrides: .headsFirst(heads: 1, rows: keys, headSize: d), mask: mask,
      options: way.options(alignment: alignment, details: details), into: &span,
      outputStrides: .headsFirst(heads: 2, rows: queries, headSize: d))
    withExtendedLifetime((k, v)) {}
    // Means of numbers in 0 ... 0.75.
    #expect(output.allSatisfy { $0 > 0 && $0 < 0.75 })
  }

  private func expectUnread(
    _ way: Way, keys: Int, forbidden: Range<Int>, mask: AttentionMask<Double>, queries: Int = 2,
    alignment: QueryAlignment? = nil, details: AttentionDetailSet = []
  ) throws {
    switch way.element {
    case .float:
      try expectUnread(
        Float.self, way, keys: keys, forbidden: forbidden, mask: mask.converted(to: Float.self), queries: queries,
        alignment: alignment, details: details)
    case .double:
      try expectUnread(
        Double.self, way, keys: keys, forbidden: forbidden, mask: mask, queries: queries, alignment: alignment,
        details: details)
    }
  }

  static let everyDetailOfAttended: [AttentionDetailSet] = [[], [.weights, .maskedScores, .logSumExp]]

  @Test("13: keys and values past every length", arguments: Way.all, everyDetailOfAttended)
  func pastTheLength(way: Way, details: AttentionDetailSet) throws {
    try expectUnread(
      way, keys: 3 * Self.tile, forbidden: Self.tile..<3 * Self.tile, mask: .keyLengths([Self.tile]), details: details)
  }

  @Test("13: keys and values after the last causal query", arguments: Way.all)
  func afterTheLastQuery(way: Way) throws {
    try expectUnread(
      way, keys: 2 * Self.tile, forbidden: Self.tile..<2 * Self.tile, mask: .causal, alignment: .offset(Self.tile - 2))
  }

  @Test("13: keys and values before the first window", arguments: Way.all)
  func beforeTheWindow(way: Way) throws {
    try expectUnread(
      way, keys: 3 * Self.tile, forbidden: 0..<2 * Self.tile, mask: .window(left: Self.tile - 2, right: nil),
      alignment: .end)
  }

  @Test("13: a tile in the middle that a keep mask empties", arguments: Way.all.filter { $0.path != .blas })
  func tileEmptiedByKeep(way: Way) throws {
    let tile = Self.tile(of: way)
    let kept = (0..<3 * tile).map { !(tile..<2 * tile).contains($0) }
    let forbidden = tile..<2 * tile
    try expectUnread(
      way, keys: kept.count, forbidden: forbidden, mask: .keep(try Tensor(kept, shape: [kept.count])))
    try expectUnread(
      way, keys: kept.count, forbidden: forbidden, mask: .keep(try Tensor(kept + kept, shape: [2, kept.count])),
      details: [.weights, .logSumExp])
    try expectUnread(
      way, keys: kept.count, forbidden: forbidden, mask: .keep(try Tensor(kept + kept, shape: [2, 1, kept.count])))
  }

  @Test("13: a tile in the middle that a bias of −∞ empties", arguments: Way.all.filter { $0.path != .blas })
  func tileEmptiedByBias(way: Way) throws {
    let tile = Self.tile(of: way)
    let bias = (0..<3 * tile).map { (tile..<2 * tile).contains($0) ? -Double.infinity : 0 }
    let forbidden = tile..<2 * tile
    try expectUnread(
      way, keys: bias.count, forbidden: forbidden, mask: .bias(try Tensor(bias, shape: [bias.count])))
    try expectUnread(
      way, keys: bias.count, forbidden: forbidden, mask: .bias(try Tensor(bias + bias, shape: [2, bias.count])))
  }

  @Test("13: what a pattern puts out of reach before and after", arguments: Way.all, everyDetailOfAttended)
  func beyondThePattern(way: Way, details: AttentionDetailSet) throws {
    let tile = Self.tile
    try expectUnread(
      way, keys: 3 * tile, forbidden: tile..<3 * tile, mask: .pattern(.blockLocal(size: tile)),
      alignment: .offset(tile - 9), details: details)
    try expectUnread(
      way, keys: 3 * tile, forbidden: 0..<2 * tile, mask: .pattern(.blockLocal(size: tile)),
      alignment: .offset(2 * tile + 9), details: details)
    try expectUnread(
      way, keys: 3 * tile, forbidden: tile..<3 * tile,
      mask: .pattern(.segments((0..<3 * tile).map { $0 < tile ? 1 : 2 })), alignment: .offset(5), details: details)
    try expectUnread(
      way, keys: 3 * tile, forbidden: 0..<tile,
      mask: .pattern(try .predicate(queries: 2, keys: 3 * tile) { _, _, _, key in key >= tile && key % 3 == 0 }),
      details: details)
  }

  @Test("13: a tile in the middle that a pattern empties", arguments: Way.all.filter { $0.path != .blas })
  func tileEmptiedByPattern(way: Way) throws {
    let tile = Self.tile(of: way)
    let patterns: [MaskPattern] = [
      .window(left: 8, right: 8) | .globalTokens(8), .predicate { _, _, _, key in key < 9 || key >= 2 * tile },
      try .predicate(queries: 2, keys: 3 * tile) { _, _, _, key in key < 9 || key >= 2 * tile },
      !.window(left: tile + 101, right: -1) | .window(left: 99, right: 0),
      .segments((0..<3 * tile).map { $0 / tile % 2 }),
    ]
    for pattern in patterns {
      try expectUnread(
        way, keys: 3 * tile, forbidden: tile..<2 * tile, mask: .pattern(pattern), alignment: .offset(2 * tile + 100))
    }
  }

  @Test("13: everything, where a keep mask empties every row", arguments: Way.all.filter { $0.element == .float })
  func everything(way: Way) throws {
    let shape = try AttentionShape(queries: 2, keys: Self.tile, headSize: Self.d)
    let k = try GuardedNumbers<Float>(Self.tile * Self.d, forbidden: 0..<Self.tile * Self.d)
    let q = [Float](repeating: 1, count: 2 * Self.d)
    var output = [Float](repeating: -1, count: 2 * Self.d)
    var span = output.mutableSpan
    let strides = HeadStrides.headsFirst(heads: 1, rows: Self.tile, headSize: Self.d)
    try scaledDotProductAttention(
      shape: shape, queries: q.span, queryStrides: .headsFirst(heads: 1, rows: 2, headSize: Self.d),
      keys: k.buffer.span, keyStrides: strides, values: k.buffer.span, valueStrides: strides,
      mask: .keep(Tensor(repeating: false, shape: [Self.tile])), options: way.options(), into: &span,
      outputStrides: .headsFirst(heads: 1, rows: 2, headSize: Self.d))
    withExtendedLifetime(k) {}
    #expect(output.allSatisfy { $0 == 0 })
  }
}
