import Attention
import Support
import Testing

/// What a cache holds after appends and changes, read back.
@Suite("Key/value cache")
struct KeyValueCacheTests {
  /// Keys [B, 2, N, 3] and values [B, 2, N, 5] that no two places have in common.
  private func rows(batch: Int = 2, _ count: Int, seed: UInt64 = 1) throws -> (
    keys: Tensor<Float>, values: Tensor<Float>
  ) {
    var random = SeededGenerator(seed: seed)
    return (try random.normal([batch, 2, count, 3]), try random.normal([batch, 2, count, 5]))
  }

  private func cache(
    batch: Int = 2, capacity: Int = 64, window: Int? = nil, element: KeyValueElement = .full, rowsPerPage: Int = 4
  ) throws -> KeyValueCache<Float> {
    try KeyValueCache(
      batch: batch, keyValueHeads: 2, headSize: 3, valueHeadSize: 5, capacity: capacity, window: window,
      element: element, rowsPerPage: rowsPerPage)
  }

  @Test(
    "Rows come back as they were appended, across page edges", arguments: [1, 3, 4, 7, 64],
    [[11], [3, 1, 7], [4, 4, 3]])
  func appendedRows(rowsPerPage: Int, pieces: [Int]) throws {
    let (keys, values) = try rows(11)
    var cache = try cache(rowsPerPage: rowsPerPage)
    var start = 0
    for piece in pieces {
      let range = start..<(start + piece)
      try cache.append(keys: keys.sliced(axis: 2, range), values: values.sliced(axis: 2, range))
      start += piece
      #expect(cache.lengths == [start, start] && cache.length == start)
      #expect(cache.pastLengths == [start - piece, start - piece])
    }
    #expect(try cache.tensors().keys == keys)
    #expect(try cache.tensors().values == values)
    for element in 0..<2 {
      #expect(cache.heldPositions(batch: element) == 0..<11)
      #expect(try cache.keys(batch: element) == keys.selecting(axis: 0, element))
      #expect(try cache.values(batch: element) == values.selecting(axis: 0, element))
    }
  }

  @Test("Joined heads, views and caller-owned memory give the same cache")
  func operands() throws {
    let (keys, values) = try rows(7)
    var plain = try cache()
    try plain.append(keys: keys, values: values)
    var joined = try cache()
    try joined.append(keys: keys.mergingHeads(), values: values.mergingHeads())
    #expect(try joined.tensors() == plain.tensors())
    var mixed = try cache()
    try mixed.append(keys: keys.mergingHeads().splittingHeads(2), values: values.mergingHeads())
    #expect(try mixed.tensors() == plain.tensors())
    // Columns that are no neighbours.
    var turned = try cache()
    try turned.append(keys: keys.transposed(2, 3).copy().transposed(2, 3), values: values)
    #expect(try turned.tensors() == plain.tensors())
    var spans = try cache()
    try keys.withSpan { keys in
      try values.withSpan { values in
        try spans.append(
          rows: 7, keys: keys, keyStrides: .headsFirst(heads: 2, rows: 7, headSize: 3), values: values,
          valueStrides: .headsFirst(heads: 2, rows: 7, headSize: 5))
      }
    }
    #expect(try spans.tensors() == plain.tensors())
  }

  @Test("Batch elements append different numbers of rows")
  func raggedAppends() throws {
    let (keys, values) = try rows(6)
    var cache = try cache()
    try cache.append(keys: keys, values: values, lengths: [2, 5])
    try cache.append(keys: keys, values: values, lengths: [6, 0])
    #expect(cache.lengths == [8, 5] && cache.pastLengths == [2, 5])
    let (k0, k1) = (try cache.keys(batch: 0), try cache.keys(batch: 1))
    #expect(try k0.sliced(axis: 1, 0..<2) == keys.selecting(axis: 0, 0).sliced(axis: 1, 0..<2))
    #expect(try k0.sliced(axis: 1, 2..<8) == keys.selecting(axis: 0, 0))
    #expect(try k1 == keys.selecting(axis: 0, 1).sliced(axis: 1, 0..<5))
    // 0 where an element has no row.
    let all = try cache.tensors().values
    #expect(all.shape == [2, 2, 8, 5])
    #expect(try all.selecting(axis: 0, 1).sliced(axis: 1, 5..<8).elements.allSatisfy { $0 == 0 })
  }

  @Test("Nothing is appended by no rows, to no batch element, of no size")
  func emptySizes() throws {
    var cache = try cache()
    try cache.append(keys: Tensor(zeros: [2, 2, 0, 3]), values: Tensor(zeros: [2, 2, 0, 5]))
    #expect(cache.lengths == [0, 0] && cache.byteCount == 0)
    #expect(try cache.tensors().keys.shape == [2, 2, 0, 3])
    var nobody = try self.cache(batch: 0)
    try nobody.append(keys: Tensor(zeros: [0, 2, 4, 3]), values: Tensor(zeros: [0, 2, 4, 5]))
    #expect(nobody.lengths.isEmpty && nobody.length == 0)
    var nothing = try KeyValueCache<Double>(keyValueHeads: 2, headSize: 0, valueHeadSize: 1, capacity: 9)
    try nothing.append(keys: Tensor(zeros: [1, 2, 4, 0]), values: Tensor(repeating: 3, shape: [1, 2, 4, 1]))
    #expect(try nothing.keys(batch: 0).shape == [2, 4, 0])
    #expect(try nothing.values(batch: 0).elements == Array(repeating: 3, count: 8))
  }

  // MARK: Copies

  @Test("Snapshots share their past, copy the page they append in at most, and diverge")
  func snapshots() throws {
    let (keys, values) = try rows(10)
    let (more, moreValues) = try rows(3, seed: 2)
    var cache = try cache()
    try cache.append(keys: keys, values: values)
    #expect(cache.copiedPages == 0 && cache.allocatedPages == 6)

    var snapshot = cache
    try snapshot.append(keys: more, values: moreValues)
    // Two rows in the last page of each element: that page alone is copied, and one more begins.
    #expect(snapshot.copiedPages == 2 && snapshot.allocatedPages == 10)
    try cache.append(keys: more.sliced(axis: 2, 1..<2), values: moreValues.sliced(axis: 2, 1..<2))
    // The original has its last page for itself by now.
    #expect(cache.copiedPages == 0 && cache.allocatedPages == 10)

    #expect(cache.lengths == [11, 11] && snapshot.lengths == [13, 13])
    #expect(try cache.tensors().keys.sliced(axis: 2, 0..<10) == keys)
    #expect(try snapshot.tensors().keys.sliced(axis: 2, 0..<10) == keys)
    #expect(try snapshot.tensors().values.sliced(axis: 2, 10..<13) == moreValues)
    #expect(try cache.tensors().keys.sliced(axis: 2, 10..<11) == more.sliced(axis: 2, 1..<2))
  }

  @Test("A snapshot at a page's edge copies nothing, however long the past")
  func appendCost() throws {
    let (keys, values) = try rows(batch: 1, 1000)
    var cache = try cache(batch: 1, capacity: 2000)
    try cache.append(keys: keys, values: values)
    #expect(cache.allocatedPages == 250)
    let snapshots = try (0..<5).map { _ in
      let snapshot = cache
      try cache.append(keys: keys.sliced(axis: 2, 0..<4), values: values.sliced(axis: 2, 0..<4))
      return snapshot
    }
    #expect(cache.copiedPages == 0 && cache.allocatedPages == 255)
    #expect(snapshots.map(\.length) == [1000, 1004, 1008, 1012, 1016])
    // Pages in common count once in each.
    #expect(cache.byteCount == 255 * 288)
  }

  @Test("Truncation forgets, and what comes then is not disturbed by what was there")
  func truncation() throws {
    let (keys, values) = try rows(10)
    let (other, otherValues) = try rows(6, seed: 2)
    var cache = try cache()
    try cache.append(keys: keys, values: values)
    let before = cache
    try cache.truncate(to: 5)
    #expect(cache.lengths == [5, 5])
    try cache.append(keys: other, values: otherValues)
    #expect(try cache.tensors().keys.sliced(axis: 2, 0..<5) == keys.sliced(axis: 2, 0..<5))
    #expect(try cache.tensors().values.sliced(axis: 2, 5..<11) == otherValues)
    #expect(try before.tensors().keys == keys)
    try cache.truncate(to: [0, 11])
    #expect(cache.lengths == [0, 11])
    #expect(try cache.values(batch: 1).sliced(axis: 1, 5..<11) == otherValues.selecting(axis: 0, 1))
  }

  @Test("Pages that a truncation lets go are used again")
  func recycling() throws {
    let (keys, values) = try rows(10)
    var cache = try cache()
    for _ in 0..<5 {
      try cache.append(keys: keys, values: values)
      try cache.truncate(to: 3)
      try cache.truncate(to: 0)
    }
    #expect(cache.allocatedPages == 6)
    cache.removeAll(keepingCapacity: true)
    #expect(cache.byteCount == 6 * 288 && cache.lengths == [0, 0])
    try cache.append(keys: keys, values: values)
    #expect(cache.allocatedPages == 6)
    cache.removeAll()
    #expect(cache.byteCount == 0)
    try cache.append(keys: keys, values: values)
    #expect(try cache.tensors().keys == keys)
  }

  // MARK: Beams

  @Test("Reordering gathers batch elements, any number of times each, and moves no row")
  func reordering() throws {
    let (keys, values) = try rows(10)
    var cache = try cache()
    try cache.append(keys: keys, values: values, lengths: [10, 6])
    let allocated = cache.allocatedPages
    try cache.reorder([1, 0, 1])
    #expect(cache.batch == 3 && cache.lengths == [6, 10, 6] && cache.pastLengths == [0, 0, 0])
    #expect(cache.allocatedPages == allocated && cache.copiedPages == 0)
    #expect(try cache.keys(batch: 1) == keys.selecting(axis: 0, 0))

    // Elements 0 and 2 have the page in common that both append to: one of them copies it.
    let (more, moreValues) = try rows(batch: 3, 2, seed: 2)
    try cache.append(keys: more, values: moreValues)
    #expect(cache.copiedPages == 1)
    for element in 0..<3 {
      let past = element == 1 ? 10 : 6
      let all = try cache.keys(batch: element)
      #expect(
        try all.sliced(axis: 1, 0..<past) == keys.selecting(axis: 0, element == 1 ? 0 : 1).sliced(axis: 1, 0..<past))
      #expect(try all.sliced(axis: 1, past..<(past + 2)) == more.selecting(axis: 0, element))
    }
    try cache.reorder([])
    #expect(cache.batch == 0 && cache.length == 0)
  }

  @Test("One prefix for many costs a page each")
  func prefix() throws {
    let (keys, values) = try rows(batch: 1, 41)
    var cache = try cache(batch: 1)
    try cache.append(keys: keys, values: values)
    #expect(cache.allocatedPages == 11)
    try cache.reorder(Array(repeating: 0, count: 8))
    #expect(cache.byteCount == 11 * 288)
    let (more, moreValues) = try rows(batch: 8, 1, seed: 2)
    try cache.append(keys: more, values: moreValues)
    #expect(cache.copiedPages == 7 && cache.allocatedPages == 18)
  }

  @Test("Beams that are given up leave their pages to the others")
  func beamsInTurn() throws {
    let (keys, values) = try rows(1)
    var cache = try cache(capacity: 32)
    try cache.reserveCapacity()
    let reserved = cache.allocatedPages
    #expect(reserved == 16)
    for step in 0..<32 {
      try cache.append(keys: keys, values: values)
      try cache.reorder(step % 3 == 0 ? [1, 1] : [1, 0])
    }
    #expect(cache.lengths == [32, 32])
    #expect(cache.allocatedPages == reserved)
  }

  // MARK: Windows

  @Test("A window drops, page by page, what no later query attends")
  func window() throws {
    let (keys, values) = try rows(20)
    var cache = try cache(window: 6)
    try cache.append(keys: keys.sliced(axis: 2, 0..<11), values: values.sliced(axis: 2, 0..<11))
    // All eleven: their own queries attend all of them.
    #expect(cache.heldPositions(batch: 0) == 0..<11)
    try cache.append(keys: keys.sliced(axis: 2, 11..<12), values: values.sliced(axis: 2, 11..<12))
    #expect(cache.heldPositions(batch: 0) == 6..<12)
    #expect(try cache.keys(batch: 1) == keys.selecting(axis: 0, 1).sliced(axis: 1, 6..<12))
    try cache.append(keys: keys.sliced(axis: 2, 12..<20), values: values.sliced(axis: 2, 12..<20), lengths: [8, 0])
    #expect(cache.heldPositions(batch: 0) == 7..<20 && cache.heldPositions(batch: 1) == 6..<12)
    let all = try cache.tensors().values
    #expect(try all.sliced(axis: 2, 0..<6).elements.allSatisfy { $0 == 0 })
    #expect(
      try all.selecting(axis: 0, 0).sliced(axis: 1, 7..<20) == values.selecting(axis: 0, 0).sliced(axis: 1, 7..<20))
    // The last append can be undone, and there is a beginning to return to.
    try cache.truncate(to: 12)
    #expect(cache.lengths == [12, 12])
    try cache.truncate(to: 0)
    try cache.append(keys: keys, values: values)
    #expect(try cache.tensors().keys == keys)
  }

  @Test("Under a window memory is bounded", arguments: [1, 4, 16], [1, 3, 37])
  func boundedMemory(rowsPerPage: Int, window: Int) throws {
    let (keys, values) = try rows(batch: 1, 2)
    var cache = try cache(batch: 1, capacity: 2000, window: window, rowsPerPage: rowsPerPage)
    let pageBytes = (2 * rowsPerPage * 3 * 4 + 63) / 64 * 64 + 2 * rowsPerPage * 5 * 4
    // What window − 1 rows and a page of new ones may touch.
    let pages = (max(window - 1 + rowsPerPage, 2) - 2) / rowsPerPage + 2
    let count = min(rowsPerPage, 2)
    var most = 0
    for _ in 0..<1000 {
      try cache.append(keys: keys, values: values, lengths: [count])
      most = max(most, cache.byteCount)
    }
    #expect(cache.lengths == [1000 * count])
    #expect(most <= pages * pageBytes)
    #expect(cache.allocatedPages <= pages)
  }

  @Test("Ten thousand positions in the memory of a window, also after a long prefill")
  func tenThousandPositions() throws {
    var cache = try KeyValueCache<Float>(keyValueHeads: 1, headSize: 2, capacity: 1 << 30, window: 100)
    #expect(cache.rowsPerPage == 112)
    let prefill = try Tensor<Float>(repeating: 1, shape: [1, 1, 1000, 2])
    try cache.append(keys: prefill, values: prefill)
    let row = try Tensor<Float>(repeating: 1, shape: [1, 1, 1, 2])
    var most = 0
    for _ in 0..<9000 {
      try cache.append(keys: row, values: row)
      most = max(most, cache.byteCount)
    }
    // Two pages hold the window wherever it lies; a third is kept for the next.
    #expect(cache.length == 10_000)
    #expect(most <= 3 * 112 * 2 * 2 * 4)
    // Those of the prefill, and none since.
    #expect(cache.allocatedPages == 9)
  }

  // MARK: Memory

  @Test("A reserve is drawn on by all appends up to its length")
  func reserve() throws {
    let (keys, values) = try rows(1)
    for window in [nil, 9] {
      var cache = try cache(window: window)
      try cache.reserveCapacity(40)
      let reserved = cache.allocatedPages
      #expect(reserved == (window == nil ? 20 : 8))
      for _ in 0..<40 { try cache.append(keys: keys, values: values) }
      #expect(cache.allocatedPages == reserved)
    }
  }

  @Test(
    "Sixteen bits are half the memory of Float, and round to nearest", arguments: [KeyValueElement.float16, .bfloat16])
  func sixteenBits(element: KeyValueElement) throws {
    let (keys, values) = try rows(10)
    var (full, half) = (try cache(rowsPerPage: 16), try cache(element: element, rowsPerPage: 16))
    try full.append(keys: keys, values: values)
    try half.append(keys: keys, values: values)
    #expect(half.byteCount * 2 == full.byteCount)
    let rounded = try half.tensors()
    if element == .float16 {
      #expect(try rounded.keys == keys.converted(to: Float16.self).converted(to: Float.self))
      #expect(try rounded.values == values.converted(to: Float16.self).converted(to: Float.self))
    } else {
      #expect(try rounded.keys == keys.converted(to: BFloat16.self).converted(to: Float.self))
      #expect(try rounded.values == values.converted(to: BFloat16.self).converted(to: Float.self))
    }
    var copy = half
    try copy.append(keys: keys, values: values)
    #expect(try copy.tensors().keys.sliced(axis: 2, 0..<10) == rounded.keys)
  }

  @Test("Double is rounded to sixteen bits once, and finite numbers may overflow")
  func doubles() throws {
    var cache = try KeyValueCache<Double>(keyValueHeads: 1, headSize: 3, capacity: 4, element: .float16)
    // 1 + 2⁻¹¹ + 2⁻⁴⁰ lies above a tie that Float does not see.
    let row = try Tensor<Double>([1 + 0x1p-11 + 0x1p-40, 65520, -1e300], shape: [1, 1, 1, 3])
    try cache.append(keys: row, values: row)
    #expect(try cache.keys(batch: 0).elements == [1 + 0x1p-10, .infinity, -.infinity])
  }

  @Test("Described in a line")
  func description() throws {
    var cache = try cache(capacity: 64, window: 40, element: .bfloat16)
    #expect(
      "\(cache)"
        == "KeyValueCache [B 2, G 2, D 3, Dv 5] bfloat16, lengths [0, 0] of 64, window 40, 0 bytes in pages of 4")
    let (keys, values) = try rows(5)
    try cache.append(keys: keys, values: values, lengths: [1, 5])
    #expect(
      "\(cache)"
        == "KeyValueCache [B 2, G 2, D 3, Dv 5] bfloat16, lengths [1, 5] of 64, window 40, 432 bytes in pages of 4")
    let plain = try KeyValueCache<Double>(batch: 9, keyValueHeads: 2, headSize: 3, capacity: 8)
    #expect("\(plain)" == "KeyValueCache [B 9, G 2, D 3] Double, lengths up to 0 of 8, 0 bytes in pages of 16")
  }
}
