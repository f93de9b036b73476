/// The blocks of a predicate's answers for up to 64 queries of one head, against all keys.
struct BlockRow: Sendable {
  private static var side: Int { EvaluatedPredicate.side }
  private static let none: Int32 = -1
  private static let all: Int32 = -2

  /// For each block of 64 keys `none`, `all`, or which of the blocks with bits it is.
  private var blocks: [Int32] = []
  /// For each block that is attended in part a word for each of 64 queries: bit k is key k of the block.
  private var bits: [UInt64] = []

  init() {}

  /// Asks for all places.
  init(batch: Int, head: Int, queries: Range<Int>, keys: Int, _ row: MaskPattern.PredicateRow) {
    let count = (keys + Self.side - 1) / Self.side
    var words = [UInt64](repeating: 0, count: count * Self.side)
    // Bytes beyond the last key stay 0.
    withUnsafeTemporaryAllocation(of: Bool.self, capacity: count * Self.side) { buffer in
      guard let bytes = buffer.baseAddress else { return }
      bytes.initialize(repeating: false, count: count * Self.side)
      for (index, query) in queries.enumerated() {
        row(batch, head, query, 0, UnsafeMutableBufferPointer(start: bytes, count: keys))
        for block in 0..<count {
          words[block * Self.side + index] = Self.word(UnsafeRawPointer(bytes + block * Self.side))
        }
      }
    }
    blocks.reserveCapacity(count)
    for block in 0..<count {
      let whole = Self.mask(0..<min(Self.side, keys - block * Self.side))
      let rows = words[block * Self.side..<block * Self.side + queries.count]
      if rows.allSatisfy({ $0 == 0 }) {
        blocks.append(Self.none)
      } else if rows.allSatisfy({ $0 == whole }) {
        blocks.append(Self.all)
      } else {
        blocks.append(Int32(bits.count / Self.side))
        bits += words[block * Self.side..<(block + 1) * Self.side]
      }
    }
  }

  /// 64 bytes of 0 or 1 as bits.
  private static func word(_ bytes: UnsafeRawPointer) -> UInt64 {
    var word: UInt64 = 0
    for group in 0..<8 {
      let eight = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * group, as: UInt64.self))
      // Byte i lands on bit 56 + i; no two of the products' bits meet.
      word |= ((eight &* 0x0102_0408_1020_4080) >> 56) << UInt64(8 * group)
    }
    return word
  }

  /// 1 for each of some bits.
  private static func mask(_ range: Range<Int>) -> UInt64 {
    range.isEmpty ? 0 : (UInt64.max >> UInt64(side - range.count)) << UInt64(range.lowerBound)
  }

  /// Calls `body` for each block that some keys lie in, with the first of its keys, and which of them they are, until it answers
  /// false.
  private func forEachBlock(
    of keys: Range<Int>, _ body: (_ block: Int32, _ first: Int, _ keys: Range<Int>) -> Bool
  ) {
    blocks.withUnsafeBufferPointer { blocks in
      var key = keys.lowerBound
      while key < keys.upperBound {
        let first = key % Self.side
        let end = min(Self.side, first + keys.upperBound - key)
        guard body(blocks[key / Self.side], key - first, first..<end) else { return }
        key += end - first
      }
    }
  }

  func coverage(queries: Range<Int>, keys: Range<Int>) -> MaskCoverage {
    var (any, all) = (false, true)
    forEachBlock(of: keys) { block, _, keys in
      switch block {
      case Self.none: all = false
      case Self.all: any = true
      default:
        let mask = Self.mask(keys)
        for query in queries {
          let word = bits[Int(block) * Self.side + query] & mask
          any = any || word != 0
          all = all && word == mask
        }
      }
      return !any || all
    }
    return all ? .all : any ? .part : .none
  }

  /// Keys from the first to the last block that is not empty.
  func span(of keys: Range<Int>) -> Range<Int> {
    var (low, high) = (keys.upperBound, keys.lowerBound)
    forEachBlock(of: keys) { block, first, keys in
      if block != Self.none {
        (low, high) = (min(low, first + keys.lowerBound), first + keys.upperBound)
      }
      return true
    }
    return low < high ? low..<high : keys.lowerBound..<keys.lowerBound
  }

  func count(query: Int, keys: Range<Int>) -> Int {
    var count = 0
    forEachBlock(of: keys) { block, _, keys in
      switch block {
      case Self.none: break
      case Self.all: count += keys.count
      default: count += (bits[Int(block) * Self.side + query] & Self.mask(keys)).nonzeroBitCount
      }
      return true
    }
    return count
  }

  func fill(query: Int, keys: Range<Int>, into target: UnsafeMutablePointer<Bool>) {
    var place = target
    forEachBlock(of: keys) { block, _, keys in
      if block < 0 {
        place.update(repeating: block == Self.all, count: keys.count)
      } else {
        Self.expand(bits[Int(block) * Self.side + query] >> UInt64(keys.lowerBound), count: keys.count, into: place)
      }
      place += keys.count
      return true
    }
  }

  /// The first bits of a word as bytes of 0 or 1.
  private static func expand(_ word: UInt64, count: Int, into target: UnsafeMutablePointer<Bool>) {
    var (word, column) = (word, 0)
    while column + 8 <= count {
      // Byte i keeps bit i of the lowest byte, then becomes 1 if that is set: 0x7F carries into the sign of its byte alone.
      let bits = (word & 0xFF) &* 0x0101_0101_0101_0101 & 0x8040_2010_0804_0201
      let bytes = (bits &+ 0x7F7F_7F7F_7F7F_7F7F) >> 7 & 0x0101_0101_0101_0101
      UnsafeMutableRawPointer(target + column).storeBytes(of: bytes.littleEndian, as: UInt64.self)
      word >>= 8
      column += 8
    }
    while column < count {
      target[column] = word & 1 == 1
      word >>= 1
      column += 1
    }
  }
}
