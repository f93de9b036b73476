internal import Synchronization

/// Pages that nobody uses at the moment, for a cache and all copies made of it.
final class KeyValuePagePool: Sendable {
  let byteCountPerPage: Int
  private let spare = Mutex<[KeyValuePage]>([])
  /// Pages for which memory was asked for.
  private let allocated = Atomic<Int>(0)

  init(byteCountPerPage: Int) { self.byteCountPerPage = byteCountPerPage }

  var spareCount: Int { spare.withLock { $0.count } }
  var allocatedCount: Int { allocated.load(ordering: .relaxed) }

  /// A spare page, or a new one.
  func take() throws(AttentionError) -> KeyValuePage {
    if let page = spare.withLock({ $0.popLast() }) { return page }
    return try allocate()
  }

  /// Keeps a page for later, or gives its memory back where enough are kept.
  func give(_ page: KeyValuePage, keepingAtMost limit: Int) {
    spare.withLock { if $0.count < limit { $0.append(page) } }
  }

  /// Makes sure that so many can be taken without asking for memory.
  func reserve(_ count: Int) throws(AttentionError) {
    var missing = count - spareCount
    guard missing > 0 else { return }
    spare.withLock { $0.reserveCapacity(count) }
    while missing > 0 {
      let page = try allocate()
      spare.withLock { $0.append(page) }
      missing -= 1
    }
  }

  func removeAll() { spare.withLock { $0.removeAll() } }

  private func allocate() throws(AttentionError) -> KeyValuePage {
    let page = try KeyValuePage(byteCount: byteCountPerPage)
    allocated.add(1, ordering: .relaxed)
    return page
  }
}
