internal import Tensors

/// Which pages hold the positions of each batch element: what a cache shares with its copies until one of them changes.
///
/// Sendable: changed only by a cache that is its only holder.
final class KeyValuePageTable: @unchecked Sendable {
  let layout: KeyValuePageLayout
  let pool: KeyValuePagePool
  /// B
  let batch: Int
  /// Positions so far, of each batch element.
  private(set) var lengths: [Int]
  /// The same before the last append.
  private(set) var pastLengths: [Int]
  /// The first position of each batch element that is still held.
  private(set) var firstPositions: [Int]
  /// Entries that each batch element has: position p is in entry p / rows.
  private(set) var pagesPerElement: Int
  private var pages: [KeyValuePage?]  // [B, pagesPerElement]
  /// Where the keys of each page begin, and the values [B, pagesPerElement]. Without a page, any address.
  private(set) var keyAddresses: UnsafeMutablePointer<UnsafeRawPointer>
  private(set) var valueAddresses: UnsafeMutablePointer<UnsafeRawPointer>
  /// Pages of which rows were copied, because a copy of the cache, or another batch element, had them too.
  private(set) var copiedPages = 0

  init(layout: KeyValuePageLayout, batch: Int, pagesPerElement: Int) {
    self.layout = layout
    pool = KeyValuePagePool(byteCountPerPage: layout.byteCount)
    self.batch = batch
    lengths = Array(repeating: 0, count: batch)
    (pastLengths, firstPositions) = (lengths, lengths)
    self.pagesPerElement = pagesPerElement
    pages = Array(repeating: nil, count: batch * pagesPerElement)
    (keyAddresses, valueAddresses) = Self.addresses(count: pages.count)
  }

  /// Batch element b of the new table is element `elements[b]` of another one: its pages are shared.
  init(_ other: KeyValuePageTable, elements: [Int]) {
    (layout, pool, batch) = (other.layout, other.pool, elements.count)
    lengths = elements.map { other.lengths[$0] }
    pastLengths = elements.map { other.pastLengths[$0] }
    firstPositions = elements.map { other.firstPositions[$0] }
    let count = other.pagesPerElement
    pagesPerElement = count
    copiedPages = other.copiedPages
    pages = []
    pages.reserveCapacity(elements.count * count)
    for element in elements { pages += other.pages[(element * count)..<((element + 1) * count)] }
    (keyAddresses, valueAddresses) = Self.addresses(count: pages.count)
    for index in pages.indices { writeAddresses(index) }
  }

  deinit {
    keyAddresses.deallocate()
    valueAddresses.deallocate()
  }

  private static func addresses(
    count: Int
  ) -> (UnsafeMutablePointer<UnsafeRawPointer>, UnsafeMutablePointer<UnsafeRawPointer>) {
    func allocated() -> UnsafeMutablePointer<UnsafeRawPointer> {
      let addresses = UnsafeMutablePointer<UnsafeRawPointer>.allocate(capacity: max(count, 1))
      addresses.initialize(repeating: UnsafeRawPointer(addresses), count: max(count, 1))
      return addresses
    }
    return (allocated(), allocated())
  }

  private func writeAddresses(_ index: Int) {
    guard let page = pages[index] else { return }
    keyAddresses[index] = UnsafeRawPointer(page.memory)
    valueAddresses[index] = UnsafeRawPointer(page.memory + layout.valueOffset)
  }

  /// The page of a position that is held, or that ``makeWritable(_:count:)`` has prepared.
  func memory(_ element: Int, position: Int) -> UnsafeMutableRawPointer? {
    pages[element * pagesPerElement + position / layout.rows]?.memory
  }

  // MARK: Changes; the caller is the only holder

  /// Makes room for entries of so many positions; geometric, so that growing costs O(1) a page.
  func growEntries(positions: Int, capacity: Int) {
    let needed = (positions + layout.rows - 1) / layout.rows
    guard needed > pagesPerElement else { return }
    let count = min(max(needed, 2 * pagesPerElement), (capacity + layout.rows - 1) / layout.rows)
    var grown: [KeyValuePage?] = []
    grown.reserveCapacity(batch * count)
    for element in 0..<batch {
      grown += pages[(element * pagesPerElement)..<((element + 1) * pagesPerElement)]
      grown += repeatElement(nil, count: count - pagesPerElement)
    }
    (pages, pagesPerElement) = (grown, count)
    keyAddresses.deallocate()
    valueAddresses.deallocate()
    (keyAddresses, valueAddresses) = Self.addresses(count: grown.count)
    for index in pages.indices { writeAddresses(index) }
  }

  /// Makes the pages of the `count` positions after the last one this element's own. Changes nothing that can be read.
  ///
  /// - Complexity: copies the rows of the last page at most, and only where others have that page too.
  func makeWritable(_ element: Int, count: Int) throws(AttentionError) {
    guard count > 0 else { return }
    let length = lengths[element]
    for entry in (length / layout.rows)...((length + count - 1) / layout.rows) {
      let index = element * pagesPerElement + entry
      if pages[index] != nil, isKnownUniquelyReferenced(&pages[index]) { continue }
      let page = try pool.take()
      let used = length - entry * layout.rows
      if let shared = pages[index], used > 0 {
        page.copy(rows: used, from: shared, layout)
        copiedPages += 1
      }
      pages[index] = page
      writeAddresses(index)
    }
  }

  /// Counts rows that were written.
  func advance(_ element: Int, by count: Int) {
    pastLengths[element] = lengths[element]
    lengths[element] += count
  }

  /// Lets go of what lies before a position.
  ///
  /// - Parameters:
  ///   - element: the batch element.
  ///   - position: up to the length.
  ///   - pageLimit: how many pages to hold and to keep for later, in all.
  func drop(_ element: Int, before position: Int, pageLimit: Int) {
    let first = firstPositions[element]
    guard position > first else { return }
    firstPositions[element] = position
    remove(element, (first / layout.rows)..<(position / layout.rows), pageLimit: pageLimit)
  }

  /// Lets go of what lies at a position or after it; up to the length.
  func truncate(_ element: Int, to length: Int, pageLimit: Int) {
    let first = (length + layout.rows - 1) / layout.rows
    let end = (lengths[element] + layout.rows - 1) / layout.rows
    lengths[element] = length
    pastLengths[element] = length
    firstPositions[element] = min(firstPositions[element], length)
    remove(element, first..<end, pageLimit: pageLimit)
  }

  /// Lets go of pages that nobody else has, for later, when another table has taken this one's place.
  func recycle(keepingAtMost limit: Int) {
    for index in pages.indices { remove(index, keepingAtMost: limit) }
  }

  private func remove(_ element: Int, _ entries: Range<Int>, pageLimit: Int) {
    guard !entries.isEmpty else { return }
    let limit = max(0, pageLimit - entriesInUse)
    for entry in entries { remove(element * pagesPerElement + entry, keepingAtMost: limit) }
  }

  private func remove(_ index: Int, keepingAtMost limit: Int) {
    guard pages[index] != nil else { return }
    let isOwn = isKnownUniquelyReferenced(&pages[index])
    if let page = pages[index], isOwn { pool.give(page, keepingAtMost: limit) }
    pages[index] = nil
  }

  // MARK: Counts

  /// Pages that hold something, those in common counted once.
  var distinctPages: Int { Set(pages.compactMap { $0.map(ObjectIdentifier.init) }).count }

  /// Entries in use: no fewer than the pages.
  var entriesInUse: Int {
    var count = 0
    for element in 0..<batch where lengths[element] > firstPositions[element] {
      count += (lengths[element] + layout.rows - 1) / layout.rows - firstPositions[element] / layout.rows
    }
    return count
  }
}
