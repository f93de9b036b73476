internal import Tensors

extension KeyValueCache {
  /// Forgets every position at or after `length`, as after rejected proposals of a speculative decoder.
  ///
  /// - Parameter length: what every batch element has then.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` for a length beyond a batch element's, or before which a window
  ///   has dropped rows that the next query would attend; nothing is changed then. The last append can always be undone.
  /// - Complexity: O(pages let go). They are kept for later appends.
  public mutating func truncate(to length: Int) throws(AttentionError) {
    for element in 0..<batch { try checkTruncation(element, length) }
    makeUnique()
    for element in 0..<batch { table.truncate(element, to: length, pageLimit: pageLimit) }
  }

  /// Forgets every position at or after a length of its own for each batch element.
  ///
  /// - Parameter lengths: what each batch element has then [B].
  /// - Throws: as ``truncate(to:)-(Int)``, and for a wrong count.
  public mutating func truncate(to lengths: [Int]) throws(AttentionError) {
    guard lengths.count == batch else {
      throw .argument(name: "lengths", expected: "\(batch), one per batch element", actual: "\(lengths.count)")
    }
    for element in 0..<batch { try checkTruncation(element, lengths[element]) }
    makeUnique()
    for element in 0..<batch { table.truncate(element, to: lengths[element], pageLimit: pageLimit) }
  }

  private func checkTruncation(_ element: Int, _ length: Int) throws(AttentionError) {
    let (now, first) = (table.lengths[element], table.firstPositions[element])
    guard length >= 0, length <= now else {
      throw .argument(name: "truncated length", expected: "0...\(now)", actual: "\(length)")
    }
    // Without anything to look back at, nothing is missing.
    guard first > 0, length > 0, let window, window > 1 else { return }
    guard length - (window - 1) >= first else {
      throw .argument(
        name: "truncated length",
        expected: "0, or \(first + window - 1)...\(now), as positions before \(first) are dropped",
        actual: "\(length)")
    }
  }

  /// Makes batch element b what element `elements[b]` was: the step of a beam search, or, from one element, a prefix for many.
  ///
  /// - Parameter elements: an element for each of the new batch, in any order and any number of times.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` for an index outside 0 ..< B; nothing is changed then.
  /// - Complexity: O(pages): tables of them are rearranged and no row is moved. Elements with a page in common copy what they have of
  ///   its rows when they append to it.
  public mutating func reorder(_ elements: [Int]) throws(AttentionError) {
    for element in elements where element < 0 || element >= batch {
      throw .argument(name: "batch element", expected: "0..<\(batch)", actual: "\(element)")
    }
    var former = table
    table = KeyValuePageTable(former, elements: elements)
    if isKnownUniquelyReferenced(&former) { former.recycle(keepingAtMost: max(0, pageLimit - table.distinctPages)) }
  }

  /// Forgets everything.
  ///
  /// - Parameter keepingCapacity: whether the pages are kept for later appends, as far as no snapshot has them.
  public mutating func removeAll(keepingCapacity: Bool = false) {
    makeUnique()
    for element in 0..<batch { table.truncate(element, to: 0, pageLimit: keepingCapacity ? pageLimit : 0) }
    if !keepingCapacity { table.pool.removeAll() }
  }

  /// Takes the memory now that appends up to a length need, so that they ask for none.
  ///
  /// Under a window that is what the window needs, for appends of up to ``rowsPerPage`` rows at once. Copies of the cache draw on the
  /// same reserve.
  ///
  /// - Parameter positions: the length of each batch element; nil: the capacity.
  /// - Throws: ``AttentionError/capacity(name:capacity:actual:)`` for more than the capacity, ``AttentionError/tensor(_:)`` when memory
  ///   is not given.
  public mutating func reserveCapacity(_ positions: Int? = nil) throws(AttentionError) {
    let positions = positions ?? capacity
    guard positions <= capacity else { throw .capacity(name: "cache length", capacity: capacity, actual: positions) }
    makeUnique()
    table.growEntries(positions: positions, capacity: capacity)
    try table.pool.reserve(batch * pageCount(positions: max(positions, 0)) - table.entriesInUse)
  }
}
